//! Limited-memory BFGS.

mod history;
mod initial;
mod line;
mod options;
mod strong_wolfe;
mod symmetric;

pub use initial::InitialInverse;
pub use options::{Backtrack, FirstStep, LbfgsOptions, LineSearch};

use crate::evaluation::Evaluation;
use crate::{Convergence, Error, Objective, Optimizer, Result, Stall, Status, Step, vector};
use history::{Direction, History, Norms};
use line::Arrival;
use nst_tensor::Tensor;

/// L-BFGS (Liu and Nocedal 1989) with the rules of `torch.optim.LBFGS`, and safeguards for long runs on rough objectives.
///
/// **Memory.** Besides the iterate and its gradient, `2 * history` vectors of its size; and four more during a step, a trial
/// point, its gradient, the step and the change of the gradient (with a line search up to seven). An [`InitialInverse`] adds three
/// and its own.
///
/// **Synchronisations** with the device, beside those of the objective: one per iteration, which measures all inner products;
/// one more with tolerances, two more and its own with an [`InitialInverse`]. A line search needs one more per evaluation, and
/// another with `tolerance_change`.
///
/// A step that was cut short leaves a curvature pair as any other does: the step as it was taken, and the change of the
/// gradient over it. Trial points that were not accepted leave none.
///
/// [`Optimizer::shrink`] scales the learning rate and the cap on steps.
#[derive(Debug)]
pub struct Lbfgs {
    options: LbfgsOptions,
    /// The pairs so far, and the inner products of the iterate's gradient.
    history: History,
    initial: Option<Box<dyn InitialInverse>>,
    iterate: Option<Iterate>,
    /// Whether no step was accepted yet, since the start or a reset.
    first: bool,
}

/// The last accepted point.
#[derive(Clone, Debug)]
struct Iterate {
    point: Evaluation,
    gradient: Norms,
    /// The greatest element of the gradient, if there is a tolerance for it.
    max_gradient: Option<f64>,
}

impl Lbfgs {
    /// An optimizer that has seen nothing yet.
    ///
    /// # Errors
    /// If an option is out of its range.
    pub fn new(options: LbfgsOptions) -> Result<Self> {
        options.check()?;
        Ok(Self {
            options,
            history: History::new(options.history),
            initial: None,
            iterate: None,
            first: true,
        })
    }

    /// Begins with another inverse Hessian than a multiple of the identity, from the first curvature pair on.
    #[must_use]
    pub fn with_initial_inverse(self, initial: Box<dyn InitialInverse>) -> Self {
        Self { initial: Some(initial), ..self }
    }

    /// The options, as [`Optimizer::shrink`] left them.
    pub fn options(&self) -> &LbfgsOptions {
        &self.options
    }

    /// The kept evaluation if it is that of `x`, or a new one; and the evaluations that took.
    fn iterate(&mut self, x: &[Tensor], objective: &mut dyn Objective) -> Result<(Iterate, usize)> {
        if let Some(iterate) = self.iterate.as_ref().filter(|iterate| iterate.point.is_at(x)) {
            return Ok((iterate.clone(), 0));
        }
        let point = Evaluation::at(x, self.iterate.as_ref().map(|iterate| &iterate.point), objective)?;
        let gradient = self.history.set_gradient(&point.gradient)?;
        let max_gradient = if self.options.tolerance_grad >= 0.0 {
            Some(vector::max_abs([&point.gradient, &[]])?[0])
        } else {
            None
        };
        let iterate = Iterate { point, gradient, max_gradient };
        self.iterate = Some(iterate.clone());
        Ok((iterate, 1))
    }

    /// The multiple of `direction` to try first from a gradient of `len` elements.
    fn first_trial(&self, gradient: Norms, len: usize) -> f64 {
        let rate = self.options.learning_rate;
        match (self.options.first_step, gradient.sum_abs) {
            (FirstStep::Torch, Some(sum)) if self.first => rate * (1.0 / sum).min(1.0),
            (FirstStep::MeanAbsolute(step), Some(sum)) if self.history.is_empty() => {
                rate * step * len as f64 / sum
            }
            _ => rate,
        }
    }

    /// The greatest multiple of `direction`, a vector of `len` elements, that the cap allows.
    fn limit(&self, direction: &Direction, len: usize) -> f64 {
        let rms = (direction.square.max(0.0) / len as f64).sqrt();
        self.options.max_step_rms.map_or(f64::INFINITY, |cap| cap / rms)
    }

