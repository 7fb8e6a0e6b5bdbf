//! The kernels, each beside its launcher: `NAME.cu`, the PTX made of it (`cargo xtask ptx`), and `NAME.rs`.

#![expect(
    clippy::cast_possible_wrap,
    reason = "`countable` checks what may exceed the kernels' own integers"
)]

pub(crate) mod conv2d;
pub(crate) mod elementwise;
pub(crate) mod histogram;
pub(crate) mod pack;
pub(crate) mod peak;
pub(crate) mod pool;
pub(crate) mod products;
pub(crate) mod reduce;
pub(crate) mod region;
pub(crate) mod resize;
pub(crate) mod rows;
pub(crate) mod total_variation;

use crate::stream::Stream;
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Conv2d, Result};

/// Where there is nothing.
const NULL: CUdeviceptr = 0;

/// Threads of a block where each has one element.
const THREADS: u32 = 256;

/// As many blocks as give each of `len` elements a thread.
fn blocks_for(len: usize) -> [usize; 2] {
    [len.div_ceil(THREADS as usize), 1]
}

/// The most blocks along a grid's second axis (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").
const MOST_BLOCKS: usize = 65_535;

/// Fails if a convolution has more pixels or channels than kernels count, which is in 32 bits.
fn countable(stream: &Stream, operation: &'static str, conv: &Conv2d) -> Result<()> {
    let padded = [conv.height, conv.width].map(|side| side.saturating_add(2 * conv.padding));
    let pixels = padded.into_iter().fold(conv.batch, usize::saturating_mul);
    let widest = conv.in_channels.max(conv.out_channels).saturating_mul(conv.kernel[0] * conv.kernel[1]);
    if pixels.max(widest) < 1 << 29 && conv.out_channels <= MOST_BLOCKS * pack::COLUMNS {
        return Ok(());
    }
    let message = format!("{conv:?} is too large: fewer than 2^29 pixels and 2^22 channels are possible");
    Err(stream.failed(operation, message))
}
