//! An inverse Hessian to begin with.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod functions;

use functions::{quadratic, recorded, tensors, values};
use nst_optim::{BoxError, Error, FirstStep, InitialInverse, Lbfgs, LbfgsOptions, LineSearch, Optimizer};
use nst_tensor::{Device, Tensor, Zip};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const LEN: usize = 40;

/// A diagonal, and the pairs seen since the start or the last `forget`.
#[derive(Debug)]
struct Diagonal {
    values: Vec<f64>,
    pairs: Arc<AtomicUsize>,
}

impl InitialInverse for Diagonal {
    fn apply(&self, vector: &[Tensor]) -> Result<Vec<Tensor>, BoxError> {
        let values = tensors(vector[0].device(), &self.values, &[LEN]);
        Ok(vec![vector[0].zip(&values[0], Zip::Mul)?])
    }

    fn learn(&mut self, step: &[Tensor], change: &[Tensor], _: [f64; 2]) -> Result<(), BoxError> {
        assert!(Tensor::dots(&[(&step[0], &change[0])])?[0] > 0.0);
        self.pairs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn forget(&mut self) {
        self.pairs.store(0, Ordering::Relaxed);
    }
}

/// The inverse curvatures of [`quadratic`] to a power: 1 for all that there is to know, 0 for nothing.
fn diagonal(power: f64, pairs: &Arc<AtomicUsize>) -> Box<dyn InitialInverse> {
    let curvature = |i: usize| 10f64.powf(4.0 * i as f64 / (LEN - 1) as f64);
    let values = (0..LEN).map(|i| curvature(i).powf(-power)).collect();
    Box::new(Diagonal { values, pairs: Arc::clone(pairs) })
}

fn start() -> Vec<Tensor> {
    let x: Vec<f64> = (0..LEN).map(|i| 1.0 - 2.0 * (i % 2) as f64).collect();
    tensors(&Device::cpu(), &x, &[LEN])
}

fn lbfgs(line_search: LineSearch) -> Lbfgs {
    let first_step = FirstStep::MeanAbsolute(1e-3);
    Lbfgs::new(LbfgsOptions { history: 5, line_search, first_step, ..LbfgsOptions::default() }).unwrap()
}

/// Evaluations until the loss of [`quadratic`] is a millionth.
fn evaluations(mut optimizer: Lbfgs) -> usize {
    let (mut x, mut objective) = (start(), recorded(quadratic));
    let least = optimizer.start(&x, &mut objective).unwrap() * 1e-6;
    while optimizer.step(&mut x, &mut objective).unwrap().loss > least {
        assert!(objective.losses.len() < 1000);
    }
    objective.losses.len()
}

#[test]
fn the_inverse_hessian_itself_leads_there_in_two_steps() {
    let pairs = Arc::default();
    let mut optimizer = lbfgs(LineSearch::None).with_initial_inverse(diagonal(1.0, &pairs));
    let (mut x, mut objective) = (start(), recorded(quadratic));
    for _ in 0..2 {
        let _ = optimizer.step(&mut x, &mut objective).unwrap();
    }
    assert_eq!(objective.losses.len(), 3);
    assert!(values(&x).iter().all(|x| x.abs() < 1e-4), "{:?}", values(&x));
}

#[test]
fn the_more_it_knows_the_fewer_evaluations() {
    for line_search in [LineSearch::None, LineSearch::StrongWolfe] {
        let knowing =
            |power| evaluations(lbfgs(line_search).with_initial_inverse(diagonal(power, &Arc::default())));
        let (nothing, much) = (evaluations(lbfgs(line_search)), knowing(0.75));
        assert!(much * 2 < nothing, "{much}, {nothing}");
    }
}

#[test]
fn it_learns_each_pair_and_forgets_at_a_reset() {
    let pairs = Arc::default();
    let mut optimizer = lbfgs(LineSearch::None).with_initial_inverse(diagonal(0.5, &pairs));
    let (mut x, mut objective) = (start(), recorded(quadratic));
    for _ in 0..3 {
        let _ = optimizer.step(&mut x, &mut objective).unwrap();
    }
    assert_eq!(pairs.load(Ordering::Relaxed), 3);
    optimizer.reset();
    assert_eq!(pairs.load(Ordering::Relaxed), 0);
}

#[test]
fn its_error_comes_back() {
    #[derive(Debug)]
    struct Broken;
    impl InitialInverse for Broken {
        fn apply(&self, _: &[Tensor]) -> Result<Vec<Tensor>, BoxError> {
            Err("broken".into())
        }

        fn learn(&mut self, _: &[Tensor], _: &[Tensor], _: [f64; 2]) -> Result<(), BoxError> {
            Ok(())
        }

        fn forget(&mut self) {}
    }
    let mut optimizer = lbfgs(LineSearch::None).with_initial_inverse(Box::new(Broken));
    let (mut x, mut objective) = (start(), recorded(quadratic));
    let _ = optimizer.step(&mut x, &mut objective).unwrap();
    let before = values(&x);
    let error = optimizer.step(&mut x, &mut objective).unwrap_err();
    assert!(matches!(error, Error::InitialInverse(_)), "{error}");
    assert!(error.to_string().contains("broken"));
    assert_eq!(values(&x), before);
}
