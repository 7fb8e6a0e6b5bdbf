//! What a step promises: which points are evaluated, how often, and how far it goes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod functions;

use approx::assert_relative_eq;
use functions::{Function, beale, himmelblau, quadratic, recorded, rosenbrock, tensors, values};
use nst_optim::{
    Adam, AdamOptions, BoxError, Convergence, Lbfgs, LbfgsOptions, LineSearch, Objective, Optimizer, Status,
};
use nst_tensor::{Counting, Device, Map, Tensor, Zip};

const FUNCTIONS: [(Function, &[f64]); 4] = [
    (rosenbrock, &[-1.2, 1.0, 0.3, 2.0]),
    (beale, &[1.0, 1.0]),
    (himmelblau, &[1.0, 1.0]),
    (quadratic, &[1.0, -2.0, 3.0]),
];

fn lbfgs(options: LbfgsOptions) -> Lbfgs {
    Lbfgs::new(options).unwrap()
}

fn both() -> [Box<dyn Optimizer>; 2] {
    let adam = Adam::new(AdamOptions { learning_rate: 0.05, ..AdamOptions::default() });
    [Box::new(lbfgs(LbfgsOptions::default())), Box::new(adam.unwrap())]
}

/// Steps until one is not [`Status::Progress`], at most so many; its status.
fn run(
    optimizer: &mut dyn Optimizer,
    x: &mut [Tensor],
    objective: &mut dyn Objective,
    most: usize,
) -> Status {
    for _ in 0..most {
        let step = optimizer.step(x, objective).unwrap();
        if step.status != Status::Progress {
            return step.status;
        }
    }
    Status::Progress
}

