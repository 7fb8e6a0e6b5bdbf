//! Operations on single elements.

use super::{NULL, THREADS, blocks_for};
use crate::allocator::Block;
use crate::array::Array;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Map, Result, Zip};

static SOURCE: Source = Source { name: "elementwise", ptx: include_str!("elementwise.ptx") };
static FILL: Kernel = Kernel { source: &SOURCE, name: "fill", threads: THREADS };
static MAP: Kernel = Kernel { source: &SOURCE, name: "map", threads: THREADS };
static ZIP: Kernel = Kernel { source: &SOURCE, name: "zip", threads: THREADS };
static LINEAR_COMBINATION: Kernel = Kernel { source: &SOURCE, name: "linear_combination", threads: THREADS };

/// Terms that one launch adds up.
const TERMS: usize = 64;

#[repr(C)]
#[derive(Clone, Copy)]
struct Elements {
    a: CUdeviceptr,
    b: CUdeviceptr,
    output: CUdeviceptr,
    len: i64,
    period: i64,
    operation: i32,
    scale: f32,
    offset: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Combination {
    factors: [f64; TERMS],
    terms: [CUdeviceptr; TERMS],
    output: CUdeviceptr,
    len: i64,
    count: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as elementwise.cu declares them.
unsafe impl Parameters for Elements {}
#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as elementwise.cu declares them.
unsafe impl Parameters for Combination {}

/// Elementwise operations with nothing chosen yet.
fn elements(a: CUdeviceptr, output: &Block, len: usize) -> Elements {
    let (output, len) = (output.pointer(), len as i64);
    Elements { a, b: NULL, output, len, period: len, operation: 0, scale: 1.0, offset: 0.0 }
}

fn launch(stream: &Stream, kernel: &Kernel, parameters: Elements) -> Result<()> {
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the functions below give operands of `len` elements, and of `period` for the second.
    unsafe {
        stream.launch(kernel, blocks_for(parameters.len as usize), parameters)
    }
}

/// `len` equal values.
pub(crate) fn fill(stream: &Stream, len: usize, value: f32) -> Result<Block> {
    let output = stream.floats("fill", len)?;
    launch(stream, &FILL, Elements { offset: value, ..elements(NULL, &output, len) })?;
    Ok(output)
}

/// `op` of each of `len` elements.
pub(crate) fn map(stream: &Stream, x: &Array, len: usize, op: Map) -> Result<Block> {
    let output = stream.floats("map", len)?;
    let (operation, scale, offset) = match op {
        Map::Affine { scale, offset } => (0, scale, offset),
        Map::Square => (1, 1.0, 0.0),
        Map::Sqrt => (2, 1.0, 0.0),
        Map::Abs => (3, 1.0, 0.0),
        Map::Relu => (4, 1.0, 0.0),
    };
    launch(stream, &MAP, Elements { operation, scale, offset, ..elements(x.pointer(), &output, len) })?;
    Ok(output)
}

/// `op` of each pair of `len` elements, the second operand repeated every `period`.
pub(crate) fn zip(
    stream: &Stream,
    a: &Array,
    b: &Array,
    [len, period]: [usize; 2],
    op: Zip,
) -> Result<Block> {
    let output = stream.floats("zip", len)?;
    let operation = match op {
        Zip::Add => 0,
        Zip::Sub => 1,
        Zip::Mul => 2,
        Zip::Div => 3,
        Zip::Mask => 4,
    };
    let parameters =
        Elements { b: b.pointer(), period: period as i64, operation, ..elements(a.pointer(), &output, len) };
    launch(stream, &ZIP, parameters)?;
    Ok(output)
}

/// The sum of factors times terms of `len` elements, at least one. More than fit one launch are added in turns, the sum so far
/// in single precision.
pub(crate) fn linear_combination(stream: &Stream, terms: &[(f64, &Array)], len: usize) -> Result<Block> {
    let mut sum: Option<Block> = None;
    let mut rest = terms;
    while !rest.is_empty() {
        let output = stream.floats("linear_combination", len)?;
        let taken = rest.len().min(TERMS - usize::from(sum.is_some()));
        let (now, later) = rest.split_at(taken);
        let so_far = sum.iter().map(|sum| (1.0, sum.pointer()));
        let all = so_far.chain(now.iter().map(|(factor, term)| (*factor, term.pointer())));
        let mut parameters = Combination {
            factors: [0.0; TERMS],
            terms: [NULL; TERMS],
            output: output.pointer(),
            len: len as i64,
            count: 0,
        };
        for (at, (factor, term)) in all.enumerate() {
            parameters.factors[at] = factor;
            parameters.terms[at] = term;
            parameters.count += 1;
        }
        #[expect(unsafe_code, reason = "a kernel launch")]
        // SAFETY: the first `count` terms and the output have `len` elements.
        unsafe {
            stream.launch(&LINEAR_COMBINATION, blocks_for(len), parameters)?;
        }
        sum = Some(output);
        rest = later;
    }
    sum.ok_or_else(|| stream.failed("linear_combination", "no terms"))
}
