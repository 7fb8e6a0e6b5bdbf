//! Images of another size.

use std::borrow::Cow;

use crate::{Error, Interpolation, Result, Shape, Taps, Tensor};

impl Tensor {
    /// Images `[batch, height, width, channels]` in another size: `[batch, new height, new width, channels]`. Antialiased, linear
    /// in the values, without clamping; [`Taps::new`] says how, and which programs do the same.
    ///
    /// # Errors
    /// If it has another rank, either image is without pixels or longer than [`Taps::LONGEST`], or the device fails.
    pub fn resize(&self, height: usize, width: usize, interpolation: Interpolation) -> Result<Self> {
        const OPERATION: &str = "resize";
        let [_, from_height, from_width, _] = sized(OPERATION, self.shape())?;
        self.resized(OPERATION, [height, width], || {
            [Taps::new(from_height, height, interpolation), Taps::new(from_width, width, interpolation)]
                .map(Cow::Owned)
        })
    }

    /// From `self`, the gradient with respect to the output of [`Tensor::resize`] of images of `height` and `width`, that with
    /// respect to those images.
    ///
    /// # Errors
    /// As [`Tensor::resize`].
    pub fn resize_backward(&self, height: usize, width: usize, interpolation: Interpolation) -> Result<Self> {
        const OPERATION: &str = "resize_backward";
        let [_, to_height, to_width, _] = sized(OPERATION, self.shape())?;
        self.resized(OPERATION, [height, width], || {
            [Taps::new(height, to_height, interpolation), Taps::new(width, to_width, interpolation)]
                .map(|taps| Cow::Owned(taps.transposed()))
        })
    }

    /// Images whose rows are resampled by one table of weights, and whose columns by the other: what [`Tensor::resize`] does with
    /// [`Taps::new`]. With [`Taps::transposed`] it is the gradient.
    ///
    /// # Errors
    /// If it has another rank or other extents than the tables are for, either image is without pixels or longer than
    /// [`Taps::LONGEST`], or the device fails.
    pub fn resample(&self, rows: &Taps, columns: &Taps) -> Result<Self> {
        const OPERATION: &str = "resample";
        let [_, height, width, _] = sized(OPERATION, self.shape())?;
        if [height, width] != [rows.from(), columns.from()] {
            let expected =
                format!("images of {}x{} pixels, as the weights are for", columns.from(), rows.from());
            return Err(Error::shape(OPERATION, expected, self.shape()));
        }
        self.resized(OPERATION, [rows.to(), columns.to()], || [Cow::Borrowed(rows), Cow::Borrowed(columns)])
    }

    fn resized<'a>(
        &self,
        operation: &'static str,
        [height, width]: [usize; 2],
        taps: impl FnOnce() -> [Cow<'a, Taps>; 2],
    ) -> Result<Self> {
        let [batch, _, _, channels] = self.shape().nhwc(operation)?;
        let shape = Shape::from([batch, height, width, channels]);
        sized(operation, &shape)?;
        // Nothing to make: no taps either, which may be many.
        if shape.is_empty() {
            return Self::full(self.device(), shape, 0.0);
        }
        let [rows, columns] = taps();
        let buffer = self.device().backend().resize(self, &rows, &columns)?;
        Ok(Self::from_buffer(self.device(), shape, buffer))
    }
}

/// The extents of images that can be resized, or result.
fn sized(operation: &'static str, images: &Shape) -> Result<[usize; 4]> {
    let extents @ [_, height, width, _] = images.nhwc(operation)?;
    if [height, width].iter().all(|side| (1..=Taps::LONGEST).contains(side)) {
        return Ok(extents);
    }
    let expected = format!("images of 1 to {} pixels a side", Taps::LONGEST);
    Err(Error::shape(operation, expected, images))
}
