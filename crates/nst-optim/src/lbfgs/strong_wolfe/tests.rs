//! The line search against torch's, and where it goes beyond that.

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
        serde_json::from_str(include_str!("../../../tests/golden/strong_wolfe.json")).unwrap();
    assert_eq!(goldens.len(), 132);
    for golden in goldens {
        let search = Search { first: golden.first, width: golden.width, ..START };
        let (found, evaluated) = run(&search, |t| function(&golden.function, t));
        let name = format!("{} from {} to {}", golden.function, golden.first, golden.width);
        assert_eq!(evaluated.len(), golden.evaluated.len(), "{name}: {evaluated:?} {:?}", golden.evaluated);
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
