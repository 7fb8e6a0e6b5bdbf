//! Operations on single elements, and sums over them.

use crate::{Result, Var};
use nst_tensor::{Map, Shape, Tensor, Zip};

impl Var {
    /// `self + other`; shapes as in [`Tensor::zip`].
    ///
    /// # Errors
    /// If the shapes, devices or tapes do not go together, or the device fails.
    pub fn add(&self, other: &Self) -> Result<Self> {
        let value = self.value().zip(other.value(), Zip::Add)?;
        let shape = other.value().shape().clone();
        Self::record(value, &[self, other], move |cotangent, wanted| {
            let other = wanted[1].then(|| sum_to(&cotangent, &shape)).transpose()?;
            Ok(vec![Some(cotangent), other])
        })
    }

    /// `self - other`; shapes as in [`Tensor::zip`].
    ///
    /// # Errors
    /// As [`Var::add`].
    pub fn sub(&self, other: &Self) -> Result<Self> {
        let value = self.value().zip(other.value(), Zip::Sub)?;
        let shape = other.value().shape().clone();
        Self::record(value, &[self, other], move |cotangent, wanted| {
            let other = wanted[1].then(|| sum_to(&cotangent, &shape)?.scale(-1.0)).transpose()?;
            Ok(vec![Some(cotangent), other])
        })
    }

    /// The product of elements; shapes as in [`Tensor::zip`].
    ///
    /// # Errors
    /// As [`Var::add`].
    pub fn mul(&self, other: &Self) -> Result<Self> {
        let value = self.value().zip(other.value(), Zip::Mul)?;
        let (a, b) = (self.value().clone(), other.value().clone());
        Self::record(value, &[self, other], move |cotangent, wanted| {
            let of_b = wanted[1].then(|| sum_to(&cotangent.zip(&a, Zip::Mul)?, b.shape())).transpose()?;
            let of_a = wanted[0].then(|| cotangent.zip(&b, Zip::Mul)).transpose()?;
            Ok(vec![of_a, of_b])
        })
    }

    /// `factor * self`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn scale(&self, factor: f32) -> Result<Self> {
        self.record_unary(self.value().scale(factor)?, move |cotangent| cotangent.scale(factor))
    }

    /// The square of each element.
    ///
    /// # Errors
    /// If the device fails.
    pub fn square(&self) -> Result<Self> {
        let x = self.value().clone();
        self.record_unary(x.map(Map::Square)?, move |cotangent| cotangent.zip(&x, Zip::Mul)?.scale(2.0))
    }

    /// The square root of each element; its derivative at 0 is infinite.
    ///
    /// # Errors
    /// If the device fails.
    pub fn sqrt(&self) -> Result<Self> {
        let root = self.value().map(Map::Sqrt)?;
        let divisor = root.clone();
        self.record_unary(root, move |cotangent| cotangent.zip(&divisor, Zip::Div)?.scale(0.5))
    }

    /// `max(0, x)` of each element; the derivative at 0 is taken as 0.
    ///
    /// # Errors
    /// If the device fails.
    pub fn relu(&self) -> Result<Self> {
        let value = self.value().map(Map::Relu)?;
        let mask = value.clone();
        self.record_unary(value, move |cotangent| cotangent.zip(&mask, Zip::Mask))
    }

    /// The sum of all elements, as a scalar.
    ///
    /// # Errors
    /// If the device fails.
    pub fn sum(&self) -> Result<Self> {
        let shape = self.value().shape().clone();
        self.record_unary(self.value().sum()?, move |cotangent| spread(&cotangent, &shape))
    }

    /// The sum over all positions of each channel: shape `[channels]`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn channel_sums(&self) -> Result<Self> {
        let shape = self.value().shape().clone();
        self.record_unary(self.value().channel_sums()?, move |cotangent| spread(&cotangent, &shape))
    }

    /// The same values under another shape.
    ///
    /// # Errors
    /// If the shapes have different numbers of elements.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Self> {
        let before = self.value().shape().clone();
        self.record_unary(self.value().reshape(shape)?, move |cotangent| cotangent.reshape(before))
    }
}

/// Repeats `values` along the outer axes of `shape`.
fn spread(values: &Tensor, shape: &Shape) -> nst_tensor::Result<Tensor> {
    Tensor::full(values.device(), shape, 0.0)?.zip(values, Zip::Add)
}

/// Sums over the outer axes that `shape` lacks: the pullback of repeating along them.
fn sum_to(values: &Tensor, shape: &Shape) -> nst_tensor::Result<Tensor> {
    if values.shape() == shape || shape.is_empty() {
        return values.reshape(shape);
    }
    values.reshape([values.shape().len() / shape.len(), shape.len()])?.channel_sums()?.reshape(shape)
}
