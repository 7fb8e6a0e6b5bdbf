//! A block: its warps take turns, each running to the next barrier.

use super::shared::Shared;
use super::step::Machine;
use super::trouble::{Mistake, Outcome, Trouble, trouble};
use super::warp::{Geometry, Warp};
use crate::FaultKind;
use crate::GlobalCounts;
use crate::instruction::{Op, Predicate, Word};
use crate::launch::Checks;

/// What the warps of a block share, and what one thread of the host counts in all its blocks.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) shared: Shared,
    pub(super) checks: Checks,
    /// One more than the barriers so far.
    pub(super) epoch: u32,
    pub(super) barriers: u64,
    pub(super) global_counts: GlobalCounts,
    /// For each instruction, how many runs start there less those that end before it.
    pub(super) runs: Vec<i64>,
    executed: u64,
}

impl Block {
    pub(super) fn new(machine: &Machine<'_>, geometry: &Geometry, checks: Checks) -> Self {
        let program = machine.program;
        let instructions = program.code.len();
        Self {
            shared: Shared::new(geometry.total_shared, program.narrow_shared, instructions, checks),
            checks,
            epoch: 1,
            barriers: 0,
            global_counts: GlobalCounts::default(),
            runs: vec![0; instructions + 1],
            executed: 0,
        }
    }

    /// A warp has executed the instructions from `start` to before `end`.
    #[inline]
    pub(super) fn ran(&mut self, start: u32, end: u32) -> Outcome<()> {
        self.executed += u64::from(end - start);
        if self.checks.counts {
            self.runs[start as usize] += 1;
            self.runs[end as usize] -= 1;
        }
        if self.executed > self.checks.budget {
            return trouble(
                FaultKind::Endless,
                0,
                format!("more than {} instructions in one block", self.checks.budget),
            );
        }
        Ok(())
    }

    /// Runs a block to its end.
    pub(super) fn run(
        &mut self,
        machine: &Machine<'_>,
        warps: &mut [Warp],
        index: [u32; 3],
    ) -> Result<(), Mistake> {
        self.shared.clear();
        (self.epoch, self.executed) = (1, 0);
        for warp in &mut *warps {
            warp.restart(machine.program, index);
        }
        while let Some(pc) = self.run_to_barrier(machine, warps)? {
            if let Op::CountingBarrier { d, a, .. } = machine.program.code[pc as usize].op {
                count(warps, d, a);
            }
            self.epoch += 1;
            self.barriers += 1;
            for warp in &mut *warps {
                warp.pc += 1;
            }
        }
        Ok(())
    }

    /// Runs all warps to the barrier they meet at, if they do not all end.
    fn run_to_barrier(&mut self, machine: &Machine<'_>, warps: &mut [Warp]) -> Result<Option<u32>, Mistake> {
        for warp in warps.iter_mut().filter(|warp| !warp.is_done()) {
            (machine.step)(machine, self, warp).map_err(|trouble| self.mistake(warp, *trouble))?;
        }
        // No write has followed, so it is not a race.
        if let Some(mistake) = self.shared.unwritten.take() {
            return Err(mistake);
        }
        let Some(first) = warps.iter().position(|warp| !warp.is_done()) else { return Ok(None) };
        let pc = warps[first].pc;
        if let Some(other) = warps.iter().position(|warp| warp.is_done() || warp.pc != pc) {
            let what = if warps[other].is_done() {
                "has exited".to_owned()
            } else {
                format!("waits at line {}", machine.program.lines[warps[other].pc as usize])
            };
            let lane = warps[first].active.trailing_zeros() as usize;
            let message = format!("warp {first} of the block waits here, warp {other} {what}");
            return trouble(FaultKind::DivergentBarrier, lane, message)
                .map_err(|trouble| self.mistake(&warps[first], *trouble));
        }
        Ok(Some(pc))
    }

    /// The mistake that a warp has come to, unless it only shows an earlier one: what nothing has written may be any address.
    fn mistake(&mut self, warp: &Warp, trouble: Trouble) -> Mistake {
        let earlier = self.shared.unwritten.take().filter(|_| trouble.kind != FaultKind::Race);
        earlier.unwrap_or(Mistake { trouble, pc: warp.pc, first_thread: warp.first_thread })
    }
}

/// Tells all threads in how many of them the predicate holds.
fn count(warps: &mut [Warp], d: Word, a: Predicate) {
    let holds = warps.iter().map(|warp| (warp.rows.predicate(a) & warp.active).count_ones()).sum();
    for warp in warps {
        warp.rows.set_word(d, warp.active, [holds; 32]);
    }
}
