//! What goes wrong, and that x stays good.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod functions;

use functions::{quadratic, recorded, rosenbrock, tensors, values};
use nst_optim::{
    Adam, AdamOptions, Backtrack, BoxError, Convergence, Error, FirstStep, Lbfgs, LbfgsOptions, LineSearch,
    Optimizer, Stall, Status,
};
use nst_tensor::{Device, Tensor};

fn lbfgs(options: LbfgsOptions) -> Lbfgs {
    Lbfgs::new(options).unwrap()
}

fn searching() -> LbfgsOptions {
    LbfgsOptions { line_search: LineSearch::StrongWolfe, ..LbfgsOptions::default() }
}

fn all() -> Vec<Box<dyn Optimizer>> {
    vec![
        Box::new(lbfgs(LbfgsOptions::default())),
        Box::new(lbfgs(LbfgsOptions::torch())),
        Box::new(lbfgs(searching())),
        Box::new(Adam::new(AdamOptions::default()).unwrap()),
    ]
}

fn start() -> Vec<Tensor> {
    tensors(&Device::cpu(), &[-1.2, 1.0], &[2])
}

#[test]
fn a_loss_that_turns_nan_leaves_the_last_good_point() {
    for good in 1..8 {
        for mut optimizer in all() {
            let mut calls = 0;
            let mut objective = recorded(|x| {
                calls += 1;
                let (loss, gradient) = rosenbrock(x);
                (if calls > good { f64::NAN } else { loss }, gradient)
            });
            let mut x = start();
            let mut last = optimizer.step(&mut x, &mut objective).unwrap();
            while last.status == Status::Progress {
                last = optimizer.step(&mut x, &mut objective).unwrap();
            }
            // A line search that meets a NaN may still end at a lower point it found before; then the next step fails.
            assert_eq!((last.status, last.moved), (Status::NotFinite, false));
            assert_eq!(last.loss, rosenbrock(&values(&x)).0);
            assert!(objective.points[..good].contains(&values(&x)), "a trial point");

            // With the cause gone it goes on from there.
            let mut healthy = recorded(rosenbrock);
            optimizer.reset();
            optimizer.shrink(0.5);
            let step = optimizer.step(&mut x, &mut healthy).unwrap();
            assert!(step.moved && healthy.losses[0] == last.loss, "{step:?}");
        }
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_no_better() {
    for poison in [f64::NAN, f64::INFINITY] {
        for mut optimizer in all() {
            let mut calls = 0;
            let mut objective = recorded(|x| {
                calls += 1;
                let (loss, mut gradient) = rosenbrock(x);
                gradient[1] = if calls > 1 { poison } else { gradient[1] };
                (loss, gradient)
            });
            let mut x = start();
            let step = optimizer.step(&mut x, &mut objective).unwrap();
            assert_eq!((step.status, step.moved), (Status::NotFinite, false));
            assert_eq!(values(&x), values(&start()));
        }
    }
}

#[test]
fn a_start_that_is_not_finite_is_reported_as_it_is() {
    for mut optimizer in all() {
        let mut x = start();
        let mut nowhere = recorded(|_| (f64::NAN, vec![f64::NAN; 2]));
        assert!(optimizer.start(&x, &mut nowhere).unwrap().is_nan());
        let step = optimizer.step(&mut x, &mut nowhere).unwrap();
        assert_eq!((step.status, step.moved, step.evaluations), (Status::NotFinite, false, 0));
        assert!(step.loss.is_nan());
    }
}

#[test]
fn cuts_are_as_many_as_allowed() {
    for (attempts, growth, expected) in [
        (0, false, Status::NotFinite),
        (5, false, Status::NotFinite),
        (5, true, Status::Stalled(Stall::Growth)),
    ] {
        let backtrack = Some(Backtrack { attempts, ..Backtrack::default() });
        let mut optimizer = lbfgs(LbfgsOptions { backtrack, ..LbfgsOptions::default() });
        let mut objective = recorded(|x| {
            let beyond = if growth { 100.0 } else { f64::INFINITY };
            (if x[0] == 1.0 { 1.0 } else { beyond }, vec![1.0])
        });
        let mut x = tensors(&Device::cpu(), &[1.0], &[1]);
        let step = optimizer.step(&mut x, &mut objective).unwrap();
        assert_eq!((step.status, step.evaluations, step.loss), (expected, 2 + attempts, 1.0));
        assert_eq!(values(&x), [1.0]);
    }
}

#[test]
fn the_gradient_of_another_function_is_found_out() {
    // Uphill: a search finds nothing, and x stays.
    let mut uphill = recorded(|x| {
        let (loss, gradient) = rosenbrock(x);
        (loss, gradient.iter().map(|g| -g).collect())
    });
    let mut x = start();
    let step = lbfgs(searching()).step(&mut x, &mut uphill).unwrap();
    assert_eq!((step.status, step.moved), (Status::Stalled(Stall::LineSearch), false));
    assert_eq!(values(&x), values(&start()));
}

#[test]
fn a_gradient_of_other_shapes_is_refused() {
    let device = Device::cpu();
    let wrong = [vec![], tensors(&device, &[1.0; 3], &[3]), tensors(&device, &[1.0; 2], &[1, 1])];
    for gradient in wrong {
        for mut optimizer in all() {
            let mut objective = |_: &[Tensor]| Ok((1.0, gradient.clone()));
            let mut x = start();
            let error = optimizer.step(&mut x, &mut objective).unwrap_err();
            assert!(matches!(&error, Error::Gradient { .. }), "{error}");
            assert!(error.to_string().contains("expected ([2]), got ("), "{error}");
        }
    }
}

#[test]
fn a_gradient_on_another_device_is_refused() {
    for mut optimizer in all() {
        let mut objective = |_: &[Tensor]| Ok((1.0, tensors(&Device::cpu(), &[1.0; 2], &[2])));
        let mut x = start();
        let error = optimizer.step(&mut x, &mut objective).unwrap_err();
        assert!(matches!(&error, Error::Tensor(nst_tensor::Error::Device { .. })), "{error}");
        assert_eq!(values(&x), values(&start()));
    }
}

#[test]
fn an_error_of_the_objective_comes_back() {
    for mut optimizer in all() {
        let mut calls = 0;
        let mut healthy = recorded(rosenbrock);
        let mut objective = |x: &[Tensor]| {
            calls += 1;
            if calls > 1 {
                return Err(BoxError::from("the network fell over"));
            }
            nst_optim::Objective::evaluate(&mut healthy, x)
        };
        let mut x = start();
        let error = optimizer.step(&mut x, &mut objective).unwrap_err();
        assert_eq!(error.to_string(), "the objective failed: the network fell over");
        assert!(matches!(error, Error::Objective(_)));
        assert_eq!(values(&x), values(&start()));
        // And the optimizer can go on without a reset.
        assert_eq!(optimizer.step(&mut x, &mut recorded(rosenbrock)).unwrap().status, Status::Progress);
    }
}

#[test]
fn another_problem_needs_a_reset() {
    for mut optimizer in all() {
        let mut objective = recorded(quadratic);
        let _ = optimizer.step(&mut tensors(&Device::cpu(), &[1.0; 4], &[4]), &mut objective).unwrap();
        let mut x = tensors(&Device::cpu(), &[1.0; 6], &[6]);
        let error = optimizer.step(&mut x, &mut objective).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x had the shapes ([4]) at the last step and now has ([6]); call reset before another problem"
        );
        optimizer.reset();
        assert_eq!(optimizer.step(&mut x, &mut objective).unwrap().status, Status::Progress);
    }
}

#[test]
fn nothing_to_move_and_nothing_to_gain_are_convergence() {
    let converged = Status::Converged(Convergence::Gradient);
    for mut optimizer in all() {
        for (at, lengths) in [(&[0.0, 0.0, 0.0][..], &[3][..]), (&[], &[]), (&[], &[0, 0])] {
            let mut x = tensors(&Device::cpu(), at, lengths);
            let mut objective = recorded(|x: &[f64]| (5.0, x.to_vec()));
            optimizer.reset();
            let step = optimizer.step(&mut x, &mut objective).unwrap();
            assert_eq!((step.status, step.moved, step.loss, step.evaluations), (converged, false, 5.0, 1));
            assert_eq!(values(&x), at);
        }
    }
}

#[test]
fn a_history_of_one_pair_works() {
    let mut optimizer = lbfgs(LbfgsOptions { history: 1, ..searching() });
    let (mut x, mut objective) = (start(), recorded(rosenbrock));
    for _ in 0..60 {
        let step = optimizer.step(&mut x, &mut objective).unwrap();
        if step.status != Status::Progress {
            break;
        }
    }
    let loss = rosenbrock(&values(&x)).0;
    assert!(loss < 1e-6, "{loss:e}");
}

#[test]
fn shrinking_shortens_every_kind_of_step() {
    let length = |optimizer: &mut dyn Optimizer| {
        let mut x = start();
        let _ = optimizer.step(&mut x, &mut recorded(rosenbrock)).unwrap();
        (values(&x)[0] + 1.2).hypot(values(&x)[1] - 1.0)
    };
    let plain = LbfgsOptions { backtrack: None, ..LbfgsOptions::default() };
    let mean = LbfgsOptions { first_step: FirstStep::MeanAbsolute(0.01), ..plain };
    let capped = LbfgsOptions { max_step_rms: Some(1e-3), ..mean };
    for options in [plain, mean, capped] {
        let (mut optimizer, whole) = (lbfgs(options), length(&mut lbfgs(options)));
        optimizer.shrink(0.25);
        approx::assert_relative_eq!(length(&mut optimizer), whole / 4.0, max_relative = 1e-4);
    }
    let mut adam = Adam::new(AdamOptions::default()).unwrap();
    let whole = length(&mut adam);
    adam.reset();
    adam.shrink(0.25);
    approx::assert_relative_eq!(length(&mut adam), whole / 4.0, max_relative = 1e-3);
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let default = LbfgsOptions::default();
    let cut = Backtrack::default();
    let wrong = [
        (
            LbfgsOptions { learning_rate: f64::NAN, ..default },
            "learning_rate must be finite and above 0, got NaN",
        ),
        (LbfgsOptions { history: 0, ..default }, "history must be at least 1, got 0"),
        (LbfgsOptions { tolerance_grad: f64::NAN, ..default }, "tolerance_grad must be a number, got NaN"),
        (
            LbfgsOptions { first_step: FirstStep::MeanAbsolute(0.0), ..default },
            "first_step must be finite and above 0, got 0",
        ),
        (
            LbfgsOptions { max_step_rms: Some(-1.0), ..default },
            "max_step_rms must be finite and above 0, got -1",
        ),
        (
            LbfgsOptions { backtrack: Some(Backtrack { factor: 1.0, ..cut }), ..default },
            "backtrack.factor must be between 0 and 1, got 1",
        ),
        (
            LbfgsOptions { backtrack: Some(Backtrack { growth: 0.5, ..cut }), ..default },
            "backtrack.growth must be at least 1, got 0.5",
        ),
    ];
    for (options, message) in wrong {
        assert_eq!(Lbfgs::new(options).unwrap_err().to_string(), message);
    }
    let error = Adam::new(AdamOptions { betas: [0.9, 1.0], ..AdamOptions::default() }).unwrap_err();
    assert_eq!(error.to_string(), "betas must be from 0 and below 1, got 1");
}
