//! Products of matrices.

use crate::{Result, Var};
use nst_tensor::Transpose::{No, Yes};

impl Var {
    /// The product of two matrices.
    ///
    /// # Errors
    /// If the shapes, devices or tapes do not go together, or the device fails.
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        let (a, b) = (self.value().clone(), other.value().clone());
        Self::record(a.matmul(No, &b, No)?, &[self, other], move |cotangent, wanted| {
            let of_a = wanted[0].then(|| cotangent.matmul(No, &b, Yes)).transpose()?;
            let of_b = wanted[1].then(|| a.matmul(Yes, &cotangent, No)).transpose()?;
            Ok(vec![of_a, of_b])
        })
    }

    /// `FᵀF` of a feature map: the sum over positions of the products of channels, `[channels, channels]`.
    ///
    /// # Errors
    /// If it is a scalar or the device fails.
    pub fn gram(&self) -> Result<Self> {
        let features = self.value().clone();
        let value = features.gram()?;
        Ok(self.record_adding(value, move |cotangent, sum| cotangent.gram_backward(&features, sum)))
    }
}
