//! Executes a warp until it ends or comes to a barrier of the block.

use std::sync::Mutex;
use std::sync::atomic::{Ordering, fence};

use super::access::Reach;
use super::arithmetic;
use super::block::Block;
use super::exchange::Arrival;
use super::global::Global;
use super::matrix;
use super::rows::FULL;
use super::shadow::Moment;
use super::shared::Access;
use super::trouble::{Outcome, trouble};
use super::warp::Warp;
use crate::FaultKind;
use crate::instruction::Op;
use crate::program::Program;

/// What all blocks of a launch share.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    pub(super) program: &'a Program,
    pub(super) parameters: &'a [u8],
    pub(super) global: Global,
    /// Taken by atomic operations on 64 bits.
    pub(super) wide_atomics: &'a Mutex<()>,
    pub(super) step: Step,
}

/// The function that executes warps, for the best instruction set there is.
pub(super) type Step = fn(&Machine<'_>, &mut Block, &mut Warp) -> Outcome<()>;

/// The best instruction set there is: vector code for the lanes of a warp, and fused multiply-adds that are not a library's.
pub(super) fn best() -> Step {
    all()[0]
}

/// Those there are, best first.
pub(super) fn all() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            steps.push(avx512);
        }
        steps.push(avx2);
    }
    steps.push(portable);
    steps
}

