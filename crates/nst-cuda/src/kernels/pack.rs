//! Filters and matrices as convolution wants its right operand.

use super::{THREADS, blocks_for};
use crate::allocator::Block;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Result, Transpose};

static SOURCE: Source = Source { name: "pack", ptx: include_str!("pack.ptx") };
static PACK: Kernel = Kernel { source: &SOURCE, name: "pack", threads: THREADS };

/// Rows and columns of the packed matrix are multiples of these, as conv2d.cu has them.
const DEPTH: usize = 16;
pub(super) const COLUMNS: usize = 64;

#[repr(C)]
#[derive(Clone, Copy)]
struct Pack {
    source: CUdeviceptr,
    packed: CUdeviceptr,
    taps: i32,
    channels: i32,
    padded_channels: i32,
    columns: i32,
    padded_columns: i32,
    rows: i32,
    first: i64,
    tap_stride: i64,
    channel_stride: i64,
    column_stride: i64,
    symmetric: i32,
    tensor_cores: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as pack.cu declares them.
unsafe impl Parameters for Pack {}

/// An array of three axes, `taps x channels x columns`, lying at `source` with these strides from `first` on.
struct Operand {
    source: CUdeviceptr,
    extents: [usize; 3],
    first: i64,
    strides: [i64; 3],
    symmetric: bool,
    tensor_cores: bool,
}

impl Operand {
    fn pack(&self, stream: &Stream) -> Result<Block> {
        let [taps, channels, columns] = self.extents;
        let padded_channels = channels.next_multiple_of(4);
        let rows = (taps * padded_channels).next_multiple_of(DEPTH);
        let padded_columns = columns.next_multiple_of(COLUMNS);
        let packed = stream.floats("pack_filter", rows * padded_columns)?;
        let [tap_stride, channel_stride, column_stride] = self.strides;
        let parameters = Pack {
            source: self.source,
            packed: packed.pointer(),
            taps: taps as i32,
            channels: channels as i32,
            padded_channels: padded_channels as i32,
            columns: columns as i32,
            padded_columns: padded_columns as i32,
            rows: rows as i32,
            first: self.first,
            tap_stride,
            channel_stride,
            column_stride,
            symmetric: i32::from(self.symmetric),
            tensor_cores: i32::from(self.tensor_cores),
        };
        #[expect(unsafe_code, reason = "a kernel launch")]
        // SAFETY: the strides stay within the operand, and the packed matrix has rows x padded columns elements.
        unsafe {
            stream.launch(&PACK, blocks_for(rows * padded_columns), parameters)?;
        }
        Ok(packed)
    }
}

/// A filter (OIHW) of these extents, for the convolution and for its gradient, which has taps flipped and channels exchanged.
pub(crate) fn filter(
    stream: &Stream,
    oihw: CUdeviceptr,
    [out_channels, in_channels, height, width]: [usize; 4],
    tensor_cores: bool,
) -> Result<(Block, Block)> {
    let taps = height * width;
    let (per_out, per_in) = ((in_channels * taps) as i64, taps as i64);
    let forward = Operand {
        source: oihw,
        extents: [taps, in_channels, out_channels],
        first: 0,
        strides: [1, per_in, per_out],
        symmetric: false,
        tensor_cores,
    };
    let backward = Operand {
        extents: [taps, out_channels, in_channels],
        first: taps as i64 - 1,
        strides: [-1, per_out, per_in],
        ..forward
    };
    Ok((forward.pack(stream)?, backward.pack(stream)?))
}

/// A matrix of `rows x columns`, which lies at `source` as it is or transposed.
pub(crate) fn matrix(
    stream: &Stream,
    source: CUdeviceptr,
    [rows, columns]: [usize; 2],
    transpose: Transpose,
) -> Result<Block> {
    let strides = if transpose == Transpose::No { [0, columns as i64, 1] } else { [0, 1, rows as i64] };
    let extents = [1, rows, columns];
    Operand { source, extents, first: 0, strides, symmetric: false, tensor_cores: false }.pack(stream)
}

/// A square matrix plus its transpose.
pub(crate) fn symmetric(stream: &Stream, source: CUdeviceptr, side: usize) -> Result<Block> {
    let (extents, strides) = ([1, side, side], [0, side as i64, 1]);
    Operand { source, extents, first: 0, strides, symmetric: true, tensor_cores: false }.pack(stream)
}
