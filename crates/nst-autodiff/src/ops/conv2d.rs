//! Convolution, with a filter that is fixed or is a variable itself.

use crate::{Result, Var};
use nst_tensor::{Epilogue, Filter, Gate};

impl Var {
    /// The convolution with a fixed filter and epilogue: see [`nst_tensor::Tensor::conv2d`]. Only the gradient with respect
    /// to the images is ever computed; of the output nothing but the gate's bits is kept for it.
    ///
    /// # Errors
    /// If the operands do not go together or the device fails.
    pub fn conv2d(&self, filter: &Filter, padding: usize, epilogue: Epilogue<'_>) -> Result<Self> {
        if !self.is_recorded() {
            return Ok(Self::constant(self.value().conv2d(filter, padding, epilogue)?));
        }
        let (output, gate) = self.value().conv2d_gated(filter, padding, epilogue)?;
        let (filter, input) = (filter.clone(), self.value().shape().clone());
        self.record_unary(output, move |cotangent| {
            cotangent.conv2d_backward_data(&gate, &filter, padding, &input)
        })
    }

    /// The convolution with a filter `[out channels, in channels, height, width]` and a bias `[out channels]` that are
    /// variables too, as in training.
    ///
    /// # Errors
    /// As [`Var::conv2d`], or if the variables belong to different tapes.
    pub fn conv2d_trainable(&self, filter: &Self, bias: &Self, padding: usize) -> Result<Self> {
        let packed = Filter::new(filter.value())?;
        let input = self.value().clone();
        let epilogue = Epilogue { bias: Some(bias.value()), ..Epilogue::default() };
        let output = input.conv2d(&packed, padding, epilogue)?;
        let gate = Gate::open(output.device(), output.shape());
        Self::record(output, &[self, filter, bias], move |cotangent, wanted| {
            let of_input = wanted[0]
                .then(|| cotangent.conv2d_backward_data(&gate, &packed, padding, input.shape()))
                .transpose()?;
            let of_filter =
                wanted[1].then(|| cotangent.conv2d_backward_filter(&input, &packed, padding)).transpose()?;
            let of_bias = wanted[2].then(|| cotangent.channel_sums()).transpose()?;
            Ok(vec![of_input, of_filter, of_bias])
        })
    }
}
