//! How far a step of L-BFGS goes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod functions;

use approx::assert_relative_eq;
use functions::{quadratic, recorded, rosenbrock, tensors, values};
use nst_optim::{Backtrack, FirstStep, Lbfgs, LbfgsOptions, LineSearch, Optimizer, Status};
use nst_tensor::Device;

fn lbfgs(options: LbfgsOptions) -> Lbfgs {
    Lbfgs::new(options).unwrap()
}

#[test]
fn the_first_step_has_the_length_asked_for() {
    let start = [3.0, -1.0, 2.0, 0.5];
    let length = |options: LbfgsOptions, sum: fn(f64) -> f64| {
        let mut x = tensors(&Device::cpu(), &start, &[1, 3]);
        let _ = lbfgs(options).step(&mut x, &mut recorded(quadratic)).unwrap();
        values(&x).iter().zip(start).map(|(x, start)| sum(x - start)).sum::<f64>()
    };
    let none = LbfgsOptions { backtrack: None, ..LbfgsOptions::default() };
    assert_relative_eq!(length(none, f64::abs), 1.0, max_relative = 1e-6);
    let half = LbfgsOptions { learning_rate: 0.5, ..none };
    assert_relative_eq!(length(half, f64::abs), 0.5, max_relative = 1e-6);
    let mean = LbfgsOptions { first_step: FirstStep::MeanAbsolute(4.0), ..none };
    assert_relative_eq!(length(mean, f64::abs), 16.0, max_relative = 1e-6);
    let capped = LbfgsOptions { max_step_rms: Some(0.3), ..mean };
    assert_relative_eq!(length(capped, |x| x * x), 4.0 * 0.09, max_relative = 1e-6);
    let searched = LbfgsOptions { line_search: LineSearch::StrongWolfe, ..capped };
    assert!(length(searched, |x| x * x) <= 4.0 * 0.09 * 1.000001);
}

#[test]
fn no_step_is_longer_than_the_cap() {
    for line_search in [LineSearch::None, LineSearch::StrongWolfe] {
        let options = LbfgsOptions {
            line_search,
            history: 3,
            max_step_rms: Some(0.05),
            // Many steps are cut: what follows must know how long they really were.
            backtrack: Some(Backtrack { growth: 1.0, ..Backtrack::default() }),
            ..LbfgsOptions::default()
        };
        let (mut optimizer, mut objective) = (lbfgs(options), recorded(rosenbrock));
        let mut x = tensors(&Device::cpu(), &[-1.2, 1.0], &[2]);
        let (mut at_the_cap, mut cuts) = (0, 0);
        for _ in 0..60 {
            let before = values(&x);
            cuts += optimizer.step(&mut x, &mut objective).unwrap().evaluations.saturating_sub(1);
            let squares = values(&x).iter().zip(&before).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
            let rms = (squares / 2.0).sqrt();
            assert!(rms < 0.05 * 1.0001, "{rms}");
            at_the_cap += usize::from(rms > 0.05 * 0.9999);
        }
        assert!(at_the_cap > 5 && cuts > 5, "{at_the_cap}, {cuts}");
    }
}

#[test]
fn a_bad_step_is_cut_and_leaves_the_pair_of_the_cut_step() {
    // A parabola with a wall: no loss beyond 1. The whole first step goes to 1.6, the cut one to 0.48.
    let wall = |x: &[f64]| {
        let loss = if x[0] > 1.0 { f64::INFINITY } else { (x[0] - 0.8).powi(2) };
        (loss, vec![2.0 * (x[0] - 0.8)])
    };
    let options = LbfgsOptions { first_step: FirstStep::MeanAbsolute(1.6), ..LbfgsOptions::default() };
    let (mut optimizer, mut objective) = (lbfgs(options), recorded(wall));
    let mut x = tensors(&Device::cpu(), &[0.0], &[1]);
    let step = optimizer.step(&mut x, &mut objective).unwrap();
    assert_eq!((step.evaluations, step.status), (3, Status::Progress));
    assert_relative_eq!(values(&x)[0], 0.48, max_relative = 1e-6);
    // In one dimension a pair of a parabola gives Newton's step.
    let _ = optimizer.step(&mut x, &mut objective).unwrap();
    assert_relative_eq!(values(&x)[0], 0.8, max_relative = 1e-6);
}

#[test]
fn growth_is_judged_by_the_factor() {
    // The first step goes from (0 - 1)² = 1 to (3 - 1)² = 4.
    let parabola = |x: &[f64]| ((x[0] - 1.0).powi(2), vec![2.0 * (x[0] - 1.0)]);
    for (growth, evaluations) in [(4.1, 2), (3.9, 3)] {
        let options = LbfgsOptions {
            first_step: FirstStep::MeanAbsolute(3.0),
            backtrack: Some(Backtrack { growth, ..Backtrack::default() }),
            ..LbfgsOptions::default()
        };
        let mut x = tensors(&Device::cpu(), &[0.0], &[1]);
        let step = lbfgs(options).step(&mut x, &mut recorded(parabola)).unwrap();
        assert_eq!(step.evaluations, evaluations);
    }
}
