//! The part of a picture that stays as the content is.

use crate::Result;
use nst_autodiff::Var;
use nst_tensor::{Map, Tensor, Zip};

/// How much of each pixel is kept, and of what. The picture that a variable stands for is made of both before anything looks
/// at it, so that the losses see what will be written, and what is kept has no gradient.
pub(crate) struct Kept {
    /// What is left to the variable, of its shape.
    free: Tensor,
    /// The content times the share that is kept.
    fixed: Tensor,
}

impl Kept {
    /// Keeps these shares (0..1, row by row) of the content, given as a variable.
    pub(crate) fn new(content: &Tensor, shares: &[f32]) -> Result<Self> {
        let channels = content.shape().channels();
        let values: Vec<f32> =
            shares.iter().flat_map(|share| std::iter::repeat_n(share.clamp(0.0, 1.0), channels)).collect();
        let shares = Tensor::new(content.device(), content.shape(), &values)?;
        let free = shares.map(Map::Affine { scale: -1.0, offset: 1.0 })?;
        Ok(Self { free, fixed: content.zip(&shares, Zip::Mul)? })
    }

    /// The picture that a variable stands for, in the same units.
    pub(crate) fn apply(&self, x: &Var) -> Result<Var> {
        let constant = |tensor: &Tensor| Var::constant(tensor.clone());
        Ok(x.mul(&constant(&self.free))?.add(&constant(&self.fixed))?)
    }
}
