//! Separable resampling.

use super::{THREADS, blocks_for};
use crate::allocator::Block;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Result, Taps};

static SOURCE: Source = Source { name: "resize", ptx: include_str!("resize.ptx") };
static RESIZE: Kernel = Kernel { source: &SOURCE, name: "resize", threads: THREADS };

#[repr(C)]
#[derive(Clone, Copy)]
struct Axis {
    source: CUdeviceptr,
    first: CUdeviceptr,
    weights: CUdeviceptr,
    target: CUdeviceptr,
    len: i64,
    inner: i64,
    from: i32,
    to: i32,
    taps: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as resize.cu declares them.
unsafe impl Parameters for Axis {}

/// Images `[batch, height, width, channels]` resampled along their rows, then along their columns.
pub(crate) fn resize(
    stream: &Stream,
    [batch, _, width, channels]: [usize; 4],
    image: CUdeviceptr,
    rows: &Taps,
    columns: &Taps,
) -> Result<Block> {
    let resampled = along(stream, image, [batch, width * channels], rows)?;
    along(stream, resampled.pointer(), [batch * rows.to(), channels], columns)
}

/// `[outer, from, inner]` resampled along its middle axis.
fn along(stream: &Stream, source: CUdeviceptr, [outer, inner]: [usize; 2], taps: &Taps) -> Result<Block> {
    let first = stream.upload("resize", taps.first())?;
    let weights = stream.upload("resize", taps.weights())?;
    let len = outer * taps.to() * inner;
    let target = stream.floats("resize", len)?;
    let parameters = Axis {
        source,
        first: first.pointer(),
        weights: weights.pointer(),
        target: target.pointer(),
        len: len as i64,
        inner: inner as i64,
        from: taps.from() as i32,
        to: taps.to() as i32,
        taps: taps.width() as i32,
    };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the source has outer x from x inner elements, and every neighbour of `first` lies within it.
    unsafe {
        stream.launch(&RESIZE, blocks_for(len), parameters)?;
    }
    Ok(target)
}
