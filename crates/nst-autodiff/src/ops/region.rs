//! Crops and borders of images and feature maps.

use crate::{Result, Var};
use nst_tensor::{Border, Padding, Region, Tensor};

impl Var {
    /// A region of each image: see [`nst_tensor::Tensor::crop`].
    ///
    /// # Errors
    /// If it is no image, the region does not lie within it, or the device fails.
    pub fn crop(&self, region: Region) -> Result<Self> {
        let value = self.value().crop(region)?;
        let [_, rows, columns, _] = self.value().shape().nhwc("crop")?;
        let Region { top, left, height, width } = region;
        let border = Border { top, left, bottom: rows - top - height, right: columns - left - width };
        Ok(self.record_adding(value, move |cotangent, sum| match sum {
            Some(sum) => sum.add_region(&cotangent, top, left),
            None => cotangent.pad(border, Padding::Zero),
        }))
    }

    /// Each image with a border: see [`nst_tensor::Tensor::pad`]. The gradient with respect to a pixel at the edge is the sum
    /// of its own and of those that repeat it.
    ///
    /// # Errors
    /// If it is no image, there is no edge to repeat, or the device fails.
    pub fn pad(&self, border: Border, padding: Padding) -> Result<Self> {
        let [_, height, width, _] = self.value().shape().nhwc("pad")?;
        self.record_unary(self.value().pad(border, padding)?, move |cotangent| match padding {
            Padding::Zero => cotangent.crop(Region { top: border.top, left: border.left, height, width }),
            Padding::Edge => folded(&cotangent, border),
        })
    }
}

/// Adds each row and column of a border to the edge beside it, and takes the border off.
fn folded(padded: &Tensor, border: Border) -> nst_tensor::Result<Tensor> {
    let [_, rows, columns, _] = padded.shape().nhwc("pad")?;
    let band = |top, height| Region { top, left: 0, height, width: columns };
    let height = rows - border.top - border.bottom;
    let mut tall = padded.crop(band(border.top, height))?;
    for row in (0..border.top).chain(rows - border.bottom..rows) {
        let edge = if row < border.top { 0 } else { height - 1 };
        tall = tall.add_region(&padded.crop(band(row, 1))?, edge, 0)?;
    }
    let band = |left, width| Region { top: 0, left, height, width };
    let width = columns - border.left - border.right;
    let mut folded = tall.crop(band(border.left, width))?;
    for column in (0..border.left).chain(columns - border.right..columns) {
        let edge = if column < border.left { 0 } else { width - 1 };
        folded = folded.add_region(&tall.crop(band(column, 1))?, 0, edge)?;
    }
    Ok(folded)
}
