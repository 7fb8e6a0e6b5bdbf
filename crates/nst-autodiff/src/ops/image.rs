//! Operations on images and feature maps: pooling, total variation.

use crate::{Result, Var};
use nst_tensor::{Interpolation, Pooling, Variation, Zip};

impl Var {
    /// Pooling over 2x2 windows: see [`nst_tensor::Tensor::pool2d`].
    ///
    /// # Errors
    /// If it is no feature map or the device fails.
    pub fn pool2d(&self, kind: Pooling) -> Result<Self> {
        let input = self.value().clone();
        self.record_unary(input.pool2d(kind)?, move |cotangent| cotangent.pool2d_backward(kind, &input))
    }

    /// Images in another size: see [`nst_tensor::Tensor::resize`].
    ///
    /// # Errors
    /// If it is no image, a side is 0 and the other is not, or the device fails.
    pub fn resize(&self, height: usize, width: usize, interpolation: Interpolation) -> Result<Self> {
        let [_, own_height, own_width, _] = self.value().shape().nhwc("resize")?;
        self.record_unary(self.value().resize(height, width, interpolation)?, move |cotangent| {
            cotangent.resize_backward(own_height, own_width, interpolation)
        })
    }

    /// The total variation of images, as a scalar: see [`nst_tensor::Tensor::total_variation`].
    ///
    /// # Errors
    /// If it is no image or the device fails.
    pub fn total_variation(&self, kind: Variation) -> Result<Self> {
        let image = self.value().clone();
        self.record_unary(image.total_variation(kind)?, move |cotangent| {
            image.total_variation_backward(kind)?.zip(&cotangent, Zip::Mul)
        })
    }
}
