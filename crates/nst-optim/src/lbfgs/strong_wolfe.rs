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
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::f64::consts::PI;

    /// A search of torch's, from `tests/golden/strong_wolfe.py`.
    #[derive(Deserialize)]
    struct Golden {
        function: String,
        first: f64,
        width: f64,
        evaluated: Vec<f64>,
        found: f64,
    }

    fn yanai(t: f64, beta1: f64, beta2: f64) -> [f64; 2] {
        let [gamma1, gamma2] = [beta1, beta2].map(|beta| (1.0 + beta * beta).sqrt() - beta);
        let [root1, root2] = [((1.0 - t).powi(2) + beta2 * beta2).sqrt(), (t * t + beta1 * beta1).sqrt()];
        [gamma1 * root1 + gamma2 * root2, gamma1 * (t - 1.0) / root1 + gamma2 * t / root2]
    }

    fn oscillating(t: f64) -> [f64; 2] {
        let (beta, waves) = (0.01, 39.0);
        let (smooth, slope) = if t <= 1.0 - beta {
            (1.0 - t, -1.0)
        } else if t >= 1.0 + beta {
            (t - 1.0, 1.0)
        } else {
            ((t - 1.0).powi(2) / (2.0 * beta) + beta / 2.0, (t - 1.0) / beta)
        };
        let angle = waves * PI / 2.0 * t;
        [smooth + 2.0 * (1.0 - beta) / (waves * PI) * angle.sin(), slope + (1.0 - beta) * angle.cos()]
    }

    /// Loss and slope.
    fn function(name: &str, t: f64) -> [f64; 2] {
        match name {
            "quadratic" => [(t - 3.0).powi(2), 2.0 * (t - 3.0)],
            "flat" => [-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)],
            "quintic" => {
                let u = t + 0.004;
                [u.powi(5) - 2.0 * u.powi(4), 5.0 * u.powi(4) - 8.0 * u.powi(3)]
            }
            "oscillating" => oscillating(t),
            "yanai_even" => yanai(t, 0.001, 0.001),
            "yanai_left" => yanai(t, 0.01, 0.001),
            "yanai_right" => yanai(t, 0.001, 0.01),
            "falling" => [-t, -1.0],
            "hilly" => [-2.0 * (3.0 * t - 1.2).sin() + 0.02 * t, -6.0 * (3.0 * t - 1.2).cos() + 0.02],
            "misleading" => [t, -1.0],
            "wavy" => [
                0.05 * t * t - t + 2.0 * (3.0 * t).sin() - 6.0 * t * (-t).exp(),
                0.1 * t - 1.0 + 6.0 * (3.0 * t).cos() - 6.0 * (-t).exp() * (1.0 - t),
            ],
            _ => panic!("no function {name}"),
        }
    }

    const START: Search = Search { first: 1.0, limit: f64::INFINITY, width: -1.0, retreat: None };

    /// The result and the points evaluated.
    fn run(search: &Search, f: impl Fn(f64) -> [f64; 2]) -> (Found<()>, Vec<f64>) {
        let point = |t| {
            let [loss, slope] = f(t);
            Point { t, loss, slope, payload: () }
        };
        let mut evaluated = Vec::new();
        let found = search.run(&point(0.0), |t| {
            evaluated.push(t);
            Ok(point(t))
        });
        (found.unwrap(), evaluated)
    }

    #[test]
    fn evaluates_where_torch_does() {
        let goldens: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/golden/strong_wolfe.json")).unwrap();
        assert_eq!(goldens.len(), 132);
        for golden in goldens {
            let search = Search { first: golden.first, width: golden.width, ..START };
            let (found, evaluated) = run(&search, |t| function(&golden.function, t));
            let name = format!("{} from {} to {}", golden.function, golden.first, golden.width);
            assert_eq!(
                evaluated.len(),
                golden.evaluated.len(),
                "{name}: {evaluated:?} {:?}",
                golden.evaluated
            );
            for (&ours, &torchs) in evaluated.iter().zip(&golden.evaluated) {
                approx::assert_relative_eq!(ours, torchs, max_relative = 1e-6);
            }
            match found {
                Found::Point(point) => {
                    approx::assert_relative_eq!(point.t, golden.found, max_relative = 1e-6);
                }
                Found::Nothing => assert_eq!(golden.found, 0.0, "{name}"),
                Found::NotFinite => panic!("{name}"),
            }
        }
    }

    /// A logarithmic wall at 1, the minimum at 0.5.
    fn wall(t: f64) -> [f64; 2] {
        [-2.0 * t - (1.0 - t).ln(), -2.0 + 1.0 / (1.0 - t)]
    }

    #[test]
    fn draws_back_from_points_that_are_not_finite() {
        let search = Search { first: 10.0, retreat: Some((0.3, 8)), ..START };
        let (found, evaluated) = run(&search, wall);
        assert_eq!(evaluated[..3], [10.0, 3.0, 0.8999999999999999]);
        let Found::Point(point) = found else { panic!("{found:?}") };
        assert!(wall(point.t)[0] < 0.0 && wall(point.t)[1].abs() < 0.9, "{point:?}");

        let (found, evaluated) = run(&Search { retreat: Some((0.3, 1)), ..search }, wall);
        assert!(matches!(found, Found::NotFinite) && evaluated.len() == 2, "{found:?} {evaluated:?}");
        let (found, evaluated) = run(&Search { retreat: None, ..search }, wall);
        assert!(matches!(found, Found::NotFinite) && evaluated.len() == 1, "{found:?} {evaluated:?}");
    }

    #[test]
    fn keeps_a_lower_point_found_before_one_that_is_not_finite() {
        let cliff = |t: f64| if t > 2.0 { [f64::NAN; 2] } else { [-t, -1.0] };
        let (found, evaluated) = run(&START, cliff);
        assert!(matches!(found, Found::Point(Point { t: 1.0, .. })), "{found:?} {evaluated:?}");
    }

    #[test]
    fn the_last_trial_counts_only_if_it_is_lower() {
        let (found, evaluated) = run(&START, |t| [if t < 5e24 { -t } else { t }, -1.0]);
        assert!(matches!(found, Found::Nothing) && evaluated.len() == 26, "{found:?} {evaluated:?}");
    }

    #[test]
    fn goes_no_farther_than_the_limit() {
        let (found, evaluated) = run(&Search { limit: 25.0, ..START }, |t| [-t, -1.0]);
        assert_eq!(evaluated, [1.0, 10.0, 25.0]);
        assert!(matches!(found, Found::Point(Point { t: 25.0, .. })), "{found:?}");
    }
}
