//! Sums over positions of products of channels: Gram matrices and filter gradients.

use super::conv2d::product;
use super::rows::{Padded, padded};
use super::{THREADS, blocks_for, countable};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Conv2d, Result, Transpose};

static SOURCE: Source = Source { name: "products", ptx: include_str!("products.ptx") };
static GRAM: Kernel = Kernel { source: &SOURCE, name: "gram", threads: 128 };
static FILTER_GRADIENT: Kernel = Kernel { source: &SOURCE, name: "filter_gradient", threads: 128 };
static SUM_GRAM: Kernel = Kernel { source: &SOURCE, name: "sum_gram", threads: THREADS };
static SUM_FILTER: Kernel = Kernel { source: &SOURCE, name: "sum_filter", threads: THREADS };

/// The side of a tile, and positions that are loaded at a time, as products.cu has them.
const SIDE: usize = 64;
const DEPTH: usize = 16;
/// The side of a block's part of a Gram matrix when splits are added up.
const PART: usize = 32;
/// Positions that are summed in single precision, until there are so many such sums that all tiles' take [`MOST_TILES`], or
/// [`LEAST_SPLITS`] of each tile: enough blocks for a large GPU where channels are few, and 64 MiB of partial sums, or 1 MiB for
/// each tile.
const SPLIT: usize = 1024;
const MOST_TILES: usize = 4096;
const LEAST_SPLITS: usize = 64;

#[repr(C)]
#[derive(Clone, Copy)]
struct Products {
    left: CUdeviceptr,
    right: CUdeviceptr,
    partials: CUdeviceptr,
    batch: i32,
    height: i32,
    width: i32,
    channels: i32,
    out_height: i32,
    out_width: i32,
    columns: i32,
    kernel_height: i32,
    kernel_width: i32,
    padding: i32,
    split: i32,
    triangle: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct PartialSums {
    partials: CUdeviceptr,
    output: CUdeviceptr,
    tiles: i32,
    splits: i32,
    column_tiles: i32,
    taps: i32,
    channels: i32,
    padded_channels: i32,
    columns: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as products.cu declares them.
unsafe impl Parameters for Products {}
#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as products.cu declares them.
unsafe impl Parameters for PartialSums {}

/// `FᵀF` of a matrix of positions x channels.
pub(crate) fn gram(stream: &Stream, x: &Array, [positions, channels]: [usize; 2]) -> Result<Block> {
    let features = padded(stream, x.pointer(), [positions, channels], Transpose::No)?;
    run(stream, true, &product([positions, channels, channels]), [&features, &features])
}

/// The gradient of a convolution's filter, as OIHW.
pub(crate) fn filter_gradient(
    stream: &Stream,
    conv: &Conv2d,
    input: &Array,
    gradient: &Array,
) -> Result<Block> {
    let positions = conv.batch * conv.out_height() * conv.out_width();
    let pixels = conv.batch * conv.height * conv.width;
    let input = padded(stream, input.pointer(), [pixels, conv.in_channels], Transpose::No)?;
    let gradient = padded(stream, gradient.pointer(), [positions, conv.out_channels], Transpose::No)?;
    run(stream, false, conv, [&input, &gradient])
}

/// The sums of a convolution's positions; of a Gram matrix, its lower `triangle` and then the rest.
fn run(stream: &Stream, triangle: bool, conv: &Conv2d, [left, right]: [&Padded; 2]) -> Result<Block> {
    let (kernel, total) = if triangle { (&GRAM, &SUM_GRAM) } else { (&FILTER_GRADIENT, &SUM_FILTER) };
    countable(stream, kernel.name, conv)?;
    let taps = conv.kernel[0] * conv.kernel[1];
    let positions = conv.batch * conv.out_height() * conv.out_width();
    let [channels, columns] = [conv.in_channels, conv.out_channels].map(|extent| extent.next_multiple_of(4));
    let [row_tiles, column_tiles] = [taps * channels, columns].map(|extent| extent.div_ceil(SIDE));
    let tiles = if triangle { row_tiles * (row_tiles + 1) / 2 } else { row_tiles * column_tiles };
    let most_splits = (MOST_TILES / tiles.max(1)).max(LEAST_SPLITS);
    let split = positions.div_ceil(most_splits).next_multiple_of(DEPTH).max(SPLIT);
    let splits = positions.div_ceil(split);
    let partials = stream.floats(kernel.name, splits * tiles * SIDE * SIDE)?;
    let len = conv.out_channels * conv.in_channels * taps;
    let output = stream.floats(kernel.name, len)?;
    let products = Products {
        left: left.pointer(),
        right: right.pointer(),
        partials: partials.pointer(),
        batch: conv.batch as i32,
        height: conv.height as i32,
        width: conv.width as i32,
        channels: channels as i32,
        out_height: conv.out_height() as i32,
        out_width: conv.out_width() as i32,
        columns: columns as i32,
        kernel_height: conv.kernel[0] as i32,
        kernel_width: conv.kernel[1] as i32,
        padding: conv.padding as i32,
        split: split as i32,
        triangle: i32::from(triangle),
    };
    let sums = PartialSums {
        partials: partials.pointer(),
        output: output.pointer(),
        tiles: tiles as i32,
        splits: splits as i32,
        column_tiles: column_tiles as i32,
        taps: taps as i32,
        channels: conv.in_channels as i32,
        padded_channels: channels as i32,
        columns: conv.out_channels as i32,
    };
    let parts = conv.in_channels.div_ceil(PART);
    let grid = if triangle { [parts * (parts + 1) / 2, 1] } else { blocks_for(len) };
    #[expect(unsafe_code, reason = "kernel launches")]
    // SAFETY: both operands have the geometry's extents, channels padded; each split writes every tile.
    unsafe {
        stream.launch(kernel, [tiles, splits], products)?;
        stream.launch(total, grid, sums)?;
    }
    Ok(output)
}
