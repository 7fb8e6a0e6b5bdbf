//! Rows padded to a multiple of four values.

use super::{THREADS, blocks_for};
use crate::allocator::Block;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Result, Transpose};

static SOURCE: Source = Source { name: "rows", ptx: include_str!("rows.ptx") };
static ROWS: Kernel = Kernel { source: &SOURCE, name: "rows", threads: THREADS };

#[repr(C)]
#[derive(Clone, Copy)]
struct Matrix {
    source: CUdeviceptr,
    target: CUdeviceptr,
    rows: i64,
    columns: i32,
    padded_columns: i32,
    row_stride: i64,
    column_stride: i64,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as rows.cu declares them.
unsafe impl Parameters for Matrix {}

/// A matrix whose rows are a multiple of four values long, zeros behind its own: the given one where it is, else a copy.
pub(crate) struct Padded {
    copy: Option<Block>,
    source: CUdeviceptr,
}

impl Padded {
    pub(crate) fn pointer(&self) -> CUdeviceptr {
        self.copy.as_ref().map_or(self.source, Block::pointer)
    }
}

/// The matrix of `rows x columns` at `source`, which lies there as it is or transposed.
pub(crate) fn padded(
    stream: &Stream,
    source: CUdeviceptr,
    [rows, columns]: [usize; 2],
    transpose: Transpose,
) -> Result<Padded> {
    if transpose == Transpose::No && columns % 4 == 0 {
        return Ok(Padded { copy: None, source });
    }
    let padded_columns = columns.next_multiple_of(4);
    let len = rows * padded_columns;
    let copy = stream.floats("rows", len)?;
    let [row_stride, column_stride] =
        if transpose == Transpose::No { [columns as i64, 1] } else { [1, rows as i64] };
    let parameters = Matrix {
        source,
        target: copy.pointer(),
        rows: rows as i64,
        columns: columns as i32,
        padded_columns: padded_columns as i32,
        row_stride,
        column_stride,
    };
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the source has `rows * columns` elements, the copy `rows * padded_columns`.
    unsafe {
        stream.launch(&ROWS, blocks_for(len), parameters)?;
    }
    Ok(Padded { copy: Some(copy), source })
}
