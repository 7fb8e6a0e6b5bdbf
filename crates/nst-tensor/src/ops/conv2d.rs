//! Convolution and its gradients.

use crate::{Conv2d, Epilogue, Error, Filter, Gate, Result, Shape, Tensor};

impl Tensor {
    /// The convolution (cross-correlation) of images `[batch, height, width, in channels]` with stride one and `padding`
    /// zeros on each side, then its epilogue.
    ///
    /// # Errors
    /// If operands do not go together, the padded image is smaller than the filter, the padding is not smaller than the
    /// filter, or the device fails.
    pub fn conv2d(&self, filter: &Filter, padding: usize, epilogue: Epilogue<'_>) -> Result<Self> {
        Ok(self.convolve(filter, padding, &epilogue, false)?.0)
    }

    /// As [`Tensor::conv2d`], and the gate that a gradient needs on its way back.
    ///
    /// # Errors
    /// As [`Tensor::conv2d`].
    pub fn conv2d_gated(
        &self,
        filter: &Filter,
        padding: usize,
        epilogue: Epilogue<'_>,
    ) -> Result<(Self, Gate)> {
        self.convolve(filter, padding, &epilogue, epilogue.decides())
    }

    fn convolve(
        &self,
        filter: &Filter,
        padding: usize,
        epilogue: &Epilogue<'_>,
        wanted: bool,
    ) -> Result<(Self, Gate)> {
        let conv = geometry("conv2d", self.shape(), filter, padding)?;
        self.on_device_of("conv2d", filter)?;
        if let Some(bias) = epilogue.bias {
            self.same_device("conv2d", &[bias])?;
            if bias.shape().dims() != [conv.out_channels] {
                let expected = format!("a bias of [{}]", conv.out_channels);
                return Err(Error::shape("conv2d", expected, bias.shape()));
            }
        }
        let (buffer, bits) =
            self.device().backend().conv2d(&conv, self, filter.packed(), epilogue, wanted)?;
        let output = output_shape(&conv);
        let stored = match (epilogue.pooling, output.dims()) {
            (Some(_), &[batch, height, width, channels]) => {
                Shape::from([batch, height / 2, width / 2, channels])
            }
            _ => output.clone(),
        };
        let gate = Gate::new(self.device(), epilogue.pooling, [output, stored.clone()], bits);
        Ok((Self::from_buffer(self.device(), stored, buffer), gate))
    }

    /// From `self`, the gradient with respect to the output of a [`Tensor::conv2d`], that with respect to its input, of
    /// shape `input`.
    ///
    /// # Errors
    /// As [`Tensor::conv2d`].
    pub fn conv2d_backward_data(
        &self,
        gate: &Gate,
        filter: &Filter,
        padding: usize,
        input: &Shape,
    ) -> Result<Self> {
        const OPERATION: &str = "conv2d_backward_data";
        let conv = geometry(OPERATION, input, filter, padding)?;
        self.on_device_of(OPERATION, filter)?;
        if gate.device() != self.device() {
            return Err(Error::Device { operation: OPERATION });
        }
        let output = output_shape(&conv);
        if gate.output() != &output {
            return Err(Error::shape(OPERATION, format!("a gate of {output}"), gate.output()));
        }
        if self.shape() != gate.stored() {
            return Err(Error::shape(OPERATION, gate.stored().to_string(), self.shape()));
        }
        let buffer = self.device().backend().conv2d_backward_data(&conv, self, gate, filter.packed())?;
        Ok(Self::from_buffer(self.device(), input.clone(), buffer))
    }

    /// From `self`, the gradient with respect to the output of a [`Tensor::conv2d`] of `input` without activation or
    /// pooling, that with respect to its filter, `[out channels, in channels, height, width]`.
    ///
    /// # Errors
    /// As [`Tensor::conv2d`].
    pub fn conv2d_backward_filter(&self, input: &Self, filter: &Filter, padding: usize) -> Result<Self> {
        const OPERATION: &str = "conv2d_backward_filter";
        let conv = geometry(OPERATION, input.shape(), filter, padding)?;
        self.same_device(OPERATION, &[input])?;
        let output = output_shape(&conv);
        if self.shape() != &output {
            return Err(Error::shape(OPERATION, output.to_string(), self.shape()));
        }
        let buffer = self.device().backend().conv2d_backward_filter(&conv, input, self)?;
        let [height, width] = conv.kernel;
        let shape = Shape::from([conv.out_channels, conv.in_channels, height, width]);
        Ok(Self::from_buffer(self.device(), shape, buffer))
    }

    fn on_device_of(&self, operation: &'static str, filter: &Filter) -> Result<()> {
        if self.device() == filter.device() { Ok(()) } else { Err(Error::Device { operation }) }
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
    let conv =
        Conv2d { batch, height, width, in_channels, out_channels: filter.out_channels(), kernel, padding };
    // An input without elements may have an extent of any size.
    if output_shape(&conv).len() == usize::MAX {
        return Err(Error::shape(operation, "an output of fewer values", &output_shape(&conv)));
    }
    Ok(conv)
}
