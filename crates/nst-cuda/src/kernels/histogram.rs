//! Histograms of feature maps and their gradient.

use super::{NULL, THREADS, blocks_for};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::Result;

static SOURCE: Source = Source { name: "histogram", ptx: include_str!("histogram.ptx") };
static FORWARD: Kernel = Kernel { source: &SOURCE, name: "histogram", threads: LANES as u32 };
static TOTALS: Kernel = Kernel { source: &SOURCE, name: "histogram_totals", threads: THREADS };
static BACKWARD: Kernel = Kernel { source: &SOURCE, name: "histogram_backward", threads: THREADS };

/// Channels and bins of a block.
const LANES: usize = 32;
const WINDOW: usize = 128;
/// Positions of a split at least, and the splits at most: so much memory do the partial histograms take.
const SPLIT: usize = 1024;
const MOST_SPLITS: usize = 64;

/// How values are counted.
pub(crate) struct Bins<'a> {
    pub(crate) count: usize,
    pub(crate) grid: &'a Array,
    pub(crate) weights: Option<&'a Array>,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Counts {
    values: CUdeviceptr,
    grid: CUdeviceptr,
    weights: CUdeviceptr,
    gradient: CUdeviceptr,
    partials: CUdeviceptr,
    output: CUdeviceptr,
    positions: i64,
    channels: i32,
    bins: i32,
    splits: i32,
    split: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as histogram.cu declares them.
unsafe impl Parameters for Counts {}

impl Bins<'_> {
    fn counts(&self, values: &Array, [positions, channels]: [usize; 2]) -> Counts {
        Counts {
            values: values.pointer(),
            grid: self.grid.pointer(),
            weights: self.weights.map_or(NULL, Array::pointer),
            gradient: NULL,
            partials: NULL,
            output: NULL,
            positions: positions as i64,
            channels: channels as i32,
            bins: self.count as i32,
            splits: 0,
            split: 0,
        }
    }
}

/// The histogram of each channel, `bins x channels`.
pub(crate) fn forward(
    stream: &Stream,
    bins: &Bins<'_>,
    values: &Array,
    [positions, channels]: [usize; 2],
) -> Result<Block> {
    const OPERATION: &str = "histogram";
    let len = bins.count.checked_mul(channels).filter(|&len| len < 1 << 30);
    let Some(len) = len else {
        let message = format!(
            "{} bins of {channels} channels are too many: fewer than 2^30 in all are possible",
            bins.count
        );
        return Err(stream.failed(OPERATION, message));
    };
    let split = positions.div_ceil(MOST_SPLITS).max(SPLIT);
    let splits = positions.div_ceil(split);
    let output = stream.floats(OPERATION, len)?;
    let partials = stream.allocate(OPERATION, 8 * splits * len)?;
    let parameters = Counts {
        partials: partials.pointer(),
        output: output.pointer(),
        splits: splits as i32,
        split: split as i32,
        ..bins.counts(values, [positions, channels])
    };
    let columns = channels.div_ceil(LANES) * bins.count.div_ceil(WINDOW);
    #[expect(unsafe_code, reason = "kernel launches")]
    // SAFETY: there are positions x channels values, a grid for each channel and a weight for each position if any; each split
    // writes a partial sum for each bin of each channel.
    unsafe {
        stream.launch(&FORWARD, [columns, splits], parameters)?;
        stream.launch(&TOTALS, blocks_for(len), parameters)?;
    }
    Ok(output)
}

/// Its gradient with respect to the values.
pub(crate) fn backward(
    stream: &Stream,
    bins: &Bins<'_>,
    values: &Array,
    [positions, channels]: [usize; 2],
    gradient: &Array,
) -> Result<Block> {
    let output = stream.floats("histogram_backward", positions * channels)?;
    let parameters = Counts {
        gradient: gradient.pointer(),
        output: output.pointer(),
        ..bins.counts(values, [positions, channels])
    };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: as for the histogram; the gradient has bins x channels values, the output as many as there are values.
    unsafe {
        stream.launch(&BACKWARD, blocks_for(positions * channels), parameters)?;
    }
    Ok(output)
}
