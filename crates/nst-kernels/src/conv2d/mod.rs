//! Convolution with stride one, and its gradients with respect to the data and to the filter.

mod direct;
mod filter_gradient;
mod finish;
mod padded_input;

use crate::gate::Gate;
use crate::plane::Plane;
use crate::pool::Pooling;
use crate::{Isa, PackedFilter, Workspace, winograd};

/// What follows the sum of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    Identity,
    /// `max(0, x)`.
    Relu,
}

/// What a convolution does with its sums before it stores them: `pooling(activation(sums + bias))`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Epilogue<'a> {
    /// One value for each output channel.
    pub bias: Option<&'a [f32]>,
    /// What is applied to each value.
    pub activation: Activation,
    /// A pooling over 2x2 windows as in [`crate::Pool2d`]: only the pooled output is stored.
    pub pooling: Option<Pooling>,
}

/// Input times output channels from which on a 3x3 convolution is computed by Winograd's algorithm: those of VGG's first.
const WINOGRAD_CHANNELS: usize = 3 * 64;

/// The geometry of a convolution (in the sense of deep learning: a cross-correlation) with stride one and zero padding.
///
/// Input `[batch, height, width, in_channels]`, output `[batch, height + 2 padding - kernel + 1, ..., out_channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Images.
    pub batch: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the filter.
    pub kernel: [usize; 2],
    /// Zeros around each input image; less than either side of the filter.
    pub padding: usize,
}

impl Conv2d {
    /// Rows of an output image.
    ///
    /// # Panics
    /// If the padded input is smaller than the filter, or the padding is not smaller than the filter.
    pub fn out_height(&self) -> usize {
        assert!(self.padding < self.kernel[0], "padding of {self:?}");
        (self.height + 2 * self.padding + 1)
            .checked_sub(self.kernel[0])
            .expect("image smaller than the filter")
    }

    /// Columns of an output image.
    ///
    /// # Panics
    /// As [`Conv2d::out_height`].
    pub fn out_width(&self) -> usize {
        assert!(self.padding < self.kernel[1], "padding of {self:?}");
        (self.width + 2 * self.padding + 1)
            .checked_sub(self.kernel[1])
            .expect("image smaller than the filter")
    }

    /// Floats of the input.
    pub fn input_len(&self) -> usize {
        product([self.batch, self.height, self.width, self.in_channels])
    }

    /// Floats of the output, before any pooling.
    pub fn output_len(&self) -> usize {
        self.stored_len(None)
    }

    /// Bytes of a [`Gate`]'s bits.
    pub fn gate_len(&self) -> usize {
        let output = self.output();
        product([self.batch, output.height, output.width, output.bit_bytes()])
    }

    /// Floats of what [`Conv2d::forward`] stores.
    pub fn stored_len(&self, pooling: Option<Pooling>) -> usize {
        let Plane { height, width, channels } = self.stored(pooling);
        product([self.batch, height, width, channels])
    }

    fn stored(&self, pooling: Option<Pooling>) -> Plane {
        if pooling.is_some() { self.output().pooled() } else { self.output() }
    }

    fn input(&self) -> Plane {
        Plane { height: self.height, width: self.width, channels: self.in_channels }
    }

    fn output(&self) -> Plane {
        Plane { height: self.out_height(), width: self.out_width(), channels: self.out_channels }
    }

    /// Whether Winograd's algorithm suits it, forward and backward to the data.
    pub(crate) fn by_winograd(&self) -> bool {
        self.kernel == [3, 3] && self.in_channels * self.out_channels >= WINOGRAD_CHANNELS
    }

    /// `output = epilogue(filter * input)`. With `gate`, of [`Conv2d::gate_len`] bytes, keeps what the gradient needs to get
    /// back through activation and pooling.
    ///
    /// # Panics
    /// If a slice or the filter does not fit the geometry.
    pub fn forward(
        &self,
        workspace: &Workspace,
        input: &[f32],
        filter: &PackedFilter,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
        gate: Option<&mut [u8]>,
    ) {
        assert_eq!(
            (input.len(), output.len()),
            (self.input_len(), self.stored_len(epilogue.pooling)),
            "operands of {self:?}"
        );
        assert!(filter.fits(self), "filter of {self:?}");
        assert!(epilogue.bias.is_none_or(|bias| bias.len() == self.out_channels), "bias of {self:?}");
        assert!(gate.as_ref().is_none_or(|bits| bits.len() == self.gate_len()), "gate of {self:?}");
        let (from, to) = ((input, Gate::default()), (self.input(), self.output()));
        self.pass(workspace, filter, filter.forward(), to, [self.padding; 2], from, epilogue, output, gate);
    }

    /// The gradient with respect to the input, from that with respect to what was stored, through the gate that the
    /// forward pass kept.
    ///
    /// # Panics
    /// If a slice or the filter does not fit the geometry.
    pub fn backward_data(
        &self,
        workspace: &Workspace,
        gradient: &[f32],
        gate: Gate<'_>,
        filter: &PackedFilter,
        input_gradient: &mut [f32],
    ) {
        assert_eq!(
            (gradient.len(), input_gradient.len()),
            (self.stored_len(gate.pooling), self.input_len()),
            "operands of {self:?}"
        );
        assert!(gate.bits.is_none_or(|bits| bits.len() == self.gate_len()), "gate of {self:?}");
        assert!(filter.fits(self), "filter of {self:?}");
        let padding = self.kernel.map(|side| side - 1 - self.padding);
        let (from, to) = ((gradient, gate), (self.output(), self.input()));
        let epilogue = Epilogue::default();
        self.pass(workspace, filter, filter.backward(), to, padding, from, epilogue, input_gradient, None);
    }

    /// A convolution from one plane to another, by the algorithm that suits it.
    #[expect(
        clippy::too_many_arguments,
        reason = "forward and backward meet here, and nothing else calls it"
    )]
    fn pass(
        &self,
        workspace: &Workspace,
        filter: &PackedFilter,
        panels: &[f32],
        (input, output): (Plane, Plane),
        padding: [usize; 2],
        from: (&[f32], Gate<'_>),
        epilogue: Epilogue<'_>,
        to: &mut [f32],
        gate: Option<&mut [u8]>,
    ) {
        let (batch, isa) = (self.batch, filter.isa());
        if self.by_winograd() {
            let kernel = isa.winograd_kernel();
            let pass = winograd::Pass { kernel, batch, input, output, padding: padding[0], panels };
            pass.run(workspace, from, epilogue, to, gate);
        } else {
            let pass = direct::Pass { isa, batch, input, output, kernel: self.kernel, padding, panels };
            pass.run(workspace, from, epilogue, to, gate);
        }
    }

    /// The gradient with respect to the filter, as OIHW.
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn backward_filter(
        &self,
        isa: Isa,
        input: &[f32],
        output_gradient: &[f32],
        filter_gradient: &mut [f32],
    ) {
        let taps = self.kernel[0] * self.kernel[1];
        let len = self.out_channels * self.in_channels * taps;
        assert_eq!(
            (input.len(), output_gradient.len(), filter_gradient.len()),
            (self.input_len(), self.output_len(), len),
            "operands of {self:?}"
        );
        filter_gradient::compute(self, isa, input, output_gradient, filter_gradient);
    }
}

/// # Panics
/// If it is more than fits: extents beside a zero may be of any size.
fn product(extents: [usize; 4]) -> usize {
    let product = extents.into_iter().try_fold(1usize, usize::checked_mul);
    product.expect("more values than can be counted")
}

#[cfg(test)]
mod tests;