fn portable(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp) -> Outcome<()> {
    execute(machine, block, warp)
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calls a function compiled for an instruction set")]
fn avx2(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp) -> Outcome<()> {
    #[target_feature(enable = "avx2,fma,popcnt,lzcnt,bmi1,bmi2")]
    fn inner(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp) -> Outcome<()> {
        execute(machine, block, warp)
    }
    // SAFETY: `all` gives this function only where the CPU has AVX2 and FMA, which no CPU has without the others.
    unsafe { inner(machine, block, warp) }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calls a function compiled for an instruction set")]
fn avx512(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp) -> Outcome<()> {
    #[target_feature(enable = "avx512f,avx512vl,avx2,fma,popcnt,lzcnt,bmi1,bmi2")]
    fn inner(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp) -> Outcome<()> {
        execute(machine, block, warp)
    }
    // SAFETY: `all` gives this function only where the CPU has AVX-512 F and VL and FMA, which no CPU has without the others.
    unsafe { inner(machine, block, warp) }
}

/// Runs the warp from where it is until all its lanes have exited or all wait at a barrier of the block.
#[inline(always)]
fn execute(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp) -> Outcome<()> {
    let code = machine.program.code.as_slice();
    // Straight-line runs of instructions are counted when they end.
    let mut start = warp.pc;
    if warp.active == 0 || warp.is_parted() {
        warp.regroup()?;
        start = warp.pc;
    }
    while warp.active != 0 {
        if warp.pc >= warp.meeting {
            block.ran(start, warp.pc)?;
            warp.regroup()?;
            start = warp.pc;
        }
        // The last instruction is an exit, so there always is one.
        let instruction = &code[warp.pc as usize];
        let guard = warp.rows.predicate(instruction.guard) ^ if instruction.negated { FULL } else { 0 };
        let mask = warp.active & guard;
        match &instruction.op {
            Op::Branch { target } => {
                if mask != 0 {
                    block.ran(start, warp.pc + 1)?;
                    if mask == warp.active {
                        warp.pc = *target;
                    } else {
                        warp.part(mask, *target);
                        warp.pc += 1;
                    }
                    if warp.is_parted() {
                        warp.regroup()?;
                    }
                    start = warp.pc;
                    continue;
                }
            }
            Op::Exit => {
                if mask != 0 {
                    block.ran(start, warp.pc + 1)?;
                    warp.exit(mask);
                    warp.pc += 1;
                    warp.regroup()?;
                    start = warp.pc;
                    continue;
                }
            }
            // Where the guard holds in no lane, nobody multiplies.
            Op::MultiplyMatrices(_) if mask == 0 => {}
            Op::MultiplyMatrices(matrices) => {
                if warp.arrival_of(mask, FULL)? == Arrival::Missing {
                    block.ran(start, warp.pc)?;
                    warp.block();
                    warp.regroup()?;
                    start = warp.pc;
                    continue;
                }
                matrix::multiply(&mut warp.rows, matrices);
            }
            op if op.is_arithmetic() => {
                if mask != 0 {
                    arithmetic::execute(&mut warp.rows, mask, op);
                }
            }
            op => {
                if mask != 0 {
                    match outside(machine, block, warp, mask, op)? {
                        Next::On => {}
                        Next::Wait => {
                            block.ran(start, warp.pc)?;
                            warp.block();
                            warp.regroup()?;
                            start = warp.pc;
                            continue;
                        }
                        Next::Barrier => return block.ran(start, warp.pc + 1),
                    }
                }
            }
        }
        warp.pc += 1;
    }
    Ok(())
}

/// How a warp goes on after an instruction.
enum Next {
    On,
    /// The active lanes wait for others of their warp.
    Wait,
    /// The warp waits for the others of its block.
    Barrier,
}

/// Instructions that reach beyond the lanes' own registers.
#[inline(never)]
fn outside(machine: &Machine<'_>, block: &mut Block, warp: &mut Warp, mask: u32, op: &Op) -> Outcome<Next> {
    let now = Moment { epoch: block.epoch, syncs: warp.syncs };
    let access = Access { pc: warp.pc, first_thread: warp.first_thread, now };
    let (global, parameters) = (&machine.global, machine.parameters);
    if let Op::Shuffle { lanes, .. }
    | Op::Vote { lanes, .. }
    | Op::Ballot { lanes, .. }
    | Op::Match { lanes, .. }
    | Op::WarpBarrier { lanes } = op
        && warp.arrival(mask, *lanes)? == Arrival::Missing
    {
        return Ok(Next::Wait);
    }
    match op {
        Op::Load { space, elements, d, address } => {
            Reach { global, parameters, block, warp, access }.load(mask, *space, *elements, *d, *address)?;
        }
        Op::Store { space, elements, a, address } => {
            Reach { global, parameters, block, warp, access }.store(mask, *space, *elements, *a, *address)?;
        }
        Op::Atomic { op, space, d, address, b, c } => {
            let locks = machine.wide_atomics;
            let mut reach = Reach { global, parameters, block, warp, access };
            reach.atomic(mask, *op, *space, (*d, *address), [*b, *c], locks)?;
        }
        Op::CopyAsync { bytes, to, from, size } => {
            let sizes = *warp.rows.word(*size);
            Reach { global, parameters, block, warp, access }.copy(mask, *bytes, (*to, *from), &sizes)?;
        }
        Op::CommitCopies => warp.copies.commit(mask),
        Op::WaitCopies { pending } => {
            warp.copies.wait(mask, u32::from(*pending), &mut block.shared, warp.first_thread, now);
        }
        Op::WaitAllCopies => {
            warp.copies.commit(mask);
            warp.copies.wait(mask, 0, &mut block.shared, warp.first_thread, now);
        }
        Op::LoadMatrices { d, count, transposed, address } => {
            if warp.arrival_of(mask, FULL)? == Arrival::Missing {
                return Ok(Next::Wait);
            }
            let d = &d[..usize::from(*count)];
            Reach { global, parameters, block, warp, access }.load_matrices(d, *transposed, *address)?;
        }
        Op::Shuffle { mode, d, p, a, b, c, .. } => {
            warp.shuffle(mask, *mode, (*d, *p), [*a, *b, *c], block.checks.uninitialised)?;
        }
        Op::Vote { mode, d, a, .. } => warp.vote(mask, *mode, *d, *a),
        Op::Ballot { d, a, .. } => warp.ballot(mask, *d, *a),
        Op::Match { all, d, p, a, .. } => warp.find_matches(mask, *all, *d, *p, *a),
        Op::ActiveMask { d } => warp.rows.set_word(*d, mask, [mask; 32]),
        Op::WarpBarrier { .. } => warp.syncs += u32::from(mask == warp.live),
        Op::Barrier { .. } | Op::CountingBarrier { .. } => {
            if warp.exited != 0 {
                let message = format!("lanes {:#010x} of the warp have exited", warp.exited);
                return trouble(FaultKind::DivergentBarrier, mask.trailing_zeros() as usize, message);
            }
            let arrival = warp.arrival_of(mask, warp.live)?;
            return Ok(if arrival == Arrival::Missing { Next::Wait } else { Next::Barrier });
        }
        Op::Fence => fence(Ordering::SeqCst),
        Op::Trap => return trouble(FaultKind::Trap, mask.trailing_zeros() as usize, "the kernel gave up"),
        _ => {}
    }
    Ok(Next::On)
}

impl Op {
    /// Whether it works on the lanes' own registers alone.
    #[inline(always)]
    fn is_arithmetic(&self) -> bool {
        !matches!(
            self,
            Self::Load { .. }
                | Self::Store { .. }
                | Self::Atomic { .. }
                | Self::CopyAsync { .. }
                | Self::CommitCopies
                | Self::WaitCopies { .. }
                | Self::WaitAllCopies
                | Self::LoadMatrices { .. }
                | Self::Shuffle { .. }
                | Self::Vote { .. }
                | Self::Ballot { .. }
                | Self::ActiveMask { .. }
                | Self::Match { .. }
                | Self::Barrier { .. }
                | Self::CountingBarrier { .. }
                | Self::WarpBarrier { .. }
                | Self::Fence
                | Self::Trap
        )
    }
}
