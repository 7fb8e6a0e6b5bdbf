//! Everything a device must be able to do.

use crate::{
    Binning, Border, Conv2d, Epilogue, Gate, Padding, Pool2d, Pooling, Region, Result, Shape, Taps, Tensor,
    Transpose, Variation,
};
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// A backend's own storage of a tensor, a packed filter or a gate's bits. Cloning shares it; it is never changed while shared.
pub type Buffer = Arc<dyn Any + Send + Sync>;

/// A function of one value, applied to each element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Map {
    /// `scale * x + offset`.
    Affine {
        /// The factor.
        scale: f32,
        /// The summand.
        offset: f32,
    },
    /// `x²`.
    Square,
    /// `√x`.
    Sqrt,
    /// `|x|`.
    Abs,
    /// `max(0, x)`; NaN stays NaN.
    Relu,
}

/// A function of two values, applied to each pair of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zip {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a b`.
    Mul,
    /// `a / b`.
    Div,
    /// `a` where `b > 0`, else 0: the backward of a ReLU whose output (or input) is `b`.
    Mask,
}

/// A device's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Held by tensors and packed filters now.
    pub in_use: usize,
    /// The most ever held.
    pub peak: usize,
}

/// The whole specification of a device.
///
/// [`Tensor`]'s methods check shapes and devices before they call these, so an implementation may take them for granted;
/// results have the shape that the corresponding method of `Tensor` documents. Every `Tensor` given was made by this
/// backend (or by a decorator of it, which passes buffers through unchanged).
///
/// # Errors
/// Each method fails only for causes of the device: out of memory, a lost device, a buffer it did not make.
#[expect(clippy::missing_errors_doc, reason = "said once for the trait")]
pub trait Backend: Debug + Send + Sync {
    /// The device, in words.
    fn name(&self) -> String;
    /// Memory held on the device.
    fn memory(&self) -> Memory;

    /// Work begins that will be repeated: the same operations on the same shapes. A backend may plan its memory for it.
    fn begin_repeated(&self) {}
    /// That work ends; called once for each beginning.
    fn end_repeated(&self) {}

    /// Copies `values` to the device.
    fn upload(&self, shape: &Shape, values: &[f32]) -> Result<Buffer>;
    /// Copies tensors from the device, with one synchronisation for all of them. When it returns, everything asked for
    /// before is done, also where there is nothing to copy.
    fn download(&self, tensors: &[&Tensor]) -> Result<Vec<Vec<f32>>>;
    /// A tensor of equal values.
    fn fill(&self, shape: &Shape, value: f32) -> Result<Buffer>;

    /// Applies `op` to each element.
    fn map(&self, x: &Tensor, op: Map) -> Result<Buffer>;
    /// Applies `op` to each pair of elements, with `b` repeated along the outer axes that it lacks.
    fn zip(&self, a: &Tensor, b: &Tensor, op: Zip) -> Result<Buffer>;
    /// The sum of `coefficient * tensor`, of equal shapes; at least one term.
    fn linear_combination(&self, terms: &[(f64, &Tensor)]) -> Result<Buffer>;
    /// The inner products of pairs, in double precision, with one synchronisation for all of them.
    fn dots(&self, pairs: &[(&Tensor, &Tensor)]) -> Result<Vec<f64>>;
    /// The greatest absolute value of each tensor, with one synchronisation for all of them; NaN where there is a NaN, 0
    /// where there is no element.
    fn max_abs(&self, tensors: &[&Tensor]) -> Result<Vec<f64>>;
    /// The sum of all elements as a scalar, accumulated in double precision.
    fn sum(&self, x: &Tensor) -> Result<Buffer>;
    /// The sum over all positions of each channel, accumulated in double precision.
    fn channel_sums(&self, x: &Tensor) -> Result<Buffer>;

    /// The matrix product.
    fn matmul(&self, a: (&Tensor, Transpose), b: (&Tensor, Transpose)) -> Result<Buffer>;
    /// `FᵀF` of a feature map of positions x channels.
    fn gram(&self, x: &Tensor) -> Result<Buffer>;
    /// Its gradient, `x (gradient + gradientᵀ)`, added to `sum` if there is one: in place where nobody else holds it.
    fn gram_backward(&self, x: &Tensor, gradient: &Tensor, sum: Option<Tensor>) -> Result<Buffer>;

    /// The histogram of each channel, accumulated in double precision: a value counts for two neighbouring bins.
    fn histogram(&self, binning: &Binning, x: &Tensor) -> Result<Buffer>;
    /// Its gradient.
    fn histogram_backward(&self, binning: &Binning, x: &Tensor, gradient: &Tensor) -> Result<Buffer>;

    /// Lays a filter (OIHW) out as this device's convolutions want it.
    fn pack_filter(&self, oihw: &Tensor) -> Result<Buffer>;
    /// Convolution with its epilogue; also the bits of the gate if they are `wanted`.
    fn conv2d(
        &self,
        conv: &Conv2d,
        input: &Tensor,
        filter: &Buffer,
        epilogue: &Epilogue<'_>,
        wanted: bool,
    ) -> Result<(Buffer, Option<Buffer>)>;
    /// Its gradient with respect to the input, from that with respect to what it stored, through the gate.
    fn conv2d_backward_data(
        &self,
        conv: &Conv2d,
        gradient: &Tensor,
        gate: &Gate,
        filter: &Buffer,
    ) -> Result<Buffer>;
    /// Its gradient with respect to the filter, as OIHW; without epilogue.
    fn conv2d_backward_filter(&self, conv: &Conv2d, input: &Tensor, gradient: &Tensor) -> Result<Buffer>;

    /// Pooling over 2x2 windows.
    fn pool2d(&self, pool: &Pool2d, kind: Pooling, input: &Tensor) -> Result<Buffer>;
    /// Its gradient.
    fn pool2d_backward(
        &self,
        pool: &Pool2d,
        kind: Pooling,
        input: &Tensor,
        gradient: &Tensor,
    ) -> Result<Buffer>;

    /// The total variation of images, as a scalar.
    fn total_variation(&self, kind: Variation, image: &Tensor) -> Result<Buffer>;
    /// Its gradient.
    fn total_variation_backward(&self, kind: Variation, image: &Tensor) -> Result<Buffer>;

    /// A region of each image.
    fn crop(&self, image: &Tensor, region: Region) -> Result<Buffer>;
    /// Each image with a border.
    fn pad(&self, image: &Tensor, border: Border, padding: Padding) -> Result<Buffer>;
    /// `image` with `part` added to the region of the part's size that begins at row `top` and column `left`: in place where
    /// nobody else holds it.
    fn add_region(&self, image: Tensor, part: &Tensor, top: usize, left: usize) -> Result<Buffer>;
    /// Each image with its rows made of sums of rows, then its columns of sums of columns, by weights that come ready from
    /// the host. There is at least one value to make.
    fn resize(&self, image: &Tensor, rows: &Taps, columns: &Taps) -> Result<Buffer>;

    /// The most floating-point operations per second, measured.
    fn peak_flops(&self) -> Result<f64>;
}
