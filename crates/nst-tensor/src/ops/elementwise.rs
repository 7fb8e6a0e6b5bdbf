//! Operations on single elements, and sums over them.

use crate::{Error, Map, Result, Shape, Tensor, Zip};

impl Tensor {
    /// Applies a function to each element.
    ///
    /// # Errors
    /// If the device fails.
    pub fn map(&self, op: Map) -> Result<Self> {
        let buffer = self.device().backend().map(self, op)?;
        Ok(Self::from_buffer(self.device(), self.shape().clone(), buffer))
    }

    /// `factor * self`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn scale(&self, factor: f32) -> Result<Self> {
        self.map(Map::Affine { scale: factor, offset: 0.0 })
    }

    /// Applies a function to each pair of elements. `other` has the same shape, or one that `self`'s ends with, and is
    /// then repeated along the outer axes: a vector over channels, a scalar.
    ///
    /// # Errors
    /// If the shapes or devices do not go together, or the device fails.
    pub fn zip(&self, other: &Self, op: Zip) -> Result<Self> {
        self.same_device("zip", &[other])?;
        if !other.shape().is_suffix_of(self.shape()) {
            return Err(Error::shape("zip", format!("{} or what it ends with", self.shape()), other.shape()));
        }
        let buffer = self.device().backend().zip(self, other, op)?;
        Ok(Self::from_buffer(self.device(), self.shape().clone(), buffer))
    }

    /// The sum of `coefficient * tensor` over the terms, coefficients in double precision.
    ///
    /// # Errors
    /// If there is no term, the shapes or devices differ, or the device fails.
    pub fn linear_combination(terms: &[(f64, &Self)]) -> Result<Self> {
        let Some((_, first)) = terms.first() else {
            let (expected, got) = ("at least one term".into(), "none".into());
            return Err(Error::Shape { operation: "linear_combination", expected, got });
        };
        for (_, tensor) in terms {
            first.same_shape("linear_combination", tensor)?;
        }
        let buffer = first.device().backend().linear_combination(terms)?;
        Ok(Self::from_buffer(first.device(), first.shape().clone(), buffer))
    }

    /// The inner product of each pair, in double precision, with one synchronisation for all.
    ///
    /// # Errors
    /// If the two of a pair have different shapes, any two live on different devices, or the device fails.
    pub fn dots(pairs: &[(&Self, &Self)]) -> Result<Vec<f64>> {
        let Some((first, _)) = pairs.first() else { return Ok(Vec::new()) };
        for (a, b) in pairs {
            first.same_device("dots", &[a])?;
            a.same_shape("dots", b)?;
        }
        first.device().backend().dots(pairs)
    }

    /// The greatest absolute value of each tensor, with one synchronisation for all; NaN for one that holds a NaN, 0 for
    /// one without elements.
    ///
    /// # Errors
    /// If any two live on different devices or the device fails.
    pub fn max_abs(tensors: &[&Self]) -> Result<Vec<f64>> {
        let Some(first) = tensors.first() else { return Ok(Vec::new()) };
        first.same_device("max_abs", tensors)?;
        first.device().backend().max_abs(tensors)
    }

    /// The sum of all elements as a scalar, accumulated in double precision.
    ///
    /// # Errors
    /// If the device fails.
    pub fn sum(&self) -> Result<Self> {
        let buffer = self.device().backend().sum(self)?;
        Ok(Self::from_buffer(self.device(), Shape::from([]), buffer))
    }

    /// The sum over all positions of each channel: shape `[channels]`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn channel_sums(&self) -> Result<Self> {
        let buffer = self.device().backend().channel_sums(self)?;
        Ok(Self::from_buffer(self.device(), Shape::from([self.shape().channels()]), buffer))
    }

    pub(super) fn same_shape(&self, operation: &'static str, other: &Self) -> Result<()> {
        self.same_device(operation, &[other])?;
        if other.shape() == self.shape() {
            return Ok(());
        }
        Err(Error::shape(operation, self.shape().to_string(), other.shape()))
    }
}
