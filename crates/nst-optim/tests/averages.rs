//! Adam's average, its bounds, and what it carries over.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod functions;

use approx::assert_relative_eq;
use functions::{quadratic, recorded, tensors, values};
use nst_optim::{Adam, AdamOptions, Bounds, Lbfgs, LbfgsOptions, Moment, Optimizer, Status};
use nst_tensor::{Device, Map, Region, Tensor};

const DECAY: f64 = 0.9;

fn adam(average: Option<f64>) -> Adam {
    Adam::new(AdamOptions { learning_rate: 0.1, average, ..AdamOptions::default() }).unwrap()
}

#[test]
fn the_average_is_that_of_the_start_and_every_iterate() {
    let mut objective = recorded(quadratic);
    let mut x = tensors(&Device::cpu(), &[1.0, -2.0, 3.0], &[2, 1]);
    let (mut with, mut without) = (adam(Some(DECAY)), adam(None));
    assert!(with.average().is_none());
    with.start(&x, &mut objective).unwrap();
    assert_eq!(values(with.average().unwrap()), [1.0, -2.0, 3.0]);
    let mut same = x.clone();
    for _ in 0..20 {
        assert_eq!(with.step(&mut x, &mut objective).unwrap().status, Status::Progress);
        assert_eq!(without.step(&mut same, &mut recorded(quadratic)).unwrap().status, Status::Progress);
    }
    // It changes no step.
    assert_eq!(values(&x), values(&same));
    assert!(without.average().is_none());
    let points = &objective.points;
    let weight = |at: usize| DECAY.powf((points.len() - 1 - at) as f64);
    let all: f64 = (0..points.len()).map(weight).sum();
    let expected: Vec<f64> = (0..3)
        .map(|i| points.iter().enumerate().map(|(at, point)| weight(at) * point[i]).sum::<f64>() / all)
        .collect();
    assert_eq!(points.len(), 21);
    assert_relative_eq!(*values(with.average().unwrap()), *expected, max_relative = 1e-5, epsilon = 1e-6);
    with.reset();
    assert!(with.average().is_none());
}

#[test]
fn a_decay_out_of_range_is_refused() {
    for decay in [0.0, 1.0, -0.5, f64::NAN] {
        let error = Adam::new(AdamOptions { average: Some(decay), ..AdamOptions::default() }).unwrap_err();
        assert!(error.to_string().starts_with("average must be above 0 and below 1"), "{error}");
    }
}

/// The minimum of the quadratic lies outside: the nearest point of the box is reached, and each point is evaluated in it.
#[test]
fn steps_end_within_bounds_and_are_evaluated_there() {
    let device = Device::cpu();
    // Bounds of three channels; x has two positions.
    let bound = |values: [f32; 3]| Tensor::new(&device, [3], &values).unwrap();
    let bounds = Bounds::new(bound([0.5, -1.0, 0.25]), bound([2.0, -0.5, 3.0]));
    let mut optimizer = adam(None).within(bounds.clone());
    let mut objective = recorded(quadratic);
    let start = [1.0, -0.7, 1.0, 0.5, -1.0, 3.0f32];
    let mut x = vec![Tensor::new(&device, [2, 3], &start).unwrap()];
    for _ in 0..60 {
        let step = optimizer.step(&mut x, &mut objective).unwrap();
        assert_eq!(step.status, Status::Progress);
        assert_eq!(step.loss, quadratic(&values(&x)).0);
    }
    let inside = |point: &Vec<f64>| {
        let at = |i: usize| [(0.5, 2.0), (-1.0, -0.5), (0.25, 3.0)][i % 3];
        point.iter().enumerate().all(|(i, value)| (at(i).0..=at(i).1).contains(value))
    };
    assert!(objective.points.iter().all(inside), "{:?}", objective.points);
    assert_eq!(values(&x), [0.5, -0.5, 0.25, 0.5, -0.5, 0.25]);
    // What is inside stays as it is, and NaN stays NaN.
    let far = Tensor::new(&device, [2, 3], &[0.75, -0.75, 1.5, -9.0, 9.0, f32::NAN]).unwrap();
    let near = values(&bounds.project(&[far]).unwrap());
    assert_eq!(near[..5], [0.75, -0.75, 1.5, 0.5, -0.5]);
    assert!(near[5].is_nan());
}

/// To the first half of a problem whose second half is the same: the same step as of an optimizer that was there all along.
#[test]
fn the_moments_go_over_into_another_space() {
    let device = Device::cpu();
    let row = |x: &[f32]| vec![Tensor::new(&device, [1, 1, x.len(), 1], x).unwrap()];
    let square = |x: &[f64]| (x.iter().map(|x| x * x / 2.0).sum(), x.to_vec());
    let (mut wide, mut narrow) = (adam(Some(DECAY)), adam(None));
    let mut x = row(&[1.0, -2.0, 3.0, 1.0, -2.0, 3.0]);
    let mut y = row(&[1.0, -2.0, 3.0]);
    for _ in 0..5 {
        let _ = wide.step(&mut x, &mut recorded(square)).unwrap();
        let _ = narrow.step(&mut y, &mut recorded(square)).unwrap();
    }
    let mut seen = Vec::new();
    wide.carry_over(&mut |moment, tensor| {
        seen.push(moment);
        tensor.crop(Region { top: 0, left: 0, height: 1, width: 3 })
    })
    .unwrap();
    assert_eq!(seen, [Moment::Mean, Moment::MeanSquare]);
    assert!(wide.average().is_none());
    let mut x = y.clone();
    let _ = wide.step(&mut x, &mut recorded(square)).unwrap();
    let _ = narrow.step(&mut y, &mut recorded(square)).unwrap();
    assert_eq!(values(&x), values(&y));
    assert_eq!(values(wide.average().unwrap()).len(), 3);
}

#[test]
fn negative_mean_squares_are_taken_for_nothing() {
    let mut optimizer = adam(None);
    let mut x = tensors(&Device::cpu(), &[1.0, -2.0, 3.0], &[3]);
    let _ = optimizer.step(&mut x, &mut recorded(quadratic)).unwrap();
    let negative = |moment, tensor: &Tensor| match moment {
        Moment::MeanSquare => tensor.map(Map::Affine { scale: -10.0, offset: 0.0 }),
        _ => Ok(tensor.clone()),
    };
    optimizer.carry_over(&mut |moment, tensor| negative(moment, tensor)).unwrap();
    assert_eq!(optimizer.step(&mut x, &mut recorded(quadratic)).unwrap().status, Status::Progress);
    assert!(values(&x).iter().all(|x| x.is_finite()));
}

/// L-BFGS starts afresh, whatever the map, and has no average.
#[test]
fn other_optimizers_are_reset() {
    let mut optimizer = Lbfgs::new(LbfgsOptions::default()).unwrap();
    let mut x = tensors(&Device::cpu(), &[1.0, -2.0, 3.0], &[3]);
    let _ = optimizer.step(&mut x, &mut recorded(quadratic)).unwrap();
    optimizer.carry_over(&mut |_, _| panic!("there is nothing to carry over")).unwrap();
    let mut other = tensors(&Device::cpu(), &[1.0, -2.0], &[2]);
    assert!(optimizer.step(&mut other, &mut recorded(quadratic)).unwrap().moved);
    assert!(optimizer.average().is_none());
}
