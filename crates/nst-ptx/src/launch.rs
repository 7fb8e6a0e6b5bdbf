//! Launches: a kernel over a grid of blocks.

use crate::{Counts, Error, Kernel, Memory, Result, machine};

/// Bytes of shared memory that a block can have at most, on compute capability 9.0.
const MOST_SHARED: u64 = 227 << 10;

/// A kernel and what `cuLaunchKernel` is told about it.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    /// What runs.
    pub kernel: &'a Kernel,
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z; at most 1024 in all.
    pub block: [u32; 3],
    /// Bytes of `extern __shared__` memory.
    pub dynamic_shared: u32,
    /// The parameters' bytes, each at its [`Parameter::offset`](crate::Parameter::offset).
    pub parameters: &'a [u8],
}

/// What is looked for and counted beside what always is: accesses out of bounds, misaligned ones, divergent barriers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// Races in shared memory, and reads of asynchronous copies not yet waited for.
    pub races: bool,
    /// Reads of global or shared memory that nothing has written.
    pub uninitialised: bool,
    /// Whether [`Counts`] are taken; without, they are all zero.
    pub counts: bool,
    /// The most instructions a block's warps may execute in all.
    pub budget: u64,
}

impl Checks {
    /// Every check.
    pub const ALL: Self = Self { races: true, uninitialised: true, counts: true, budget: 1 << 30 };
    /// What is always looked for, and no more.
    pub const FEWEST: Self = Self { races: false, uninitialised: false, counts: false, budget: 1 << 30 };
}

/// Runs a kernel to its end.
///
/// Blocks run in parallel on rayon's threads. What they write and count does not depend on the number of threads as long as
/// blocks do not communicate through global memory.
///
/// # Errors
///
/// [`Error::Launch`] when grid, block, shared memory or parameters do not fit; [`Error::Fault`] with the mistake of the lowest
/// block that made one. Memory is then as the blocks left it.
pub fn run(launch: &Launch<'_>, memory: &Memory, checks: Checks) -> Result<Counts> {
    let fail = |message: String| Err(Error::Launch { kernel: launch.kernel.name.clone(), message });
    let threads = launch.block.iter().map(|n| u64::from(*n)).product::<u64>();
    if !(1..=1024).contains(&threads) || launch.block[2] > 64 {
        return fail(format!("a block of {:?} threads", launch.block));
    }
    if launch.grid.contains(&0) || launch.grid[0] >= 1 << 31 || launch.grid[1].max(launch.grid[2]) >= 1 << 16
    {
        return fail(format!("a grid of {:?} blocks", launch.grid));
    }
    let program = &launch.kernel.program;
    let shared = u64::from(program.shared_bytes) + u64::from(launch.dynamic_shared);
    if shared > MOST_SHARED {
        return fail(format!("{shared} bytes of shared memory; the most is {MOST_SHARED}"));
    }
    if launch.parameters.len() < program.parameter_bytes {
        let (given, needed) = (launch.parameters.len(), program.parameter_bytes);
        return fail(format!("{given} bytes of parameters, where there should be {needed}"));
    }
    machine::run(launch, memory, checks)
}
