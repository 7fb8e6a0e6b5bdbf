//! The loop over the optimizer's steps.

use crate::adam::adam;
use crate::bands::BandGains;
use crate::config::{Config, LineSearch, Optimizer as Method, Steps, TimeLimit};
use crate::objective::Objective;
use crate::stop::Window;
use crate::term::{Contribution, Part};
use crate::{End, Error, Evaluation, Event, Result};
use nst_optim::{Backtrack, BoxError, FirstStep, Lbfgs, LbfgsOptions, Optimizer, Status};
use nst_tensor::{Device, Tensor};
use std::ops::ControlFlow;
use std::slice::from_ref;
use std::time::Instant;

/// The first step's mean absolute change and the greatest root mean square of any step, in 0..255 and over what is painted:
/// without curvature to go by, torch's rule wastes evaluations on steps far too short.
const FIRST_STEP: f64 = 4.0;
const MAX_STEP_RMS: f64 = 20.0;
/// What is left of the steps' length after a loss that was not finite.
const RECOVERY: f64 = 0.3;

/// What came before this loop in the run.
pub(crate) struct Before {
    /// Scales.
    pub(crate) scales: usize,
    /// Iterations.
    pub(crate) iterations: usize,
    /// Evaluations.
    pub(crate) evaluations: usize,
    /// Pixels of their iterations ([`Config::pixels`]).
    pub(crate) pixels: f64,
    /// Iterations of the whole run.
    pub(crate) all_iterations: usize,
    /// Their pixels.
    pub(crate) all_pixels: f64,
    /// When the run began.
    pub(crate) start: Instant,
}

/// What the loop found.
pub(crate) struct Minimum {
    pub(crate) x: Tensor,
    pub(crate) best: Evaluation,
    pub(crate) initial: Evaluation,
    /// In this loop.
    pub(crate) evaluations: usize,
    pub(crate) end: End,
}

/// Minimises the objective of one scale from `x`; the result is the best iterate that the optimizer accepted, or, with an
/// average of them, that.
pub(crate) fn minimise(
    config: &Config,
    optimizer: &mut dyn Optimizer,
    objective: &Objective,
    x: Tensor,
    before: &Before,
    observer: &mut dyn FnMut(&Event<'_>) -> ControlFlow<()>,
) -> Result<Minimum> {
    let mut watched = Watched {
        objective,
        observer,
        before,
        pixels: config.pixels(),
        iteration: 0,
        evaluations: 0,
        recent: Vec::new(),
        best: x.clone(),
        average: None,
        time_limit: config.time_limit,
        stopped: None,
    };
    let mut x = [x];
    let loss = optimizer.start(&x, &mut watched).map_err(unwrapped)?;
    let initial = watched.recent_with(loss).filter(|_| loss.is_finite()).ok_or(Error::NotFinite)?;
    let mut best = initial.clone();
    let mut window = Window::new(config.min_decrease, initial.total);
    let mut end = End::Finished;
    // Steps in a row that led nowhere.
    let mut failures = 0;
    while watched.iteration < config.iterations && watched.stopped.is_none() {
        watched.iteration += 1;
        watched.recent.clear();
        let step = match optimizer.step(&mut x, &mut watched) {
            Ok(step) => step,
            Err(_) if watched.stopped.is_some() => continue,
            // What was reached is worth more than a clean error.
            Err(error) => {
                end = End::Failed(unwrapped(error).to_string());
                break;
            }
        };
        if let Some(evaluation) = watched.recent_with(step.loss)
            && step.moved
            && step.loss < best.total
        {
            best = evaluation;
            watched.best = x[0].clone();
        }
        watched.average = optimizer.average().and_then(<[Tensor]>::first).cloned();
        if window.has_settled(watched.evaluations, best.total) {
            end = End::Settled;
            break;
        }
        failures = if step.status == Status::Progress { 0 } else { failures + 1 };
        match step.status {
            Status::Progress => {}
            Status::Converged(_) => {
                end = End::Converged(step.status.to_string());
                break;
            }
            Status::NotFinite if failures > 1 => {
                end = End::Failed(step.status.to_string());
                break;
            }
            _ if failures > 1 => {
                end = End::Converged(step.status.to_string());
                break;
            }
            // Once more from the best iterate, without what was learned on the way to this one.
            status => {
                x[0] = watched.best.clone();
                optimizer.reset();
                if status == Status::NotFinite {
                    optimizer.shrink(RECOVERY);
                }
            }
        }
    }
    if let Some(average) = watched.average.take().filter(|_| !matches!(end, End::Failed(_))) {
        match watched.measured(&average) {
            Ok(Some(evaluation)) => (best, watched.best) = (evaluation, average),
            Ok(None) => {}
            Err(error) => end = End::Failed(error.to_string()),
        }
    }
    if let Some(stop) = watched.stopped {
        end = stop;
    }
    Ok(Minimum { x: watched.best, best, initial, evaluations: watched.evaluations, end })
}

/// An error of the objective is this crate's own, which the optimizer only passed on.
fn unwrapped(error: nst_optim::Error) -> Error {
    match error {
        nst_optim::Error::Objective(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(inner) => nst_optim::Error::Objective(inner).into(),
        },
        error => error.into(),
    }
}

/// The optimizer that the settings ask for, for a picture of which this share is painted (above 0..1) and the rest has no
/// gradient.
pub(crate) fn optimizer(config: &Config, device: &Device, painted: f64) -> Result<Box<dyn Optimizer>> {
    let unit = Objective::unit(config);
    if config.optimizer == Method::Adam {
        return Ok(Box::new(adam(config, unit, device)?));
    }
    let bounded = config.steps == Steps::Bounded;
    let lbfgs = Lbfgs::new(LbfgsOptions {
        learning_rate: config.learning_rate,
        history: config.history,
        tolerance_grad: config.tolerance_gradient,
        tolerance_change: config.tolerance_change,
        line_search: match config.line_search {
            LineSearch::None => nst_optim::LineSearch::None,
            LineSearch::Wolfe => nst_optim::LineSearch::StrongWolfe,
        },
        // The optimizer takes its means over all elements.
        first_step: if bounded {
            FirstStep::MeanAbsolute(FIRST_STEP * unit * painted)
        } else {
            FirstStep::Torch
        },
        max_step_rms: bounded.then_some(MAX_STEP_RMS * unit * painted.sqrt()),
        backtrack: bounded.then(Backtrack::default),
    })?;
    Ok(Box::new(if bounded { lbfgs.with_initial_inverse(Box::<BandGains>::default()) } else { lbfgs }))
}

/// The objective as the optimizer sees it: evaluates and tells the observer.
struct Watched<'a> {
    objective: &'a Objective,
    observer: &'a mut dyn FnMut(&Event<'_>) -> ControlFlow<()>,
    before: &'a Before,
    /// Of an iteration.
    pixels: f64,
    iteration: usize,
    evaluations: usize,
    /// Of this iteration.
    recent: Vec<Evaluation>,
    /// The best iterate accepted so far.
    best: Tensor,
    /// Of the iterates, if the optimizer keeps one.
    average: Option<Tensor>,
    time_limit: Option<TimeLimit>,
    /// Why no more may be evaluated.
    stopped: Option<End>,
}

