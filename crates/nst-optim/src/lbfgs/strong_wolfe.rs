//! A line search for the strong Wolfe conditions: bracketing, then zooming by cubic interpolation (Nocedal and Wright,
//! *Numerical Optimization*, 2nd edition, algorithms 3.5 and 3.6), with the details of `torch.optim.LBFGS`, which has them
//! from minFunc. It works on numbers alone: a point on the line is its position, loss and slope.

use crate::Result;

/// Armijo's condition: the loss falls by at least this share of what the slope promises.
const C1: f64 = 1e-4;
/// The curvature condition: the slope's absolute value falls to at most this share.
const C2: f64 = 0.9;
/// Trials after the first. torch's default before it tied this to `max_eval`.
const TRIALS: usize = 25;

/// A point on the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<P> {
    /// Its position, 0 at the start.
    pub(crate) t: f64,
    pub(crate) loss: f64,
    /// The derivative of the loss by `t`.
    pub(crate) slope: f64,
    /// What the caller wants back with the point found.
    pub(crate) payload: P,
}

impl<P> Point<P> {
    fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.slope.is_finite()
    }
}

/// How to search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// The first trial position.
    pub(crate) first: f64,
    /// The farthest position.
    pub(crate) limit: f64,
    /// A bracket narrower than this ends the search; negative: never.
    pub(crate) width: f64,
    /// If the first trials are not finite: come back to this share of the way, up to so many times.
    pub(crate) retreat: Option<(f64, usize)>,
}

/// What a search found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<P> {
    /// A lower point; unless evaluations ran out, it fulfils the conditions.
    Point(Point<P>),
    /// None.
    Nothing,
    /// None, and the trials were not finite.
    NotFinite,
}

impl Search {
    /// Searches from `start`, which has a negative slope.
    pub(crate) fn run<P: Clone>(
        &self,
        start: &Point<P>,
        mut evaluate: impl FnMut(f64) -> Result<Point<P>>,
    ) -> Result<Found<P>> {
        let armijo = |point: &Point<P>| point.loss <= start.loss + C1 * point.t * start.slope;
        let curvature = |point: &Point<P>| point.slope.abs() <= -C2 * start.slope;
        // A bracket's better end is either the start or below it.
        let best =
            |point: &Point<P>, otherwise| if point.t > 0.0 { Found::Point(point.clone()) } else { otherwise };

        let (mut trials, mut retreats) = (0, 0);
        let mut previous = start.clone();
        let mut point = evaluate(self.first)?;
        let mut bracket = loop {
            if !point.is_finite() {
                match self.retreat {
                    Some((factor, attempts)) if retreats < attempts => {
                        retreats += 1;
                        point = evaluate(previous.t + factor * (point.t - previous.t))?;
                        continue;
                    }
                    _ => return Ok(best(&previous, Found::NotFinite)),
                }
            }
            if trials == TRIALS {
                return Ok(if point.loss < start.loss { Found::Point(point) } else { Found::Nothing });
            }
            if !armijo(&point) || (trials > 1 && point.loss >= previous.loss) {
                break [previous, point];
            }
            if curvature(&point) || (point.slope < 0.0 && point.t >= self.limit) {
                return Ok(Found::Point(point));
            }
            if point.slope >= 0.0 {
                break [previous, point];
            }
            let farther = [point.t + 0.01 * (point.t - previous.t), point.t * 10.0];
            let t = cubic_minimum(&previous, &point, farther).min(self.limit);
            previous = std::mem::replace(&mut point, evaluate(t)?);
            trials += 1;
        };

        let mut low = usize::from(bracket[0].loss > bracket[1].loss);
        let mut near_edge = false;
        while trials < TRIALS {
            let [left, right] = ends(&bracket);
            if right - left < self.width {
                break;
            }
            let t = cubic_minimum(&bracket[0], &bracket[1], [left, right]);
            let t = away_from_edges(t, [left, right], &mut near_edge);
            let point = evaluate(t)?;
            trials += 1;
            if !point.is_finite() {
                return Ok(best(&bracket[low], Found::NotFinite));
            }
            if !armijo(&point) || point.loss >= bracket[low].loss {
                bracket[1 - low] = point;
                low = usize::from(bracket[0].loss > bracket[1].loss);
            } else if curvature(&point) {
                return Ok(Found::Point(point));
            } else {
                if point.slope * (bracket[1 - low].t - bracket[low].t) >= 0.0 {
                    bracket[1 - low] = bracket[low].clone();
                }
                bracket[low] = point;
            }
        }
        Ok(best(&bracket[low], Found::Nothing))
    }
}

fn ends<P>(bracket: &[Point<P>; 2]) -> [f64; 2] {
    [bracket[0].t.min(bracket[1].t), bracket[0].t.max(bracket[1].t)]
}

/// Twice in a row within a tenth of the bracket from an edge, or on it: a tenth away from that edge instead.
fn away_from_edges(t: f64, [left, right]: [f64; 2], near_edge: &mut bool) -> f64 {
    let margin = 0.1 * (right - left);
    let near = (right - t).min(t - left) < margin;
    let forced = near && (*near_edge || t >= right || t <= left);
    *near_edge = near && !forced;
    if !forced {
        t
    } else if (t - right).abs() < (t - left).abs() {
        right - margin
    } else {
        left + margin
    }
}

/// The minimum of the cubic through two points with their slopes (Nocedal and Wright, eq. 3.59), within bounds; the middle of
/// the bounds if it has none.
fn cubic_minimum<P>(one: &Point<P>, other: &Point<P>, [low, high]: [f64; 2]) -> f64 {
    let (left, right) = if one.t <= other.t { (one, other) } else { (other, one) };
    let d1 = left.slope + right.slope - 3.0 * (left.loss - right.loss) / (left.t - right.t);
    let square = d1 * d1 - left.slope * right.slope;
    if square < 0.0 || square.is_nan() {
        return f64::midpoint(low, high);
    }
    let d2 = square.sqrt();
    let share = (right.slope + d2 - d1) / (right.slope - left.slope + 2.0 * d2);
    let t = right.t - (right.t - left.t) * share;
    // Not clamp: a NaN (a flat cubic) must become a bound.
    t.max(low).min(high)
}

#[cfg(test)]
mod tests;
