//! Total variation and its gradient.

use super::{NULL, THREADS, blocks_for, reduce};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Result, Shape, Variation};

static SOURCE: Source = Source { name: "total_variation", ptx: include_str!("total_variation.ptx") };
static FORWARD: Kernel = Kernel { source: &SOURCE, name: "total_variation", threads: THREADS };
static BACKWARD: Kernel = Kernel { source: &SOURCE, name: "total_variation_backward", threads: THREADS };

#[repr(C)]
#[derive(Clone, Copy)]
struct Images {
    image: CUdeviceptr,
    partials: CUdeviceptr,
    gradient: CUdeviceptr,
    len: i64,
    height: i32,
    width: i32,
    channels: i32,
    squared: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as total_variation.cu declares them.
unsafe impl Parameters for Images {}

fn images(kind: Variation, shape: &Shape, image: &Array) -> Images {
    let [height, width, channels] = match shape.dims() {
        &[_, height, width, channels] => [height, width, channels],
        _ => [0; 3],
    };
    Images {
        image: image.pointer(),
        partials: NULL,
        gradient: NULL,
        len: shape.len() as i64,
        height: height as i32,
        width: width as i32,
        channels: channels as i32,
        squared: i32::from(kind == Variation::Squared),
    }
}

/// The total variation of images `[batch, height, width, channels]`, a scalar.
pub(crate) fn forward(stream: &Stream, kind: Variation, shape: &Shape, image: &Array) -> Result<Block> {
    let blocks = reduce::blocks(shape.len());
    let partials = stream.allocate("total_variation", 8 * blocks)?;
    let parameters = Images { partials: partials.pointer(), ..images(kind, shape, image) };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the image has `len` elements; each block writes one partial sum.
    unsafe {
        stream.launch(&FORWARD, [blocks, 1], parameters)?;
    }
    reduce::total(stream, &partials, blocks)
}

/// Its gradient.
pub(crate) fn backward(stream: &Stream, kind: Variation, shape: &Shape, image: &Array) -> Result<Block> {
    let gradient = stream.floats("total_variation_backward", shape.len())?;
    let parameters = Images { gradient: gradient.pointer(), ..images(kind, shape, image) };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: image and gradient have `len` elements.
    unsafe {
        stream.launch(&BACKWARD, blocks_for(shape.len()), parameters)?;
    }
    Ok(gradient)
}
