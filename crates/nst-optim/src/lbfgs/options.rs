//! What can be chosen about L-BFGS.

use crate::{Error, Result};

/// Options of [`crate::Lbfgs`]. [`Default`] is for pictures and other rough objectives; [`LbfgsOptions::torch`] is
/// `torch.optim.LBFGS`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LbfgsOptions {
    /// The factor on each step (of a line search: on its first trial), above 0. Default 1, the quasi-Newton step.
    pub learning_rate: f64,
    /// How many curvature pairs are kept, at least 1; each takes twice the memory of `x`. Default 20; torch 100.
    pub history: usize,
    /// Converged when no element of the gradient is greater; negative: no such rule. Default -1; torch 1e-7.
    pub tolerance_grad: f64,
    /// Converged when the slope along the direction is greater than minus this, no element of the step is greater than this,
    /// or the loss changes less; negative: no such rule. Default -1; torch 1e-9.
    pub tolerance_change: f64,
    /// How far to go along the direction. Default (torch too) [`LineSearch::None`].
    pub line_search: LineSearch,
    /// The length of the first step, which has no curvature to go by. Default [`FirstStep::Torch`].
    pub first_step: FirstStep,
    /// A step whose root mean square over all elements is greater is scaled down to it, above 0. A line search goes no
    /// farther either. Default none.
    pub max_step_rms: Option<f64>,
    /// What to do about a bad step. Default [`Backtrack::default`]; torch none.
    pub backtrack: Option<Backtrack>,
}

/// The length of the first step, along minus the gradient `g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FirstStep {
    /// `min(1, 1 / sum|g|) * learning_rate`, at the very first step only, as torch has it. A later step may be without
    /// curvature pairs too, if those so far were not convex; it is then `learning_rate` times the whole gradient.
    Torch,
    /// It moves each element by so much (times `learning_rate`) on average, above 0. So does every step without a
    /// curvature pair.
    MeanAbsolute(f64),
}

/// How far to go along a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineSearch {
    /// `learning_rate` times the direction: one evaluation.
    None,
    /// Until the strong Wolfe conditions hold (c1 = 1e-4, c2 = 0.9), as in
    /// `torch.optim.LBFGS(line_search_fn="strong_wolfe")`: one trial and at most 25 more, beside those that a
    /// [`Backtrack`] adds to get away from points that are not finite.
    StrongWolfe,
}

/// Shorter steps after a bad one.
///
/// A step that makes the loss or its gradient not finite, or raises the loss from `f` to more than
/// `f + (growth - 1) |f|` (for positive losses, to more than `growth` times), is cut by `factor` and tried again. The line
/// search judges growth by itself; it draws back from points that are not finite by the same rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtrack {
    /// What is left of a step after a cut, between 0 and 1. Default 0.3.
    pub factor: f64,
    /// The greatest growth that is let pass, at least 1. Default 2: without a line search, runs are not monotone.
    pub growth: f64,
    /// Cuts before the step fails. Default 8, down to 1/15000 of the step.
    pub attempts: usize,
}

impl Default for LbfgsOptions {
    fn default() -> Self {
        Self {
            learning_rate: 1.0,
            history: 20,
            tolerance_grad: -1.0,
            tolerance_change: -1.0,
            line_search: LineSearch::None,
            first_step: FirstStep::Torch,
            max_step_rms: None,
            backtrack: Some(Backtrack::default()),
        }
    }
}

impl Default for Backtrack {
    fn default() -> Self {
        Self { factor: 0.3, growth: 2.0, attempts: 8 }
    }
}

impl LbfgsOptions {
    /// The defaults of `torch.optim.LBFGS`: 100 pairs, tolerances 1e-7 and 1e-9, no safeguard.
    pub fn torch() -> Self {
        Self {
            history: 100,
            tolerance_grad: 1e-7,
            tolerance_change: 1e-9,
            backtrack: None,
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let positive = |option, value: f64| {
            Error::unless(value.is_finite() && value > 0.0, option, "finite and above 0", value)
        };
        let number = |option, value: f64| Error::unless(!value.is_nan(), option, "a number", value);
        positive("learning_rate", self.learning_rate)?;
        Error::unless(self.history > 0, "history", "at least 1", self.history as f64)?;
        number("tolerance_grad", self.tolerance_grad)?;
        number("tolerance_change", self.tolerance_change)?;
        if let FirstStep::MeanAbsolute(step) = self.first_step {
            positive("first_step", step)?;
        }
        if let Some(step) = self.max_step_rms {
            positive("max_step_rms", step)?;
        }
        if let Some(Backtrack { factor, growth, .. }) = self.backtrack {
            Error::unless(factor > 0.0 && factor < 1.0, "backtrack.factor", "between 0 and 1", factor)?;
            Error::unless(growth >= 1.0, "backtrack.growth", "at least 1", growth)?;
        }
        Ok(())
    }
}
