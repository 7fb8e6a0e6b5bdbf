//! Convolution with stride one, and its gradients with respect to the data and to the filter.

mod filter_gradient;
mod padded_input;
mod pass;

use crate::{Isa, PackedFilter};
use padded_input::Plane;
use pass::Pass;

/// What follows the sum of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(0, x)`.
    Relu,
}

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
        self.batch * self.input().len()
    }

    /// Floats of the output.
    pub fn output_len(&self) -> usize {
        self.batch * self.output().len()
    }

    fn input(&self) -> Plane {
        Plane { height: self.height, width: self.width, channels: self.in_channels }
    }

    fn output(&self) -> Plane {
        Plane { height: self.out_height(), width: self.out_width(), channels: self.out_channels }
    }

    /// `output = activation(filter * input + bias)`.
    ///
    /// # Panics
    /// If a slice or the filter does not fit the geometry.
    pub fn forward(
        &self,
        input: &[f32],
        filter: &PackedFilter,
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        assert_eq!(
            (input.len(), output.len()),
            (self.input_len(), self.output_len()),
            "operands of {self:?}"
        );
        assert!(filter.fits(self), "filter of {self:?}");
        assert!(bias.is_none_or(|bias| bias.len() == self.out_channels), "bias of {self:?}");
        let pass = Pass {
            batch: self.batch,
            input: self.input(),
            output: self.output(),
            kernel: self.kernel,
            padding: [self.padding; 2],
            filter,
            panels: filter.forward(),
        };
        pass.run(input, None, bias, activation, output);
    }

    /// The gradient with respect to the input, from that with respect to the output. With `activated`, the output of a
    /// forward pass with [`Activation::Relu`], the ReLU's derivative is applied on the way.
    ///
    /// # Panics
    /// If a slice or the filter does not fit the geometry.
    pub fn backward_data(
        &self,
        output_gradient: &[f32],
        activated: Option<&[f32]>,
        filter: &PackedFilter,
        input_gradient: &mut [f32],
    ) {
        assert_eq!(
            (output_gradient.len(), input_gradient.len()),
            (self.output_len(), self.input_len()),
            "operands of {self:?}"
        );
        assert!(activated.is_none_or(|mask| mask.len() == self.output_len()), "mask of {self:?}");
        assert!(filter.fits(self), "filter of {self:?}");
        let pass = Pass {
            batch: self.batch,
            input: self.output(),
            output: self.input(),
            kernel: self.kernel,
            padding: self.kernel.map(|side| side - 1 - self.padding),
            filter,
            panels: filter.backward(),
        };
        pass.run(output_gradient, activated, None, Activation::Identity, input_gradient);
    }

    /// The gradient with respect to the filter, as OIHW; `activated` as in [`Conv2d::backward_data`].
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn backward_filter(
        &self,
        isa: Isa,
        input: &[f32],
        output_gradient: &[f32],
        activated: Option<&[f32]>,
        filter_gradient: &mut [f32],
    ) {
        let taps = self.kernel[0] * self.kernel[1];
        let len = self.out_channels * self.in_channels * taps;
        assert_eq!(
            (input.len(), output_gradient.len(), filter_gradient.len()),
            (self.input_len(), self.output_len(), len),
            "operands of {self:?}"
        );
        assert!(activated.is_none_or(|mask| mask.len() == self.output_len()), "mask of {self:?}");
        filter_gradient::compute(self, isa, input, output_gradient, activated, filter_gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::{Activation, Conv2d};
    use crate::reference::{self, test_values};
    use crate::{Isa, PackedFilter};

    fn geometries() -> impl Iterator<Item = Conv2d> {
        [
            (1, 1, 1, 1, 1, 3, 1),
            (1, 1, 50, 3, 64, 3, 1),
            (2, 5, 7, 3, 8, 3, 1),
            (1, 13, 11, 17, 33, 3, 1),
            (1, 9, 8, 64, 40, 3, 1),
            (1, 6, 5, 4, 5, 1, 0),
            (2, 6, 5, 4, 5, 3, 0),
            (1, 7, 9, 2, 3, 5, 2),
            (1, 37, 3, 5, 6, 3, 2),
        ]
        .into_iter()
        .map(|(batch, height, width, in_channels, out_channels, side, padding)| Conv2d {
            batch,
            height,
            width,
            in_channels,
            out_channels,
            kernel: [side; 2],
            padding,
        })
    }

    #[test]
    fn forward_agrees_with_the_reference() {
        for conv in geometries() {
            let input = test_values(conv.input_len(), 1);
            let oihw = test_values(conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1], 2);
            let bias = test_values(conv.out_channels, 3);
            for isa in Isa::available() {
                let filter = PackedFilter::new(isa, &conv, &oihw);
                for activation in [Activation::Identity, Activation::Relu] {
                    for bias in [None, Some(bias.as_slice())] {
                        let mut output = vec![9.0; conv.output_len()];
                        conv.forward(&input, &filter, bias, activation, &mut output);
                        let expected = reference::conv2d(&conv, &input, &oihw, bias, activation);
                        reference::assert_close(&output, &expected, 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn gradients_agree_with_the_reference() {
        for conv in geometries() {
            let input = test_values(conv.input_len(), 1);
            let gradient = test_values(conv.output_len(), 4);
            let activated = test_values(conv.output_len(), 5);
            let oihw = test_values(conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1], 2);
            for mask in [None, Some(activated.as_slice())] {
                let data = reference::conv2d_backward_data(&conv, &gradient, mask, &oihw);
                let weights = reference::conv2d_backward_filter(&conv, &input, &gradient, mask);
                for isa in Isa::available() {
                    let filter = PackedFilter::new(isa, &conv, &oihw);
                    let mut output = vec![9.0; input.len()];
                    conv.backward_data(&gradient, mask, &filter, &mut output);
                    reference::assert_close(&output, &data, 1e-5);
                    let mut output = vec![9.0; oihw.len()];
                    conv.backward_filter(isa, &input, &gradient, mask, &mut output);
                    reference::assert_close(&output, &weights, 1e-5);
                }
            }
        }
    }

    #[test]
    fn relu_lets_nan_through() {
        let conv = Conv2d {
            batch: 1,
            height: 1,
            width: 1,
            in_channels: 1,
            out_channels: 1,
            kernel: [1; 2],
            padding: 0,
        };
        let filter = PackedFilter::new(Isa::best(), &conv, &[1.0]);
        let mut output = [0.0];
        conv.forward(&[f32::NAN], &filter, None, Activation::Relu, &mut output);
        assert!(output[0].is_nan());
    }
}