    /// What ends a step before it begins.
    fn before(&self, iterate: &Iterate, direction: &Direction) -> Option<Status> {
        let tolerance = self.options.tolerance_change;
        if !(iterate.point.loss.is_finite() && iterate.gradient.square.is_finite()) {
            Some(Status::NotFinite)
        } else if iterate.gradient.square == 0.0
            || iterate.max_gradient.is_some_and(|greatest| greatest <= self.options.tolerance_grad)
        {
            Some(Status::Converged(Convergence::Gradient))
        } else if tolerance >= 0.0 && direction.slope > -tolerance {
            Some(Status::Converged(Convergence::Slope))
        } else if direction.slope.is_nan() || direction.slope >= 0.0 {
            Some(Status::Stalled(Stall::Ascent))
        } else {
            None
        }
    }

    /// What the tolerances say of a step from a loss of `previous`, and the greatest element of the new gradient if there is
    /// a tolerance for it.
    fn after(&self, previous: f64, arrival: &Arrival) -> Result<(Status, Option<f64>)> {
        let LbfgsOptions { tolerance_grad, tolerance_change, .. } = self.options;
        if tolerance_grad < 0.0 && tolerance_change < 0.0 {
            return Ok((Status::Progress, None));
        }
        let [gradient, step] = vector::max_abs([&arrival.point.gradient, &arrival.step])?;
        let status = if gradient <= tolerance_grad {
            Status::Converged(Convergence::Gradient)
        } else if step <= tolerance_change {
            Status::Converged(Convergence::Step)
        } else if (arrival.point.loss - previous).abs() < tolerance_change {
            Status::Converged(Convergence::Loss)
        } else {
            Status::Progress
        };
        Ok((status, Some(gradient).filter(|_| tolerance_grad >= 0.0)))
    }
}

impl Optimizer for Lbfgs {
    fn start(&mut self, x: &[Tensor], objective: &mut dyn Objective) -> Result<f64> {
        Ok(self.iterate(x, objective)?.0.point.loss)
    }

    fn step(&mut self, x: &mut [Tensor], objective: &mut dyn Objective) -> Result<Step> {
        let (iterate, mut evaluations) = self.iterate(x, objective)?;
        let from = &iterate.point;
        let direction = self.history.direction(self.initial.as_deref(), &from.gradient)?;
        let stay = |status, evaluations| Step { loss: from.loss, evaluations, moved: false, status };
        if let Some(status) = self.before(&iterate, &direction) {
            return Ok(stay(status, evaluations));
        }
        let limit = self.limit(&direction, vector::len(x));
        let t = self.first_trial(iterate.gradient, vector::len(x)).min(limit);
        let mut counted = |x: &[Tensor]| {
            evaluations += 1;
            objective.evaluate(x)
        };
        let outcome = match self.options.line_search {
            LineSearch::None => self.fixed_step(from, &direction, t, &mut counted)?,
            LineSearch::StrongWolfe => self.search(from, &direction, [t, limit], &mut counted)?,
        };
        let arrival = match outcome {
            Ok(arrival) => arrival,
            Err(status) => return Ok(stay(status, evaluations)),
        };
        let (status, max_gradient) = self.after(from.loss, &arrival)?;
        let Arrival { point, step, t, change, measured } = arrival;
        if let Some(initial) = &mut self.initial
            && measured.has_curvature()
        {
            initial.learn(&step, &change, measured.curvature()).map_err(Error::InitialInverse)?;
        }
        self.history.push([step, change], &measured, &direction, t);
        x.clone_from_slice(&point.x);
        let loss = point.loss;
        self.iterate = Some(Iterate { point, gradient: measured.gradient(), max_gradient });
        self.first = false;
        Ok(Step { loss, evaluations, moved: true, status })
    }

    fn reset(&mut self) {
        self.history = History::new(self.options.history);
        if let Some(initial) = &mut self.initial {
            initial.forget();
        }
        self.iterate = None;
        self.first = true;
    }

    fn shrink(&mut self, factor: f64) {
        self.options.learning_rate *= factor;
        self.options.max_step_rms = self.options.max_step_rms.map(|cap| cap * factor);
    }
}
