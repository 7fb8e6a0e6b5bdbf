//! How many warps fit on a multiprocessor at once.
//!
//! The limits are those of the table "Technical Specifications per Compute Capability" in the CUDA C++ Programming Guide
//! (Compute Capabilities). That registers are given to warps by 256 and warps to the four schedulers evenly, and shared
//! memory to blocks by 128 bytes with 1 KiB more for the system, is as in CUDA's `cuda_occupancy.h`.

use super::resources::Resources;

/// An architecture of which the table tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Architecture {
    /// As compilers call it.
    pub(super) name: &'static str,
    /// Of a multiprocessor.
    shared_bytes: u32,
}

/// A100.
pub(super) const SM_80: Architecture = Architecture { name: "sm_80", shared_bytes: 164 << 10 };
/// H100.
pub(super) const SM_90: Architecture = Architecture { name: "sm_90", shared_bytes: 228 << 10 };

// The same for both.
const WARP: u32 = 32;
const MOST_BLOCKS: u32 = 32;
const MOST_WARPS: u32 = 64;
const REGISTERS: u32 = 65536;
const REGISTER_UNIT: u32 = 256;
const SCHEDULERS: u32 = 4;
const SHARED_UNIT: u32 = 128;
const SHARED_OF_SYSTEM: u32 = 1 << 10;

impl Architecture {
    /// Warps of resident blocks among the most that there can be, 0 to 1.
    pub(super) fn occupancy(self, threads: u32, resources: Resources) -> f64 {
        let warps = threads.div_ceil(WARP);
        let registers_of_warp = (resources.registers * WARP).next_multiple_of(REGISTER_UNIT);
        let warps_by_registers = REGISTERS / SCHEDULERS / registers_of_warp * SCHEDULERS;
        let shared = resources.shared_bytes.next_multiple_of(SHARED_UNIT) + SHARED_OF_SYSTEM;
        let blocks = MOST_BLOCKS
            .min(MOST_WARPS / warps)
            .min(warps_by_registers / warps.next_multiple_of(SCHEDULERS))
            .min(self.shared_bytes / shared);
        f64::from(blocks * warps) / f64::from(MOST_WARPS)
    }
}

#[cfg(test)]
mod tests {
    use super::{SM_80, SM_90};
    use crate::kernels::resources::Resources;

    fn uses(registers: u32, shared_bytes: u32) -> Resources {
        Resources { registers, spilled_bytes: 0, shared_bytes }
    }

    /// 128 registers: a warp takes 4096, a scheduler's quarter of the file holds 4 warps, the multiprocessor 16: 2 blocks
    /// of 8 warps. 122 registers are 3904, which is given out as 4096 too.
    #[test]
    fn registers_limit_a_large_tile() {
        assert_eq!(SM_80.occupancy(256, uses(128, 16384)), 0.25);
        assert_eq!(SM_80.occupancy(256, uses(122, 16384)), 0.25);
        assert_eq!(SM_80.occupancy(256, uses(129, 16384)), 0.125);
    }

    /// 48 KiB and one for the system: 3 blocks in 164 KiB, 4 in 228 KiB, of 4 warps each.
    #[test]
    fn shared_memory_limits_by_architecture() {
        assert_eq!(SM_80.occupancy(128, uses(32, 49152)), 12.0 / 64.0);
        assert_eq!(SM_90.occupancy(128, uses(32, 49152)), 16.0 / 64.0);
    }

    /// 32 blocks of one warp are half the warps; 8 of 8 are all, with up to 32 registers.
    #[test]
    fn blocks_and_warps_limit_small_kernels() {
        assert_eq!(SM_90.occupancy(32, uses(16, 0)), 0.5);
        assert_eq!(SM_90.occupancy(256, uses(32, 0)), 1.0);
        assert_eq!(SM_90.occupancy(256, uses(33, 0)), 0.75);
    }

    /// A block of 5 warps takes the registers of 8: 16384 / (64 x 32) = 8 warps of each scheduler, 32 in all, 4 blocks.
    #[test]
    fn registers_are_given_to_warps_by_four() {
        assert_eq!(SM_80.occupancy(160, uses(64, 0)), 20.0 / 64.0);
    }
}
