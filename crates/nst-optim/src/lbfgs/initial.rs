//! The inverse Hessian to begin with.

use crate::BoxError;
use nst_tensor::Tensor;
use std::fmt::Debug;

/// An approximate inverse Hessian that L-BFGS corrects by its curvature pairs (the `H_k^0` of Nocedal and Wright, *Numerical
/// Optimization*, 2nd edition, algorithm 7.4), in place of a multiple of the identity. It tells what is known of the objective
/// beyond the pairs kept.
pub trait InitialInverse: Debug {
    /// It times a vector. Linear, symmetric and positive definite, of the scale that the objective has.
    ///
    /// # Errors
    /// Whatever keeps it from an answer; it ends the step and comes back as [`crate::Error::InitialInverse`].
    fn apply(&self, vector: &[Tensor]) -> Result<Vec<Tensor>, BoxError>;

    /// Takes a new curvature pair, a step s and the change y of the gradient over it, with the inner products `s·y`, which is
    /// positive, and `y·y`, which L-BFGS has measured: called at least once before [`InitialInverse::apply`].
    ///
    /// # Errors
    /// As [`InitialInverse::apply`].
    fn learn(&mut self, step: &[Tensor], change: &[Tensor], products: [f64; 2]) -> Result<(), BoxError>;

    /// Forgets all pairs.
    fn forget(&mut self);
}
