//! The average of the iterates.

use crate::{Result, vector};
use nst_tensor::Tensor;

/// An exponential moving average, with the bias toward its start taken out (Kingma and Ba 2015, section 3): of `n` points the
/// one that came `k` points ago counts `d^k (1 - d) / (1 - d^n)`.
#[derive(Debug)]
pub(crate) struct Average {
    value: Vec<Tensor>,
    decay: f64,
    /// `d^n`.
    forgotten: f64,
}

impl Average {
    /// Of one point.
    pub(crate) fn new(x: &[Tensor], decay: f64) -> Self {
        Self { value: x.to_vec(), decay, forgotten: decay }
    }

    /// With another point in it.
    pub(crate) fn with(&self, x: &[Tensor]) -> Result<Self> {
        let forgotten = self.forgotten * self.decay;
        let share = (1.0 - self.decay) / (1.0 - forgotten);
        let value = vector::combine(&[(1.0 - share, &self.value), (share, x)])?;
        Ok(Self { value, decay: self.decay, forgotten })
    }

    pub(crate) fn value(&self) -> &[Tensor] {
        &self.value
    }
}