impl Watched<'_> {
    /// The evaluation of this iteration that had this loss: a line search may accept another than the last.
    fn recent_with(&self, loss: f64) -> Option<Evaluation> {
        self.recent.iter().rev().find(|evaluation| evaluation.total.to_bits() == loss.to_bits()).cloned()
    }

    /// Evaluates a point that the optimizer did not ask for, even if the run was stopped. None if its loss is not finite.
    fn measured(&mut self, x: &Tensor) -> Result<Option<Evaluation>> {
        let stopped = self.stopped.take();
        let result = nst_optim::Objective::evaluate(self, from_ref(x)).map_err(nst_optim::Error::Objective);
        self.stopped = stopped.or(self.stopped.take());
        result.map_err(unwrapped)?;
        Ok(self.recent.pop().filter(|evaluation| evaluation.total.is_finite()))
    }

    fn evaluation(&self, x: &Tensor, values: Vec<Contribution>) -> Result<Evaluation> {
        // An empty sum is -0.0 in Rust; nobody wants to read that.
        let sum = |part| {
            0.0 + values.iter().filter(|value| value.part == part).map(|value| value.value).sum::<f64>()
        };
        let [_, height, width, _] = x.shape().nhwc("evaluate")?;
        Ok(Evaluation {
            evaluation: self.before.evaluations + self.evaluations,
            iteration: self.before.iterations + self.iteration,
            scale: self.before.scales,
            width,
            height,
            content: sum(Part::Content),
            style: sum(Part::Style) + sum(Part::Histogram),
            tv: sum(Part::Variation),
            total: values.iter().map(|value| value.value).sum(),
            seconds: self.before.start.elapsed().as_secs_f64(),
            terms: values,
        })
    }
}

impl nst_optim::Objective for Watched<'_> {
    fn evaluate(&mut self, x: &[Tensor]) -> std::result::Result<(f64, Vec<Tensor>), BoxError> {
        // A line search evaluates several times in a step; a run that was stopped ends at the next.
        if self.stopped.is_some() {
            return Err("stopped".into());
        }
        let (values, gradient) = self.objective.evaluate(&x[0])?;
        let evaluation = self.evaluation(&x[0], values)?;
        let total = evaluation.total;
        let snapshot = || self.objective.picture(self.average.as_ref().unwrap_or(&self.best));
        let pixels = self.before.pixels + self.pixels * self.iteration as f64;
        let event = Event {
            evaluation: &evaluation,
            iterations: self.before.all_iterations,
            done: if pixels < self.before.all_pixels { pixels / self.before.all_pixels } else { 1.0 },
            snapshot: &snapshot,
        };
        if (self.observer)(&event).is_break() {
            self.stopped = Some(End::Interrupted);
        } else if self.time_limit.is_some_and(|limit| limit.has_passed(evaluation.seconds)) {
            self.stopped = Some(End::TimeLimit);
        }
        self.evaluations += 1;
        self.recent.push(evaluation);
        Ok((total, vec![gradient]))
    }
}
