//! What is minimised.

use nst_tensor::Tensor;

/// Any error of an objective.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A differentiable function of some tensors. Closures `FnMut(&[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError>` are
/// objectives.
pub trait Objective {
    /// The loss at `x` and its gradient: one tensor for each of `x`, of the same shape and on the same device.
    ///
    /// Loss and gradient must belong to the same function: the steps are chosen from both. A loss that is not finite is no
    /// error: the optimizer takes the point for out of bounds.
    ///
    /// # Errors
    /// Whatever keeps the objective from an answer; it ends the step and comes back as [`crate::Error::Objective`].
    fn evaluate(&mut self, x: &[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError>;
}

impl<F> Objective for F
where
    F: FnMut(&[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError>,
{
    fn evaluate(&mut self, x: &[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError> {
        self(x)
    }
}
