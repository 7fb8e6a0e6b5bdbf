//! Products of matrices.

use crate::{Error, Result, Shape, Tensor, Transpose};

impl Tensor {
    /// `op(self) op(other)`: the product of two matrices, each as it lies or transposed.
    ///
    /// # Errors
    /// If either is no matrix, the inner extents or the devices differ, or the device fails.
    pub fn matmul(&self, transpose: Transpose, other: &Self, transpose_other: Transpose) -> Result<Self> {
        self.same_device("matmul", &[other])?;
        let extents = |tensor: &Self, transpose| match tensor.shape().dims() {
            [rows, columns] if transpose == Transpose::No => Ok([*rows, *columns]),
            [rows, columns] => Ok([*columns, *rows]),
            _ => Err(Error::shape("matmul", "a matrix", tensor.shape())),
        };
        let [m, k] = extents(self, transpose)?;
        let [other_k, n] = extents(other, transpose_other)?;
        if k != other_k {
            return Err(Error::shape("matmul", format!("an inner extent of {k}"), other.shape()));
        }
        let buffer = self.device().backend().matmul((self, transpose), (other, transpose_other))?;
        Ok(Self::from_buffer(self.device(), Shape::from([m, n]), buffer))
    }

    /// `FᵀF` of a feature map `[.., channels]` taken as a matrix of positions x channels: the sum over positions of the
    /// products of channels, `[channels, channels]`, without any normalisation (Gatys, Ecker and Bethge 2015, eq. 3).
    ///
    /// # Errors
    /// If it is a scalar or the device fails.
    pub fn gram(&self) -> Result<Self> {
        if self.shape().dims().is_empty() {
            return Err(Error::shape("gram", "[.., channels]", self.shape()));
        }
        let channels = self.shape().channels();
        let buffer = self.device().backend().gram(self)?;
        Ok(Self::from_buffer(self.device(), Shape::from([channels, channels]), buffer))
    }

    /// From `self`, the gradient with respect to the [`Tensor::gram`] of `features`, that with respect to `features`:
    /// `F (self + selfᵀ)`, added to `sum` if there is one. A `sum` that nobody else holds is written in place.
    ///
    /// # Errors
    /// If the operands do not go together or the device fails.
    pub fn gram_backward(&self, features: &Self, sum: Option<Self>) -> Result<Self> {
        self.same_device("gram_backward", &[features])?;
        let channels = features.shape().channels();
        if features.shape().dims().is_empty() {
            return Err(Error::shape("gram_backward", "features [.., channels]", features.shape()));
        }
        if self.shape().dims() != [channels; 2] {
            return Err(Error::shape("gram_backward", format!("[{channels}, {channels}]"), self.shape()));
        }
        if let Some(sum) = &sum {
            features.same_shape("gram_backward", sum)?;
        }
        let buffer = self.device().backend().gram_backward(features, self, sum)?;
        Ok(Self::from_buffer(self.device(), features.shape().clone(), buffer))
    }
}
