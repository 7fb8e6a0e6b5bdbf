//! Rectangular parts of images: crop, pad, add.

use super::{THREADS, blocks_for};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Border, Padding, Region, Result, Shape};

static SOURCE: Source = Source { name: "region", ptx: include_str!("region.ptx") };
static WINDOW: Kernel = Kernel { source: &SOURCE, name: "window", threads: THREADS };
static ADD_REGION: Kernel = Kernel { source: &SOURCE, name: "add_region", threads: THREADS };

#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    source: CUdeviceptr,
    target: CUdeviceptr,
    len: i64,
    source_height: i32,
    source_width: i32,
    height: i32,
    width: i32,
    channels: i32,
    top: i32,
    left: i32,
    edge: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as region.cu declares them.
unsafe impl Parameters for Part {}

/// The region of images `[batch, height, width, channels]`.
pub(crate) fn crop(stream: &Stream, shape: [usize; 4], image: &Array, region: Region) -> Result<Block> {
    let origin = [region.top as i32, region.left as i32];
    window(stream, "crop", (shape, image), [region.height, region.width], origin, false)
}

/// The images with a border around them, to sides of `height x width`.
pub(crate) fn pad(
    stream: &Stream,
    shape: [usize; 4],
    image: &Array,
    (border, padding): (Border, Padding),
    sides: [usize; 2],
) -> Result<Block> {
    let origin = [-(border.top as i32), -(border.left as i32)];
    window(stream, "pad", (shape, image), sides, origin, padding == Padding::Edge)
}

fn window(
    stream: &Stream,
    operation: &'static str,
    ([batch, source_height, source_width, channels], image): ([usize; 4], &Array),
    [height, width]: [usize; 2],
    [top, left]: [i32; 2],
    edge: bool,
) -> Result<Block> {
    let len = Shape::from([batch, height, width, channels]).len();
    let target = stream.floats(operation, len)?;
    let parameters = Part {
        source: image.pointer(),
        target: target.pointer(),
        len: len as i64,
        source_height: source_height as i32,
        source_width: source_width as i32,
        height: height as i32,
        width: width as i32,
        channels: channels as i32,
        top,
        left,
        edge: i32::from(edge),
    };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the source has its shape's elements and is read nowhere else, the target has `len`.
    unsafe {
        stream.launch(&WINDOW, blocks_for(len), parameters)?;
    }
    Ok(target)
}

/// Adds a part of this region to images `[batch, height, width, channels]`, in place.
pub(crate) fn add(
    stream: &Stream,
    [batch, height, width, channels]: [usize; 4],
    image: &Block,
    region: Region,
    part: &Array,
) -> Result<()> {
    let len = batch * region.height * region.width * channels;
    let parameters = Part {
        source: part.pointer(),
        target: image.pointer(),
        len: len as i64,
        source_height: region.height as i32,
        source_width: region.width as i32,
        height: height as i32,
        width: width as i32,
        channels: channels as i32,
        top: region.top as i32,
        left: region.left as i32,
        edge: 0,
    };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the part has `len` elements and lies within the images.
    unsafe {
        stream.launch(&ADD_REGION, blocks_for(len), parameters)
    }
}
