//! A launch: its blocks, on as many threads of the host as there are.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::block::Block;
use super::global::Global;
use super::rows::LANES;
use super::step::{Machine, Step, best};
use super::trouble::Mistake;
use super::warp::{Geometry, Warp};
use crate::counts::Mix;
use crate::launch::{Checks, Launch};
use crate::program::{Class, Program};
use crate::{Counts, Error, Fault, Memory, Result};

/// Runs a launch whose sizes have been looked at.
pub(crate) fn run(launch: &Launch<'_>, memory: &Memory, checks: Checks) -> Result<Counts> {
    run_with(best(), launch, memory, checks)
}

/// The same with a certain instruction set.
fn run_with(step: Step, launch: &Launch<'_>, memory: &Memory, checks: Checks) -> Result<Counts> {
    let program = &launch.kernel.program;
    let geometry = Geometry {
        grid: launch.grid,
        block: launch.block,
        dynamic_shared: launch.dynamic_shared,
        total_shared: program.shared_bytes + launch.dynamic_shared,
    };
    let mut allocations = memory.snapshot();
    allocations.extend(program.variables.iter().cloned());
    let machine = Machine {
        program,
        parameters: launch.parameters,
        global: Global::new(allocations, checks.uninitialised),
        wide_atomics: &memory.wide_atomics,
        step,
    };
    let blocks = launch.grid.iter().map(|n| u64::from(*n)).product::<u64>();
    let workers = blocks.min(rayon::current_num_threads() as u64);
    // Blocks are taken in order, so those before the first mistake all run, whoever else makes one.
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let worker = |_| {
        let mut block = Block::new(&machine, &geometry, checks);
        let warps = geometry.threads().div_ceil(LANES as u32);
        let mut warps: Vec<Warp> = (0..warps).map(|warp| Warp::new(program, &geometry, warp)).collect();
        let mut mistake = None;
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number >= blocks || number > failed.load(Relaxed) {
                break;
            }
            let [x, y, _] = launch.grid.map(u64::from);
            let index = [(number % x) as u32, (number / x % y) as u32, (number / x / y) as u32];
            if let Err(found) = block.run(&machine, &mut warps, index) {
                failed.fetch_min(number, Relaxed);
                mistake = Some((number, fault(launch, &geometry, index, found)));
                break;
            }
        }
        (if checks.counts { counts(program, &block) } else { Counts::default() }, mistake)
    };
    let results: Vec<_> = (0..workers).into_par_iter().map(worker).collect();
    let mut total = Counts::default();
    let mut mistakes = Vec::new();
    for (counts, mistake) in results {
        total += counts;
        mistakes.extend(mistake);
    }
    match mistakes.into_iter().min_by_key(|(number, _)| *number) {
        Some((_, fault)) => Err(Error::Fault(Box::new(fault))),
        None => Ok(total),
    }
}

fn fault(launch: &Launch<'_>, geometry: &Geometry, block: [u32; 3], mistake: Mistake) -> Fault {
    let Mistake { trouble, pc, first_thread } = mistake;
    Fault {
        kernel: launch.kernel.name.clone(),
        kind: trouble.kind,
        line: launch.kernel.program.lines[pc as usize],
        block,
        thread: geometry.thread(first_thread + trouble.lane as u32),
        message: trouble.message,
    }
}

fn counts(program: &Program, block: &Block) -> Counts {
    let mut mix = Mix::default();
    let mut executed = 0;
    for (class, change) in program.classes.iter().zip(&block.runs) {
        executed += change;
        let count = match class {
            Class::Fma => &mut mix.fma,
            Class::Mma => &mut mix.mma,
            Class::Arithmetic => &mut mix.arithmetic,
            Class::LoadGlobal => &mut mix.load_global,
            Class::StoreGlobal => &mut mix.store_global,
            Class::LoadShared => &mut mix.load_shared,
            Class::StoreShared => &mut mix.store_shared,
            Class::OtherMemory => &mut mix.other_memory,
            Class::Control => &mut mix.control,
            Class::Hidden => continue,
        };
        *count += executed.cast_unsigned();
    }
    Counts { mix, global: block.global_counts, shared: block.shared.counts, barriers: block.barriers }
}

#[cfg(test)]
mod tests {
    use super::run_with;
    use crate::machine::step::all;
    use crate::{Checks, Launch, Memory, Module};

    /// The values of the tests' functions, as bytes, with each instruction set.
    #[test]
    fn every_instruction_set_gives_the_same() {
        let module = Module::parse(include_str!("../../tests/fixtures/functions.ptx")).unwrap();
        let outputs = all().into_iter().map(|step| {
            let memory = Memory::new(1 << 20);
            let (input, output) = (memory.allocate(4 * 70).unwrap(), memory.allocate(96 * 70).unwrap());
            let x: Vec<u8> = (0..70).flat_map(|i| (i as f32 * 0.37 - 11.0).to_le_bytes()).collect();
            memory.write(input, &x).unwrap();
            let mut parameters = [input, output].map(u64::to_le_bytes).concat();
            parameters.extend(70_u32.to_le_bytes());
            let kernel = module.kernel("functions").unwrap();
            let (grid, block) = ([1; 3], [70, 1, 1]);
            let launch = Launch { kernel, grid, block, dynamic_shared: 0, parameters: &parameters };
            let counts = run_with(step, &launch, &memory, Checks::ALL).unwrap();
            let mut data = vec![0; 96 * 70];
            memory.read(output, &mut data).unwrap();
            (data, counts)
        });
        let outputs: Vec<_> = outputs.collect();
        assert!(outputs.iter().all(|output| *output == outputs[0]));
    }
}
