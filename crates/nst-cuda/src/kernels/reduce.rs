//! Sums, inner products and greatest values, in two stages of a fixed shape.

use super::{NULL, THREADS};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::Result;

static SOURCE: Source = Source { name: "reduce", ptx: include_str!("reduce.ptx") };
static DOTS: Kernel = Kernel { source: &SOURCE, name: "dots", threads: THREADS };
static SUMS: Kernel = Kernel { source: &SOURCE, name: "sums", threads: THREADS };
static MAX_ABS: Kernel = Kernel { source: &SOURCE, name: "max_abs", threads: THREADS };
static TOTALS: Kernel = Kernel { source: &SOURCE, name: "totals", threads: THREADS };
static CHANNEL_SUMS: Kernel = Kernel { source: &SOURCE, name: "channel_sums", threads: THREADS };
static CHANNEL_TOTALS: Kernel = Kernel { source: &SOURCE, name: "channel_totals", threads: THREADS };

/// Items of one launch.
const ITEMS: usize = 64;
/// Elements that a thread of the first stage takes, until there are [`MOST_BLOCKS`].
const ELEMENTS: usize = 16;
const MOST_BLOCKS: usize = 256;
/// Channels of a block of `channel_sums`, and the splits that positions are cut into at most.
const CHANNELS: usize = 32;
const MOST_SPLITS: usize = 256;

#[repr(C)]
#[derive(Clone, Copy)]
struct Items {
    a: [CUdeviceptr; ITEMS],
    b: [CUdeviceptr; ITEMS],
    len: [i64; ITEMS],
    partials: CUdeviceptr,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Totals {
    partials: CUdeviceptr,
    doubles: CUdeviceptr,
    floats: CUdeviceptr,
    count: i32,
    greatest: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Columns {
    values: CUdeviceptr,
    partials: CUdeviceptr,
    output: CUdeviceptr,
    positions: i64,
    channels: i32,
    splits: i32,
    split: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as reduce.cu declares them.
unsafe impl Parameters for Items {}
#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as reduce.cu declares them.
unsafe impl Parameters for Totals {}
#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as reduce.cu declares them.
unsafe impl Parameters for Columns {}

/// An item's operands, the second of which only an inner product has, and their length.
type Item<'a> = (&'a Array, Option<&'a Array>, usize);

/// Blocks of the first stage for `len` elements.
pub(super) fn blocks(len: usize) -> usize {
    len.div_ceil(THREADS as usize * ELEMENTS).clamp(1, MOST_BLOCKS)
}

/// The inner product of each pair.
pub(crate) fn dots(stream: &Stream, pairs: &[(&Array, &Array, usize)]) -> Result<Vec<f64>> {
    let items: Vec<Item<'_>> = pairs.iter().map(|&(a, b, len)| (a, Some(b), len)).collect();
    numbers(stream, &DOTS, &items, false)
}

/// The greatest absolute value of each tensor.
pub(crate) fn max_abs(stream: &Stream, tensors: &[(&Array, usize)]) -> Result<Vec<f64>> {
    let items: Vec<Item<'_>> = tensors.iter().map(|&(a, len)| (a, None, len)).collect();
    numbers(stream, &MAX_ABS, &items, true)
}

/// The sum of `len` elements, a scalar.
pub(crate) fn sum(stream: &Stream, x: &Array, len: usize) -> Result<Block> {
    let (partials, count) = partials(stream, &SUMS, &[(x, None, len)])?;
    total(stream, &partials, count)
}

/// The sum of `count` partial sums, a scalar.
pub(super) fn total(stream: &Stream, partials: &Block, count: usize) -> Result<Block> {
    let output = stream.floats("sum", 1)?;
    second_stage(stream, (partials.pointer(), 1), [NULL, output.pointer()], count, false)?;
    Ok(output)
}

/// Both stages for any number of items, the second one's sum or `greatest`, and one copy to the host.
fn numbers(stream: &Stream, kernel: &Kernel, items: &[Item<'_>], greatest: bool) -> Result<Vec<f64>> {
    let results = stream.allocate(kernel.name, 8 * items.len())?;
    for (turn, items) in items.chunks(ITEMS).enumerate() {
        let (partials, count) = partials(stream, kernel, items)?;
        let to = results.pointer() + (8 * turn * ITEMS) as CUdeviceptr;
        second_stage(stream, (partials.pointer(), items.len()), [to, NULL], count, greatest)?;
    }
    stream.download(kernel.name, &results, items.len())
}

/// The first stage: the partial sums of at most [`ITEMS`] items, and how many each has.
fn partials(stream: &Stream, kernel: &Kernel, items: &[Item<'_>]) -> Result<(Block, usize)> {
    let count = blocks(items.iter().map(|&(.., len)| len).max().unwrap_or(0));
    let partials = stream.allocate(kernel.name, 8 * items.len() * count)?;
    let mut parameters =
        Items { a: [NULL; ITEMS], b: [NULL; ITEMS], len: [0; ITEMS], partials: partials.pointer() };
    for (at, (a, b, len)) in items.iter().enumerate() {
        parameters.a[at] = a.pointer();
        parameters.b[at] = b.map_or(NULL, Array::pointer);
        parameters.len[at] = *len as i64;
    }
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: each operand has its item's length; there is one partial sum for each block.
    unsafe {
        stream.launch(kernel, [count, items.len()], parameters)?;
    }
    Ok((partials, count))
}

fn second_stage(
    stream: &Stream,
    (partials, items): (CUdeviceptr, usize),
    [doubles, floats]: [CUdeviceptr; 2],
    count: usize,
    greatest: bool,
) -> Result<()> {
    let parameters = Totals { partials, doubles, floats, count: count as i32, greatest: i32::from(greatest) };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: there are `count` partial sums for each item, and a result for each item where one is asked for.
    unsafe {
        stream.launch(&TOTALS, [items, 1], parameters)
    }
}

/// The sum over positions of each channel.
pub(crate) fn channel_sums(stream: &Stream, x: &Array, [positions, channels]: [usize; 2]) -> Result<Block> {
    let split = positions.div_ceil(MOST_SPLITS).max(CHANNELS);
    let splits = positions.div_ceil(split);
    let output = stream.floats("channel_sums", channels)?;
    let partials = stream.allocate("channel_sums", 8 * splits * channels)?;
    let parameters = Columns {
        values: x.pointer(),
        partials: partials.pointer(),
        output: output.pointer(),
        positions: positions as i64,
        channels: channels as i32,
        splits: splits as i32,
        split: split as i32,
    };
    #[expect(unsafe_code, reason = "kernel launches")]
    // SAFETY: the input has positions x channels elements; each split writes a partial sum for each channel.
    unsafe {
        stream.launch(&CHANNEL_SUMS, [channels.div_ceil(CHANNELS), splits], parameters)?;
        stream.launch(&CHANNEL_TOTALS, [channels.div_ceil(THREADS as usize), 1], parameters)?;
    }
    Ok(output)
}
