//! What a launch did: instructions by class, and how well its memory accesses used the hardware.

use std::ops::AddAssign;

/// Totals over all blocks of a launch; they add up over launches.
///
/// An instruction counts once per warp that executes it, with however many lanes, as a GPU issues it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Instructions by class.
    pub mix: Mix,
    /// Accesses to global memory.
    pub global: GlobalCounts,
    /// Accesses to shared memory.
    pub shared: SharedCounts,
    /// Barriers of a block, each counted once per block.
    pub barriers: u64,
}

/// Instructions of warps by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mix {
    /// Fused multiply-adds in f32 or f64.
    pub fma: u64,
    /// Matrix multiply-adds (`mma`).
    pub mma: u64,
    /// All other arithmetic, conversions and moves between registers.
    pub arithmetic: u64,
    /// Loads from global memory, asynchronous copies from it to shared memory among them.
    pub load_global: u64,
    /// Stores to global memory, and atomic operations on it.
    pub store_global: u64,
    /// Loads from shared memory (`ldmatrix` among them).
    pub load_shared: u64,
    /// Stores to shared memory, and atomic operations on it.
    pub store_shared: u64,
    /// Loads and stores of local memory and parameters.
    pub other_memory: u64,
    /// Branches, barriers, shuffles, votes, fences, waits and exits.
    pub control: u64,
}

impl Mix {
    /// All instructions.
    pub fn total(&self) -> u64 {
        let Self { fma, mma, arithmetic, load_global, store_global, load_shared, store_shared, .. } = *self;
        let memory = load_global + store_global + load_shared + store_shared + self.other_memory;
        fma + mma + arithmetic + memory + self.control
    }
}

/// Accesses to global memory. A *sector* is 32 bytes, the unit of transfers to and from the L2 cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GlobalCounts {
    /// Accesses of warps with at least one lane taking part.
    pub requests: u64,
    /// Sectors touched, per access without repetition.
    pub sectors: u64,
    /// The least number of sectors that could hold each access's bytes: its different bytes / 32, rounded up.
    pub ideal_sectors: u64,
}

/// Accesses to shared memory, which has 32 banks of 4 bytes.
///
/// A warp's access is served in one part for up to 4 bytes per lane, two of 16 lanes for 8 bytes, four of 8 lanes for 16.
/// A part takes as many wavefronts as the most different words that one bank has to give; one when there is no conflict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedCounts {
    /// Accesses of warps with at least one lane taking part.
    pub requests: u64,
    /// Passes over the banks that the accesses take.
    pub wavefronts: u64,
    /// Passes they would take without bank conflicts.
    pub ideal_wavefronts: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.mix += other.mix;
        self.global.requests += other.global.requests;
        self.global.sectors += other.global.sectors;
        self.global.ideal_sectors += other.global.ideal_sectors;
        self.shared.requests += other.shared.requests;
        self.shared.wavefronts += other.shared.wavefronts;
        self.shared.ideal_wavefronts += other.shared.ideal_wavefronts;
        self.barriers += other.barriers;
    }
}

impl AddAssign for Mix {
    fn add_assign(&mut self, other: Self) {
        self.fma += other.fma;
        self.mma += other.mma;
        self.arithmetic += other.arithmetic;
        self.load_global += other.load_global;
        self.store_global += other.store_global;
        self.load_shared += other.load_shared;
        self.store_shared += other.store_shared;
        self.other_memory += other.other_memory;
        self.control += other.control;
    }
}
