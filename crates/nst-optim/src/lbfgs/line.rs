//! Going along a direction to the next point.

use super::history::{Direction, Measured};
use super::strong_wolfe::{Found, Point, Search};
use super::{Backtrack, Lbfgs};
use crate::evaluation::Evaluation;
use crate::{Objective, Result, Stall, Status, vector};
use nst_tensor::Tensor;

/// A point that may be the next iterate, and how it was reached.
pub(super) struct Arrival {
    pub(super) point: Evaluation,
    /// The step to it: `t` times the direction.
    pub(super) step: Vec<Tensor>,
    pub(super) t: f64,
    /// The change of the gradient over the step.
    pub(super) change: Vec<Tensor>,
    pub(super) measured: Measured,
}

/// The next iterate, or why there is none.
pub(super) type Outcome = std::result::Result<Arrival, Status>;

impl Lbfgs {
    /// Goes `t` times the direction, or shorter if that proves bad.
    pub(super) fn fixed_step(
        &self,
        from: &Evaluation,
        direction: &Direction,
        mut t: f64,
        objective: &mut dyn Objective,
    ) -> Result<Outcome> {
        let mut step = self.history.vector(direction, t, &from.gradient)?;
        let mut cuts = 0;
        loop {
            let x = vector::combine(&[(1.0, &from.x), (1.0, &step)])?;
            let point = Evaluation::new(x, objective)?;
            let failure = if !point.loss.is_finite() {
                Status::NotFinite
            } else if self.grows_too_much(from.loss, point.loss) {
                Status::Stalled(Stall::Growth)
            } else {
                let arrival = self.arrive(from, point, step, t)?;
                if arrival.measured.is_finite() {
                    return Ok(Ok(arrival));
                }
                step = arrival.step;
                Status::NotFinite
            };
            match self.options.backtrack {
                Some(Backtrack { factor, attempts, .. }) if cuts < attempts => {
                    cuts += 1;
                    t *= factor;
                    step = vector::combine(&[(factor, &step)])?;
                }
                _ => return Ok(Err(failure)),
            }
        }
    }

    fn grows_too_much(&self, from: f64, to: f64) -> bool {
        self.options.backtrack.is_some_and(|backtrack| to > from + (backtrack.growth - 1.0) * from.abs())
    }

    /// Searches along the direction for the strong Wolfe conditions, from `t` on and no farther than `limit`.
    pub(super) fn search(
        &self,
        from: &Evaluation,
        direction: &Direction,
        [t, limit]: [f64; 2],
        objective: &mut dyn Objective,
    ) -> Result<Outcome> {
        let tolerance = self.options.tolerance_change;
        let vector = self.history.vector(direction, 1.0, &from.gradient)?;
        let width = if tolerance >= 0.0 { tolerance / vector::max_abs([&vector, &[]])?[0] } else { -1.0 };
        let retreat = self.options.backtrack.map(|backtrack| (backtrack.factor, backtrack.attempts));
        let start = Point { t: 0.0, loss: from.loss, slope: direction.slope, payload: None };
        let found = Search { first: t, limit, width, retreat }.run(&start, |t| {
            let x = vector::combine(&[(1.0, &from.x), (t, &vector)])?;
            let point = Evaluation::new(x, objective)?;
            let slope = vector::dots(&[(&point.gradient, &vector)])?[0];
            Ok(Point { t, loss: point.loss, slope, payload: Some(point) })
        })?;
        match found {
            Found::Point(Point { t, payload: Some(point), .. }) => {
                let arrival = self.arrive(from, point, vector::combine(&[(t, &vector)])?, t)?;
                Ok(if arrival.measured.is_finite() { Ok(arrival) } else { Err(Status::NotFinite) })
            }
            Found::NotFinite => Ok(Err(Status::NotFinite)),
            Found::Point(_) | Found::Nothing => Ok(Err(Status::Stalled(Stall::LineSearch))),
        }
    }

    fn arrive(&self, from: &Evaluation, point: Evaluation, step: Vec<Tensor>, t: f64) -> Result<Arrival> {
        let change = vector::combine(&[(1.0, &point.gradient), (-1.0, &from.gradient)])?;
        let measured = self.history.measure(&step, &change, &point.gradient)?;
        Ok(Arrival { point, step, t, change, measured })
    }
}
