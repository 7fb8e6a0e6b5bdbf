//! Convolution and its gradient, and with one tap, products of matrices.

use super::pack::COLUMNS;
use super::rows::padded;
use super::{NULL, countable, pack};
use crate::Precision;
use crate::allocator::Block;
use crate::array::{Array, Filter};
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::CUdeviceptr;
use nst_tensor::{Activation, Conv2d, Pooling, Result, Transpose};

static SOURCE: Source = Source { name: "conv2d", ptx: include_str!("conv2d.ptx") };
static SOURCE_TF32: Source = Source { name: "conv2d_tf32", ptx: include_str!("conv2d_tf32.ptx") };
static CONV2D: Kernel = Kernel { source: &SOURCE, name: "conv2d", threads: 128 };
static CONV2D_TF32: Kernel = Kernel { source: &SOURCE_TF32, name: "conv2d_tf32", threads: 128 };
static GATED: Kernel = Kernel { source: &SOURCE, name: "conv2d_gated", threads: 128 };
static GATED_TF32: Kernel = Kernel { source: &SOURCE_TF32, name: "conv2d_gated_tf32", threads: 128 };

/// Rows of a block's tile, as conv2d.cu has them.
const ROWS: usize = 128;

#[repr(C)]
#[derive(Clone, Copy)]
struct Convolution {
    input: CUdeviceptr,
    filter: CUdeviceptr,
    bias: CUdeviceptr,
    output: CUdeviceptr,
    bits: CUdeviceptr,
    gate: CUdeviceptr,
    batch: i32,
    height: i32,
    width: i32,
    in_channels: i32,
    out_height: i32,
    out_width: i32,
    out_channels: i32,
    kernel_height: i32,
    kernel_width: i32,
    padding_top: i32,
    padding_left: i32,
    relu: i32,
    pooling: i32,
    gate_shift: i32,
    gate_scale: f32,
    accumulate: i32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as conv2d.cu declares them.
unsafe impl Parameters for Convolution {}

/// What follows the sums.
pub(crate) struct Epilogue<'a> {
    pub(crate) bias: Option<&'a Array>,
    pub(crate) activation: Activation,
    pub(crate) pooling: Option<Pooling>,
    /// Whether the gate's bits are wanted.
    pub(crate) gated: bool,
}

/// A convolution from `input`, padded as the kernel wants it, to an output of these sides, with nothing around it.
fn plain(
    conv: &Conv2d,
    input: CUdeviceptr,
    filter: &Block,
    (output, [out_height, out_width]): (&Block, [usize; 2]),
) -> Convolution {
    Convolution {
        input,
        filter: filter.pointer(),
        bias: NULL,
        output: output.pointer(),
        bits: NULL,
        gate: NULL,
        batch: conv.batch as i32,
        height: conv.height as i32,
        width: conv.width as i32,
        in_channels: conv.in_channels.next_multiple_of(4) as i32,
        out_height: out_height as i32,
        out_width: out_width as i32,
        out_channels: conv.out_channels as i32,
        kernel_height: conv.kernel[0] as i32,
        kernel_width: conv.kernel[1] as i32,
        padding_top: conv.padding as i32,
        padding_left: conv.padding as i32,
        relu: 0,
        pooling: 0,
        gate_shift: 0,
        gate_scale: 1.0,
        accumulate: 0,
    }
}

fn launch(stream: &Stream, kernel: &Kernel, parameters: Convolution) -> Result<()> {
    let side = |side: i32| if parameters.pooling == 0 { side as usize } else { side as usize / 2 * 2 };
    let rows = parameters.batch as usize * side(parameters.out_height) * side(parameters.out_width);
    let columns = parameters.out_channels as usize;
    #[expect(unsafe_code, reason = "a kernel launch")]
    // SAFETY: the functions below give operands of the geometry's extents: the input's channels padded to a multiple of four,
    // the filter packed.
    unsafe {
        stream.launch(kernel, [rows.div_ceil(ROWS), columns.div_ceil(COLUMNS)], parameters)
    }
}

