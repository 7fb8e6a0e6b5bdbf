//! What an optimizer does and what it reports.

use crate::{Objective, Result};
use nst_tensor::Tensor;
use std::fmt;

/// A method that minimises an [`Objective`] step by step.
///
/// The loss and gradient at the iterate are kept from one step to the next, so that `n` steps of one evaluation each cost
/// `n + 1` evaluations. They always belong to the iterate as the caller holds it: if `x` holds other tensors than the last
/// step left there (the caller clamped it, say), it is evaluated again.
pub trait Optimizer {
    /// Evaluates `x` and keeps the result for the first step, which would do it otherwise. The loss; not finite if the
    /// objective is not.
    ///
    /// # Errors
    /// If the objective or a tensor operation fails, or the gradient or `x` has other shapes than expected.
    fn start(&mut self, x: &[Tensor], objective: &mut dyn Objective) -> Result<f64>;

    /// One iteration: moves `x` to a better point, evaluates that and keeps the result. `x` is written only when a point is
    /// accepted: after a failure or an error it is what it was.
    ///
    /// # Errors
    /// As [`Optimizer::start`].
    fn step(&mut self, x: &mut [Tensor], objective: &mut dyn Objective) -> Result<Step>;

    /// Forgets what earlier steps taught, and the kept evaluation: the next step starts afresh, at any `x`, on any
    /// objective. Options, and what [`Optimizer::shrink`] did to them, stay.
    fn reset(&mut self);

    /// Makes all later steps shorter: `factor` times as long, `0 < factor < 1`. After a failed step, [`Optimizer::reset`]
    /// and this let the next one try again more carefully.
    fn shrink(&mut self, factor: f64);

    /// Makes ready for another problem that is like the last one in another space (a picture in another size), with what was
    /// learned where that makes sense: `map` takes each tensor of it over there. Unless a method says otherwise it is a
    /// [`Optimizer::reset`].
    ///
    /// # Errors
    /// If `map` fails; nothing that was learned is left then.
    fn carry_over(
        &mut self,
        _map: &mut dyn FnMut(Moment, &Tensor) -> nst_tensor::Result<Tensor>,
    ) -> Result<()> {
        self.reset();
        Ok(())
    }

    /// An average of the iterates, where the method keeps one and has been at a point. It was never evaluated.
    fn average(&self) -> Option<&[Tensor]> {
        None
    }
}

/// What a tensor that an optimizer carries over is, in the space of x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// A running mean of gradients.
    Mean,
    /// A running mean of their squares. What a map makes negative is taken for 0.
    MeanSquare,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[must_use = "a step may have failed"]
pub struct Step {
    /// The loss at the iterate after the step.
    pub loss: f64,
    /// How often this step evaluated the objective.
    pub evaluations: usize,
    /// Whether the iterate is another than before.
    pub moved: bool,
    /// How it went.
    pub status: Status,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// The iterate moved; go on.
    Progress,
    /// There is nothing more to gain, by the options' tolerances. The iterate may have moved to this point.
    Converged(Convergence),
    /// No acceptable step was found; the iterate did not move, and the same call would fail again. Reset and go on, or stop.
    Stalled(Stall),
    /// Loss or gradient were not finite and no shorter step was left to try; the iterate did not move.
    /// If it is itself such a point, [`Step::loss`] says so. Reset, shrink and go on, or stop.
    NotFinite,
}

/// Which rule says that there is nothing more to gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convergence {
    /// The gradient is zero, or its greatest element within tolerance.
    Gradient,
    /// The slope along the direction is within tolerance.
    Slope,
    /// The greatest element of the last step is within tolerance.
    Step,
    /// The last change of the loss is within tolerance.
    Loss,
}

/// Why no step was acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stall {
    /// However short the step, the loss grew too much: the gradient may be wrong.
    Growth,
    /// The line search found no lower point: the gradient may be wrong, or is down to rounding errors.
    LineSearch,
    /// The direction does not lead downhill: the curvature pairs are down to rounding errors.
    Ascent,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Progress => "progress",
            Self::Converged(Convergence::Gradient) => "converged: the gradient vanishes",
            Self::Converged(Convergence::Slope) => "converged: the slope along the direction vanishes",
            Self::Converged(Convergence::Step) => "converged: the steps have become too small",
            Self::Converged(Convergence::Loss) => "converged: the loss does not change any more",
            Self::Stalled(Stall::Growth) => "stalled: the loss grows however short the step is",
            Self::Stalled(Stall::LineSearch) => "stalled: the line search found no lower point",
            Self::Stalled(Stall::Ascent) => "stalled: the direction does not lead downhill",
            Self::NotFinite => "failed: the loss or its gradient is not finite",
        })
    }
}
