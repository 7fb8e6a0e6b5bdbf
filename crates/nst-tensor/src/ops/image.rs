//! Operations on images and feature maps: pooling, total variation.

use crate::{Error, Pool2d, Pooling, Result, Shape, Tensor, Variation};

impl Tensor {
    /// Pooling over 2x2 windows with stride two: `[batch, height / 2, width / 2, channels]`. A last odd row or column is
    /// left out.
    ///
    /// # Errors
    /// If it is no feature map or the device fails.
    pub fn pool2d(&self, kind: Pooling) -> Result<Self> {
        let pool = geometry("pool2d", self.shape())?;
        let buffer = self.device().backend().pool2d(&pool, kind, self)?;
        Ok(Self::from_buffer(self.device(), output_shape(&pool), buffer))
    }

    /// From `self`, the gradient with respect to the output of [`Tensor::pool2d`] of `input`, that with respect to
    /// `input`.
    ///
    /// # Errors
    /// If the operands do not go together or the device fails.
    pub fn pool2d_backward(&self, kind: Pooling, input: &Self) -> Result<Self> {
        self.same_device("pool2d_backward", &[input])?;
        let pool = geometry("pool2d_backward", input.shape())?;
        if self.shape() != &output_shape(&pool) {
            return Err(Error::shape("pool2d_backward", output_shape(&pool).to_string(), self.shape()));
        }
        let buffer = self.device().backend().pool2d_backward(&pool, kind, input, self)?;
        Ok(Self::from_buffer(self.device(), input.shape().clone(), buffer))
    }

    /// The total variation of images `[batch, height, width, channels]`, summed over all of them, as a scalar.
    ///
    /// # Errors
    /// If it has another rank or the device fails.
    pub fn total_variation(&self, kind: Variation) -> Result<Self> {
        self.shape().nhwc("total_variation")?;
        let buffer = self.device().backend().total_variation(kind, self)?;
        Ok(Self::from_buffer(self.device(), Shape::from([]), buffer))
    }

    /// The gradient of [`Tensor::total_variation`] with respect to `self`.
    ///
    /// # Errors
    /// If it has another rank or the device fails.
    pub fn total_variation_backward(&self, kind: Variation) -> Result<Self> {
        self.shape().nhwc("total_variation_backward")?;
        let buffer = self.device().backend().total_variation_backward(kind, self)?;
        Ok(Self::from_buffer(self.device(), self.shape().clone(), buffer))
    }
}

fn geometry(operation: &'static str, input: &Shape) -> Result<Pool2d> {
    let [batch, height, width, channels] = input.nhwc(operation)?;
    Ok(Pool2d { batch, height, width, channels })
}

fn output_shape(pool: &Pool2d) -> Shape {
    Shape::from([pool.batch, pool.height / 2, pool.width / 2, pool.channels])
}
