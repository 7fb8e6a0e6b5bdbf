//! Convolution and its gradients.

use crate::{Activation, Conv2d, Error, Filter, Result, Shape, Tensor};

impl Tensor {
    /// The convolution (cross-correlation) of images `[batch, height, width, in channels]` with stride one and `padding`
    /// zeros on each side; then the bias `[out channels]` is added and the activation applied.
    ///
    /// # Errors
    /// If operands do not go together, the padded image is smaller than the filter, the padding is not smaller than the
    /// filter, or the device fails.
    pub fn conv2d(
        &self,
        filter: &Filter,
        bias: Option<&Self>,
        padding: usize,
        activation: Activation,
    ) -> Result<Self> {
        let conv = geometry("conv2d", self.shape(), filter, padding)?;
        self.on_device_of("conv2d", filter)?;
        if let Some(bias) = bias {
            self.same_device("conv2d", &[bias])?;
            if bias.shape().dims() != [conv.out_channels] {
                return Err(Error::shape(
                    "conv2d",
                    format!("a bias of [{}]", conv.out_channels),
                    bias.shape(),
                ));
            }
        }
        let buffer = self.device().backend().conv2d(&conv, self, filter.packed(), bias, activation)?;
        Ok(Self::from_buffer(self.device(), output_shape(&conv), buffer))
    }

    /// From `self`, the gradient with respect to the output of a [`Tensor::conv2d`], that with respect to its input, of
    /// shape `input`. `activated`: that output, if a ReLU was fused.
    ///
    /// # Errors
    /// As [`Tensor::conv2d`].
    pub fn conv2d_backward_data(
        &self,
        activated: Option<&Self>,
        filter: &Filter,
        padding: usize,
        input: &Shape,
    ) -> Result<Self> {
        let conv = geometry("conv2d_backward_data", input, filter, padding)?;
        self.on_device_of("conv2d_backward_data", filter)?;
        self.is_output_gradient("conv2d_backward_data", &conv, activated)?;
        let buffer = self.device().backend().conv2d_backward_data(&conv, self, activated, filter.packed())?;
        Ok(Self::from_buffer(self.device(), input.clone(), buffer))
    }

    /// From `self`, the gradient with respect to the output of a [`Tensor::conv2d`] of `input`, that with respect to its
    /// filter, `[out channels, in channels, height, width]`. `activated`: that output, if a ReLU was fused.
    ///
    /// # Errors
    /// As [`Tensor::conv2d`].
    pub fn conv2d_backward_filter(
        &self,
        activated: Option<&Self>,
        input: &Self,
        filter: &Filter,
        padding: usize,
    ) -> Result<Self> {
        let conv = geometry("conv2d_backward_filter", input.shape(), filter, padding)?;
        self.same_device("conv2d_backward_filter", &[input])?;
        self.is_output_gradient("conv2d_backward_filter", &conv, activated)?;
        let buffer = self.device().backend().conv2d_backward_filter(&conv, input, self, activated)?;
        let [height, width] = conv.kernel;
        let shape = Shape::from([conv.out_channels, conv.in_channels, height, width]);
        Ok(Self::from_buffer(self.device(), shape, buffer))
    }

    fn on_device_of(&self, operation: &'static str, filter: &Filter) -> Result<()> {
        if self.device() == filter.device() { Ok(()) } else { Err(Error::Device { operation }) }
    }

    fn is_output_gradient(
        &self,
        operation: &'static str,
        conv: &Conv2d,
        activated: Option<&Self>,
    ) -> Result<()> {
        let expected = output_shape(conv);
        if self.shape() != &expected {
            return Err(Error::shape(operation, expected.to_string(), self.shape()));
        }
        activated.map_or(Ok(()), |activated| self.same_shape(operation, activated))
    }
}

fn output_shape(conv: &Conv2d) -> Shape {
    Shape::from([conv.batch, conv.out_height(), conv.out_width(), conv.out_channels])
}

fn geometry(operation: &'static str, input: &Shape, filter: &Filter, padding: usize) -> Result<Conv2d> {
    let [batch, height, width, in_channels] = input.nhwc(operation)?;
    let kernel = filter.kernel();
    if in_channels != filter.in_channels() {
        return Err(Error::shape(operation, format!("{} input channels", filter.in_channels()), input));
    }
    if kernel.iter().any(|&side| padding >= side) {
        let (expected, got) = (format!("a padding less than {kernel:?}"), padding.to_string());
        return Err(Error::Shape { operation, expected, got });
    }
    if height + 2 * padding < kernel[0] || width + 2 * padding < kernel[1] {
        return Err(Error::shape(
            operation,
            format!("an image of at least {kernel:?} with its padding"),
            input,
        ));
    }
    Ok(Conv2d { batch, height, width, in_channels, out_channels: filter.out_channels(), kernel, padding })
}
