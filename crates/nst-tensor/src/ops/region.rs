//! Operations on rectangles of images and feature maps: crops, borders, sums into a region.

use crate::{Border, Error, Padding, Region, Result, Shape, Tensor};

impl Tensor {
    /// A region of each image of `[batch, height, width, channels]`, as a copy:
    /// `[batch, region.height, region.width, channels]`. Its gradient is [`Tensor::pad`] with zeros, or
    /// [`Tensor::add_region`] where there is a sum already.
    ///
    /// # Errors
    /// If it has another rank, the region does not lie within the images, or the device fails.
    pub fn crop(&self, region: Region) -> Result<Self> {
        let [batch, _, _, channels] = within("crop", self.shape(), region)?;
        let buffer = self.device().backend().crop(self, region)?;
        let shape = Shape::from([batch, region.height, region.width, channels]);
        Ok(Self::from_buffer(self.device(), shape, buffer))
    }

    /// Each image of `[batch, height, width, channels]` with a border:
    /// `[batch, top + height + bottom, left + width + right, channels]`. The gradient of [`Padding::Zero`] is
    /// [`Tensor::crop`].
    ///
    /// # Errors
    /// If it has another rank, there is no edge to repeat, the result is larger than can be counted, or the device fails.
    pub fn pad(&self, border: Border, padding: Padding) -> Result<Self> {
        let [batch, height, width, channels] = self.shape().nhwc("pad")?;
        if padding == Padding::Edge && (height == 0 || width == 0) {
            return Err(Error::shape("pad", "images with an edge to repeat", self.shape()));
        }
        let padded = border.around([height, width]).ok_or_else(|| Error::Shape {
            operation: "pad",
            expected: format!("a smaller border around {}", self.shape()),
            got: format!("{border:?}"),
        });
        let [height, width] = padded?;
        let buffer = self.device().backend().pad(self, border, padding)?;
        Ok(Self::from_buffer(self.device(), Shape::from([batch, height, width, channels]), buffer))
    }

    /// These images, `[batch, height, width, channels]`, with `part`, `[batch, rows, columns, channels]`, added to the region
    /// of its size that begins at row `top` and column `left`: the adjoint of [`Tensor::crop`]. Images that nobody else holds
    /// are written in place.
    ///
    /// # Errors
    /// If the part differs in batch or channels or does not lie within the images, the devices differ, or the device fails.
    pub fn add_region(self, part: &Self, top: usize, left: usize) -> Result<Self> {
        const OPERATION: &str = "add_region";
        self.same_device(OPERATION, &[part])?;
        let [batch, height, width, channels] = part.shape().nhwc(OPERATION)?;
        let [images, _, _, of_images] = within(OPERATION, self.shape(), Region { top, left, height, width })?;
        if (batch, channels) != (images, of_images) {
            let expected = format!("a part of [{images}, rows, columns, {of_images}]");
            return Err(Error::shape(OPERATION, expected, part.shape()));
        }
        let (device, shape) = (self.device().clone(), self.shape().clone());
        let buffer = device.backend().add_region(self, part, top, left)?;
        Ok(Self::from_buffer(&device, shape, buffer))
    }
}

/// The extents of images that have this region.
fn within(operation: &'static str, images: &Shape, region: Region) -> Result<[usize; 4]> {
    let extents @ [_, height, width, _] = images.nhwc(operation)?;
    if region.is_within(height, width) {
        return Ok(extents);
    }
    Err(Error::Shape {
        operation,
        expected: format!("a region of {height}x{width} pixels"),
        got: region.to_string(),
    })
}
