//! A box that the iterate stays in.

use crate::Result;
use nst_tensor::{Map, Tensor, Zip};

/// Lower and upper bounds of every element: tensors that the iterate's shapes end with, and that are repeated along the outer
/// axes; scalars, or a vector over channels.
#[derive(Clone, Debug)]
pub struct Bounds {
    lower: Tensor,
    upper: Tensor,
}

impl Bounds {
    /// Bounds, the lower nowhere above the upper.
    pub fn new(lower: Tensor, upper: Tensor) -> Self {
        Self { lower, upper }
    }

    /// The nearest point within the bounds. Exact but for one rounding error where a lower bound is not 0; NaN stays NaN.
    ///
    /// # Errors
    /// If shapes or devices do not go together, or the device fails.
    pub fn project(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(x.iter().map(|x| self.nearest(x)).collect::<nst_tensor::Result<_>>()?)
    }

    /// `lower + max(0, x - lower) - max(0, x - upper)`.
    fn nearest(&self, x: &Tensor) -> nst_tensor::Result<Tensor> {
        let above = |bound: &Tensor| x.zip(bound, Zip::Sub)?.map(Map::Relu);
        let inside = above(&self.lower)?.zip(&above(&self.upper)?, Zip::Sub)?;
        inside.zip(&self.lower, Zip::Add)
    }
}
