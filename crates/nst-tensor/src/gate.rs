//! What a convolution's epilogue lets through on the way back.

use crate::{Activation, Buffer, Device, Pooling, Shape, Tensor};
use std::fmt;

/// What a convolution does with its sums before it stores them: `pooling(activation(sums + bias))`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// One value for each output channel, `[out channels]`.
    pub bias: Option<&'a Tensor>,
    /// What is applied to each value.
    pub activation: Activation,
    /// A pooling over 2x2 windows, as in [`Tensor::pool2d`]: only its output is stored.
    pub pooling: Option<Pooling>,
}

impl Epilogue<'_> {
    /// Whether the way back depends on the values.
    pub(crate) fn decides(&self) -> bool {
        self.activation == Activation::Relu || self.pooling == Some(Pooling::Max)
    }
}

/// How the gradient gets back through the epilogue of one convolution: [`Tensor::conv2d_gated`] makes it,
/// [`Tensor::conv2d_backward_data`] takes it. One bit for each output is all that ReLU and pooling leave behind.
#[derive(Clone)]
pub struct Gate {
    device: Device,
    pooling: Option<Pooling>,
    /// The convolution's output before the pooling, and what is stored.
    outputs: [Shape; 2],
    bits: Option<Buffer>,
}

impl Gate {
    pub(crate) fn new(
        device: &Device,
        pooling: Option<Pooling>,
        outputs: [Shape; 2],
        bits: Option<Buffer>,
    ) -> Self {
        Self { device: device.clone(), pooling, outputs, bits }
    }

    /// The gate of a convolution to `output`, `[batch, height, width, channels]`, without an epilogue (but for a bias):
    /// everything passes.
    pub fn open(device: &Device, output: impl Into<Shape>) -> Self {
        let output = output.into();
        Self::new(device, None, [output.clone(), output], None)
    }

    /// The pooling, for backends.
    pub fn pooling(&self) -> Option<Pooling> {
        self.pooling
    }

    /// The backend's own record of what passes, for backends; none where everything does.
    pub fn bits(&self) -> Option<&Buffer> {
        self.bits.as_ref()
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// The shape of the convolution's output before the pooling.
    pub(crate) fn output(&self) -> &Shape {
        &self.outputs[0]
    }

    /// The shape of what the convolution stored.
    pub fn stored(&self) -> &Shape {
        &self.outputs[1]
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate {} to {} on {:?}", self.outputs[0], self.outputs[1], self.device)
    }
}
