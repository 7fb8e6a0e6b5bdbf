//! Convolution, with a filter that is fixed or is a variable itself.

use crate::{Result, Var};
use nst_tensor::{Activation, Filter, Tensor, Zip};

impl Var {
    /// The convolution with a fixed filter and bias: see [`Tensor::conv2d`]. Only the gradient with respect to the images
    /// is ever computed.
    ///
    /// # Errors
    /// If the operands do not go together or the device fails.
    pub fn conv2d(
        &self,
        filter: &Filter,
        bias: Option<&Tensor>,
        padding: usize,
        activation: Activation,
    ) -> Result<Self> {
        let output = self.value().conv2d(filter, bias, padding, activation)?;
        let activated = (activation == Activation::Relu).then(|| output.clone());
        let (filter, input) = (filter.clone(), self.value().shape().clone());
        self.record_unary(output, move |cotangent| {
            cotangent.conv2d_backward_data(activated.as_ref(), &filter, padding, &input)
        })
    }

    /// The convolution with a filter `[out channels, in channels, height, width]` and a bias `[out channels]` that are
    /// variables too, as in training.
    ///
    /// # Errors
    /// As [`Var::conv2d`], or if the variables belong to different tapes.
    pub fn conv2d_trainable(
        &self,
        filter: &Self,
        bias: &Self,
        padding: usize,
        activation: Activation,
    ) -> Result<Self> {
        let packed = Filter::new(filter.value())?;
        let input = self.value().clone();
        let output = input.conv2d(&packed, Some(bias.value()), padding, activation)?;
        let activated = (activation == Activation::Relu).then(|| output.clone());
        Self::record(output, &[self, filter, bias], move |cotangent, wanted| {
            let mask = activated.as_ref();
            let of_input = wanted[0]
                .then(|| cotangent.conv2d_backward_data(mask, &packed, padding, input.shape()))
                .transpose()?;
            let of_filter = wanted[1]
                .then(|| cotangent.conv2d_backward_filter(mask, &input, &packed, padding))
                .transpose()?;
            let of_bias = wanted[2]
                .then(|| match mask {
                    Some(mask) => cotangent.zip(mask, Zip::Mask)?.channel_sums(),
                    None => cotangent.channel_sums(),
                })
                .transpose()?;
            Ok(vec![of_input, of_filter, of_bias])
        })
    }
}