/// A convolution; also the bits of its gate if they are wanted.
pub(crate) fn forward(
    stream: &Stream,
    precision: Precision,
    conv: &Conv2d,
    input: &Array,
    filter: &Filter,
    epilogue: &Epilogue<'_>,
) -> Result<(Block, Option<Block>)> {
    countable(stream, "conv2d", conv)?;
    let pixels = conv.batch * conv.height * conv.width;
    let input = padded(stream, input.pointer(), [pixels, conv.in_channels], Transpose::No)?;
    let [height, width] = [conv.out_height(), conv.out_width()];
    let positions = conv.batch * height * width;
    let stored = if epilogue.pooling.is_some() { conv.batch * (height / 2) * (width / 2) } else { positions };
    let output = stream.floats("conv2d", stored * conv.out_channels)?;
    // Four bytes for sixteen channels: see `bits_at` in conv2d.cu.
    let bytes = 4 * positions * conv.out_channels.div_ceil(16);
    let bits = epilogue.gated.then(|| stream.allocate("conv2d", bytes)).transpose()?;
    let parameters = Convolution {
        bias: epilogue.bias.map_or(NULL, Array::pointer),
        bits: bits.as_ref().map_or(NULL, Block::pointer),
        relu: i32::from(epilogue.activation == Activation::Relu),
        pooling: match epilogue.pooling {
            None => 0,
            Some(Pooling::Max) => 1,
            Some(Pooling::Average) => 2,
        },
        ..plain(conv, input.pointer(), &filter.forward, (&output, [height, width]))
    };
    let kernel = if precision == Precision::Float32 { &CONV2D } else { &CONV2D_TF32 };
    launch(stream, kernel, parameters)?;
    Ok((output, bits))
}

/// The gradient of its input, from that of what it stored, through the gate of this pooling and these bits: a convolution of
/// the gradient with the filter flipped and its channels exchanged.
pub(crate) fn backward_data(
    stream: &Stream,
    precision: Precision,
    conv: &Conv2d,
    gradient: &Array,
    (pooling, bits): (Option<Pooling>, Option<&Array>),
    filter: &Filter,
) -> Result<Block> {
    countable(stream, "conv2d_backward_data", conv)?;
    let [height, width] = [conv.out_height(), conv.out_width()];
    let stored = if pooling.is_some() { (height / 2) * (width / 2) } else { height * width };
    let gradient =
        padded(stream, gradient.pointer(), [conv.batch * stored, conv.out_channels], Transpose::No)?;
    let output = stream.floats("conv2d_backward_data", conv.input_len())?;
    let flipped =
        Conv2d { height, width, in_channels: conv.out_channels, out_channels: conv.in_channels, ..*conv };
    let open = pooling.is_none() && bits.is_none();
    let parameters = Convolution {
        padding_top: (conv.kernel[0] - 1 - conv.padding) as i32,
        padding_left: (conv.kernel[1] - 1 - conv.padding) as i32,
        gate: bits.map_or(NULL, Array::pointer),
        gate_shift: i32::from(pooling.is_some()),
        gate_scale: if pooling == Some(Pooling::Average) { 0.25 } else { 1.0 },
        ..plain(&flipped, gradient.pointer(), &filter.backward, (&output, [conv.height, conv.width]))
    };
    let kernel = match (precision, open) {
        (Precision::Float32, true) => &CONV2D,
        (Precision::Float32, false) => &GATED,
        (Precision::TensorFloat32, true) => &CONV2D_TF32,
        (Precision::TensorFloat32, false) => &GATED_TF32,
    };
    launch(stream, kernel, parameters)?;
    Ok(output)
}

/// A convolution with one tap: rows times a matrix.
pub(super) fn product([rows, inner, columns]: [usize; 3]) -> Conv2d {
    Conv2d {
        batch: 1,
        height: 1,
        width: rows,
        in_channels: inner,
        out_channels: columns,
        kernel: [1, 1],
        padding: 0,
    }
}

/// The product of `m x k` and `k x n`, each as it lies or transposed; `k` is not 0.
pub(crate) fn matmul(
    stream: &Stream,
    [m, k, n]: [usize; 3],
    (a, ta): (&Array, Transpose),
    (b, tb): (&Array, Transpose),
) -> Result<Block> {
    let conv = product([m, k, n]);
    countable(stream, "matmul", &conv)?;
    let a = padded(stream, a.pointer(), [m, k], ta)?;
    let b = pack::matrix(stream, b.pointer(), [k, n], tb)?;
    let output = stream.floats("matmul", m * n)?;
    launch(stream, &CONV2D, plain(&conv, a.pointer(), &b, (&output, [1, m])))?;
    Ok(output)
}

/// `x (gradient + gradientᵀ)` for `x` of positions x channels, written to `output` or added to what it holds.
pub(crate) fn gram_backward(
    stream: &Stream,
    [positions, channels]: [usize; 2],
    x: &Array,
    gradient: &Array,
    output: &Block,
    accumulate: bool,
) -> Result<()> {
    let conv = product([positions, channels, channels]);
    countable(stream, "gram_backward", &conv)?;
    let x = padded(stream, x.pointer(), [positions, channels], Transpose::No)?;
    let symmetric = pack::symmetric(stream, gradient.pointer(), channels)?;
    let parameters = plain(&conv, x.pointer(), &symmetric, (output, [1, positions]));
    launch(stream, &CONV2D, Convolution { accumulate: i32::from(accumulate), ..parameters })
}