#[test]
fn the_test_functions_have_the_gradients_they_say() {
    for (function, start) in FUNCTIONS {
        for i in 0..start.len() {
            let at = |offset: f64| {
                let mut x = start.to_vec();
                x[i] += offset;
                function(&x).0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert_relative_eq!(function(start).1[i], difference, max_relative = 1e-6, epsilon = 1e-6);
        }
    }
}

#[test]
fn minima_are_found_with_scipys_effort() {
    // Evaluations of SciPy's L-BFGS-B from the same starts: 44, 16, 12.
    let cases: [(Function, &[f64], &[f64], usize); 3] = [
        (rosenbrock, &[-1.2, 1.0], &[1.0, 1.0], 44),
        (beale, &[1.0, 1.0], &[3.0, 0.5], 16),
        (himmelblau, &[1.0, 1.0], &[3.0, 2.0], 12),
    ];
    for (function, start, minimum, scipys) in cases {
        let options = LbfgsOptions { line_search: LineSearch::StrongWolfe, ..LbfgsOptions::torch() };
        let (mut optimizer, mut objective) = (lbfgs(options), recorded(function));
        let mut x = tensors(&Device::cpu(), start, &[2]);
        let status = run(&mut optimizer, &mut x, &mut objective, 100);
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        assert_relative_eq!(*values(&x), *minimum, epsilon = 1e-4);
        assert!(objective.losses.len() < scipys * 3 / 2, "{} evaluations", objective.losses.len());
    }
}

#[test]
fn the_defaults_find_minima_too() {
    for (function, start) in FUNCTIONS {
        let (mut optimizer, mut objective) = (lbfgs(LbfgsOptions::default()), recorded(function));
        let mut x = tensors(&Device::cpu(), start, &[start.len()]);
        run(&mut optimizer, &mut x, &mut objective, 200);
        let loss = function(&values(&x)).0;
        assert!(loss < 1e-8, "{loss:e} at {:?}", values(&x));
    }
}

#[test]
fn how_x_is_cut_into_tensors_does_not_matter() {
    let start = [-1.2, 1.0, 0.5, -0.3, 2.0, 2.0];
    for line_search in [LineSearch::None, LineSearch::StrongWolfe] {
        let losses = [&[6][..], &[1, 4, 1], &[2, 0, 2, 2]].map(|lengths| {
            let mut optimizer = lbfgs(LbfgsOptions { line_search, ..LbfgsOptions::torch() });
            let mut objective = recorded(rosenbrock);
            let mut x = tensors(&Device::cpu(), &start, lengths);
            run(&mut optimizer, &mut x, &mut objective, 10);
            objective.losses
        });
        assert!(losses[0].len() > 10);
        assert_relative_eq!(*losses[0], *losses[1], max_relative = 1e-6);
        assert_relative_eq!(*losses[0], *losses[2], max_relative = 1e-6);
    }
}

#[test]
fn steps_cost_one_evaluation_and_the_first_one_more() {
    for mut optimizer in both() {
        let mut objective = recorded(quadratic);
        let mut x = tensors(&Device::cpu(), &[1.0, 1.0, 1.0], &[3]);
        let first = optimizer.step(&mut x, &mut objective).unwrap();
        let second = optimizer.step(&mut x, &mut objective).unwrap();
        assert_eq!([first.evaluations, second.evaluations, objective.losses.len()], [2, 1, 3]);
        assert_eq!([first.loss, second.loss], objective.losses[1..]);
        assert_eq!(values(&x), objective.points[2]);
        assert!(first.moved && second.moved);
    }
}

#[test]
fn start_evaluates_once_and_the_first_step_uses_it() {
    for mut optimizer in both() {
        let mut objective = recorded(quadratic);
        let mut x = tensors(&Device::cpu(), &[1.0, 1.0, 1.0], &[3]);
        assert_eq!(optimizer.start(&x, &mut objective).unwrap(), quadratic(&[1.0; 3]).0);
        assert_eq!(optimizer.start(&x, &mut objective).unwrap(), quadratic(&[1.0; 3]).0);
        assert_eq!(objective.points, [[1.0; 3]]);
        assert_eq!(optimizer.step(&mut x, &mut objective).unwrap().evaluations, 1);
        optimizer.reset();
        let before = objective.points.len();
        optimizer.start(&x, &mut objective).unwrap();
        assert_eq!(objective.points[before..], [values(&x)]);
    }
}

/// A caller that clamps x must not get steps from the gradient of another point.
#[test]
fn an_x_that_the_caller_changed_is_evaluated_again() {
    for mut optimizer in both() {
        let mut objective = recorded(quadratic);
        let mut x = tensors(&Device::cpu(), &[1.0, 1.0, 1.0], &[3]);
        let _ = optimizer.step(&mut x, &mut objective).unwrap();
        x[0] = Tensor::full(x[0].device(), [3], 0.25).unwrap();
        let step = optimizer.step(&mut x, &mut objective).unwrap();
        assert_eq!((step.evaluations, &objective.points[2]), (2, &vec![0.25; 3]));
        assert_eq!(run(&mut *optimizer, &mut x, &mut objective, 3), Status::Progress);
    }
}

#[test]
fn each_tolerance_ends_a_run_by_its_own_rule() {
    let options = LbfgsOptions { tolerance_grad: 0.1, tolerance_change: 0.1, ..LbfgsOptions::torch() };
    // A slope of -9 at the start and a first step of 1/3; then the loss and the gradient given.
    for (loss, gradient, rule) in
        [(7.0, 2.0, None), (9.95, 2.0, Some(Convergence::Loss)), (7.0, 0.09, Some(Convergence::Gradient))]
    {
        let mut objective =
            recorded(|x| if x[0] == 0.0 { (10.0, vec![3.0]) } else { (loss, vec![gradient]) });
        let mut x = tensors(&Device::cpu(), &[0.0], &[1]);
        let step = lbfgs(options).step(&mut x, &mut objective).unwrap();
        assert_eq!((step.status, step.moved), (rule.map_or(Status::Progress, Status::Converged), true));
    }
    let short = LbfgsOptions { learning_rate: 0.05, ..options };
    let mut objective = recorded(|x| if x[0] == 0.0 { (10.0, vec![3.0]) } else { (7.0, vec![2.0]) });
    let step = lbfgs(short).step(&mut tensors(&Device::cpu(), &[0.0], &[1]), &mut objective).unwrap();
    assert_eq!((step.status, step.moved), (Status::Converged(Convergence::Step), true));
    let only = LbfgsOptions { tolerance_change: -1.0, ..options };
    let mut objective = recorded(|_| (10.0, vec![0.09]));
    let step = lbfgs(only).step(&mut tensors(&Device::cpu(), &[0.0], &[1]), &mut objective).unwrap();
    assert_eq!((step.status, step.moved), (Status::Converged(Convergence::Gradient), false));
    let flat = LbfgsOptions { tolerance_grad: -1.0, ..options };
    let mut objective = recorded(|_| (10.0, vec![0.2]));
    let step = lbfgs(flat).step(&mut tensors(&Device::cpu(), &[0.0], &[1]), &mut objective).unwrap();
    assert_eq!((step.status, step.moved), (Status::Converged(Convergence::Slope), false));
}

/// Calls that wait for the device, beside the objective's.
fn synchronisations(options: LbfgsOptions, steps: usize) -> Vec<usize> {
    let counting = Counting::cpu();
    let count = || ["dots", "download", "max_abs"].iter().map(|name| counting.calls(name)).sum::<usize>();
    let mut x = tensors(&Device::new(counting.clone()), &[-1.2, 1.0, 1.0, 1.0], &[2, 2]);
    let mut optimizer = lbfgs(options);
    let mut objective = recorded(rosenbrock);
    optimizer.start(&x, &mut objective).unwrap();
    let step = |_| {
        let before = count();
        let step = optimizer.step(&mut x, &mut objective).unwrap();
        assert_eq!(step.status, Status::Progress);
        // The objective downloads each of the two tensors.
        count() - before - 2 * step.evaluations
    };
    (0..steps).map(step).collect()
}

#[test]
fn an_iteration_synchronises_once_or_with_tolerances_twice() {
    let options = LbfgsOptions { max_step_rms: Some(0.5), backtrack: None, ..LbfgsOptions::default() };
    assert_eq!(synchronisations(options, 6), [1; 6]);
    let options = LbfgsOptions { max_step_rms: Some(0.5), ..LbfgsOptions::torch() };
    assert_eq!(synchronisations(options, 6), [2; 6]);
}

/// The sum of x⁴ / 4 + x² / 2, on the device.
fn quartic(x: &[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError> {
    let square = x[0].map(Map::Square)?;
    let cube = x[0].zip(&square, Zip::Mul)?;
    let loss = Tensor::dots(&[(&square, &square)])?[0] / 4.0 + Tensor::dots(&[(&x[0], &x[0])])?[0] / 2.0;
    Ok((loss, vec![Tensor::linear_combination(&[(1.0, &cube), (1.0, &x[0])])?]))
}

#[test]
fn the_history_takes_the_memory_it_says() {
    for (line_search, working) in [(LineSearch::None, 4), (LineSearch::StrongWolfe, 7)] {
        let device = Device::cpu();
        let mut x = vec![Tensor::full(&device, [100, 1000], 3.0).unwrap()];
        let vector = device.memory().in_use;
        let mut optimizer = lbfgs(LbfgsOptions { history: 3, line_search, ..LbfgsOptions::default() });
        for _ in 0..6 {
            assert!(optimizer.step(&mut x, &mut quartic).unwrap().moved);
        }
        // Beside the pairs the iterate and its gradient; and in the objective, two vectors of its own.
        assert_eq!(device.memory().in_use / vector, 2 * 3 + 2);
        let peak = device.memory().peak / vector;
        assert!(peak > 2 * 3 + 2 && peak <= 2 * 3 + 2 + working + 2, "{line_search:?}: {peak}");
        optimizer.reset();
        assert_eq!(device.memory().in_use / vector, 1);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let ends = [1, 2].map(|threads| {
        let device = Device::cpu_with_threads(threads).unwrap();
        let start: Vec<f64> = (0..100_000).map(|i| f64::from(i % 7) / 3.0 - 1.0).collect();
        let mut x = tensors(&device, &start, &[60_000, 40_000]);
        let options =
            LbfgsOptions { history: 3, line_search: LineSearch::StrongWolfe, ..LbfgsOptions::torch() };
        let mut objective = recorded(rosenbrock);
        run(&mut lbfgs(options), &mut x, &mut objective, 8);
        (objective.losses, values(&x))
    });
    assert!(ends[0].0.len() > 8);
    assert_eq!(ends[0], ends[1]);
}
