//! Pooling and its gradient.

use super::{NULL, THREADS, blocks_for};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Pool2d, Pooling, Result};

static SOURCE: Source = Source { name: "pool", ptx: include_str!("pool.ptx") };
static POOL2D: Kernel = Kernel { source: &SOURCE, name: "pool2d", threads: THREADS };
static POOL2D_BACKWARD: Kernel = Kernel { source: &SOURCE, name: "pool2d_backward", threads: THREADS };

#[repr(C)]
#[derive(Clone, Copy)]
struct Windows {
    input: CUdeviceptr,
    gradient: CUdeviceptr,
    output: CUdeviceptr,
    len: i64,
    height: i32,
    width: i32,
    channels: i32,
    average: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as pool.cu declares them.
unsafe impl Parameters for Windows {}

/// The output of a pooling.
pub(crate) fn forward(stream: &Stream, pool: &Pool2d, kind: Pooling, input: &Array) -> Result<Block> {
    run(stream, (&POOL2D, pool.output_len()), pool, kind, [input.pointer(), NULL])
}

/// The gradient of its input.
pub(crate) fn backward(
    stream: &Stream,
    pool: &Pool2d,
    kind: Pooling,
    input: &Array,
    gradient: &Array,
) -> Result<Block> {
    run(stream, (&POOL2D_BACKWARD, pool.input_len()), pool, kind, [input.pointer(), gradient.pointer()])
}

fn run(
    stream: &Stream,
    (kernel, len): (&Kernel, usize),
    pool: &Pool2d,
    kind: Pooling,
    [input, gradient]: [CUdeviceptr; 2],
) -> Result<Block> {
    let output = stream.floats(kernel.name, len)?;
    let parameters = Windows {
        input,
        gradient,
        output: output.pointer(),
        len: len as i64,
        height: pool.height as i32,
        width: pool.width as i32,
        channels: pool.channels as i32,
        average: i32::from(kind == Pooling::Average),
    };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the operands have the geometry's extents, the output `len` elements.
    unsafe {
        stream.launch(kernel, blocks_for(len), parameters)?;
    }
    Ok(output)
}
