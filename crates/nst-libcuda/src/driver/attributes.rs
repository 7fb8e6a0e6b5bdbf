//! The device's properties: those of compute capability 8.0, of a device with sixteen multiprocessors that does not exist.

use crate::status::Status;
use std::ffi::{CStr, c_int};

/// What programs show as the device's name.
pub(super) const NAME: &CStr = c"PTX interpreter";

/// Its identity, the same everywhere.
pub(super) const UUID: [u8; 16] = *b"nst-libcuda 8.0\0";

/// The driver interface that it claims: CUDA 12.0, with which the kernels' PTX (version 8.0) came.
pub(super) const VERSION: c_int = 12000;

/// Shared memory that a block may use without asking, in bytes.
pub(super) const SHARED: u32 = 48 * 1024;

/// Shared memory that a block may use after asking, in bytes.
pub(super) const SHARED_AFTER_ASKING: u32 = 163 * 1024;

/// Threads of a block.
pub(super) const THREADS: u32 = 1024;

/// Largest extents of a block.
pub(super) const BLOCK: [u32; 3] = [1024, 1024, 64];

/// Largest extents of a grid.
pub(super) const GRID: [u32; 3] = [i32::MAX as u32, 65535, 65535];

/// The value of a `CUdevice_attribute` (cuda.h); values from the CUDA C++ Programming Guide 12.0, "Technical
/// Specifications per Compute Capability", where it has them.
pub(super) fn value(attribute: u32) -> Result<u32, Status> {
    Ok(match attribute {
        1 => THREADS,
        2..=4 => BLOCK[attribute as usize - 2],
        5..=7 => GRID[attribute as usize - 5],
        8 => SHARED,
        // Bytes of constant memory; registers of a block, of a multiprocessor.
        9 | 12 | 82 => 65536,
        // Lanes of a warp; blocks of a multiprocessor.
        10 | 106 => 32,
        // Multiprocessors.
        16 => 16,
        // Concurrent kernels, unified addressing, memory pools.
        31 | 41 | 115 => 1,
        // No time limit, not integrated, no exclusive mode, no ECC, no place on PCI, no cooperative launch, minor capability.
        17 | 18 | 20 | 32..=35 | 76 | 95 => 0,
        // Threads of a multiprocessor.
        39 => 2048,
        // Major compute capability.
        75 => 8,
        // Bytes of shared memory: of a multiprocessor; of a block after asking; what the system takes of a block's.
        81 => 164 * 1024,
        97 => SHARED_AFTER_ASKING,
        111 => 1024,
        _ => return Err(Status::InvalidValue),
    })
}
