//! Whole runs against torch and SciPy (`tests/golden/golden_optimizers.py` of the workspace made the file).

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod functions;

use approx::assert_relative_eq;
use functions::{beale, himmelblau, quadratic, recorded, rosenbrock, tensors, values};
use nst_optim::{Adam, AdamOptions, Lbfgs, LbfgsOptions, LineSearch, Optimizer, Status};
use nst_tensor::Device;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Problem {
    start: Vec<f64>,
    scipy: Scipy,
    runs: Vec<Run>,
    samples: Option<Vec<Vec<f64>>>,
    labels: Option<Vec<f64>>,
    ridge: Option<f64>,
}

#[derive(Deserialize)]
struct Scipy {
    loss: f64,
}

#[derive(Deserialize)]
struct Run {
    optimizer: String,
    line_search: Option<String>,
    history: Option<usize>,
    lr: Option<f64>,
    betas: Option<[f64; 2]>,
    /// How many evaluations torch itself has equal in single and double precision, to 1e-3.
    agreeing: usize,
    f64: Trace,
}

#[derive(Deserialize)]
struct Trace {
    losses: Vec<f64>,
    x: Vec<f64>,
}

type Evaluate = Box<dyn FnMut(&[f64]) -> (f64, Vec<f64>)>;

fn problems() -> BTreeMap<String, Problem> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/data/optimizers.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn function(name: &str, problem: &Problem) -> Evaluate {
    match name {
        "rosenbrock" | "extended_rosenbrock" => Box::new(rosenbrock),
        "beale" => Box::new(beale),
        "himmelblau" => Box::new(himmelblau),
        "quadratic" => Box::new(quadratic),
        "logistic" => {
            let (samples, labels) = (problem.samples.clone().unwrap(), problem.labels.clone().unwrap());
            let ridge = problem.ridge.unwrap();
            Box::new(move |x| logistic(x, &samples, &labels, ridge))
        }
        _ => panic!("no function {name}"),
    }
}

fn logistic(x: &[f64], samples: &[Vec<f64>], labels: &[f64], ridge: f64) -> (f64, Vec<f64>) {
    let mut loss = ridge / 2.0 * x.iter().map(|x| x * x).sum::<f64>();
    let mut gradient: Vec<f64> = x.iter().map(|x| ridge * x).collect();
    for (sample, label) in samples.iter().zip(labels) {
        let margin = label * sample.iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
        loss += (-margin).exp().ln_1p() / samples.len() as f64;
        let factor = -label / (1.0 + margin.exp()) / samples.len() as f64;
        gradient.iter_mut().zip(sample).for_each(|(g, a)| *g += factor * a);
    }
    (loss, gradient)
}

fn optimizer(run: &Run) -> Box<dyn Optimizer> {
    if run.optimizer == "adam" {
        let options = AdamOptions {
            learning_rate: run.lr.unwrap(),
            betas: run.betas.unwrap(),
            ..AdamOptions::default()
        };
        return Box::new(Adam::new(options).unwrap());
    }
    let line_search = match run.line_search.as_deref() {
        Some("none") => LineSearch::None,
        Some("strong_wolfe") => LineSearch::StrongWolfe,
        other => panic!("no line search {other:?}"),
    };
    let options = LbfgsOptions { line_search, history: run.history.unwrap(), ..LbfgsOptions::torch() };
    Box::new(Lbfgs::new(options).unwrap())
}

#[test]
fn each_evaluation_is_torchs() {
    for (name, problem) in problems() {
        for run in &problem.runs {
            let mut objective = recorded(function(&name, &problem));
            let mut optimizer = optimizer(run);
            let mut x = tensors(&Device::cpu(), &problem.start, &[problem.start.len()]);
            while objective.losses.len() < run.agreeing {
                let step = optimizer.step(&mut x, &mut objective).unwrap();
                if step.status != Status::Progress {
                    break;
                }
            }
            let pairs = objective.losses.iter().zip(&run.f64.losses);
            let equal = pairs.take_while(|(a, b)| (*a - *b).abs() <= 1e-3 * b.abs()).count();
            // Rounding errors grow until two correct runs part; torch's own precisions part after `agreeing`.
            assert!(
                equal >= run.agreeing * 4 / 5,
                "{name}, {}, {:?}, {:?}: {equal} evaluations of {} agree",
                run.optimizer,
                run.line_search,
                run.history,
                run.agreeing
            );
        }
    }
}

#[test]
fn where_torch_converges_so_do_we() {
    for (name, problem) in problems() {
        let converged = |run: &&Run| run.optimizer == "lbfgs" && run.f64.losses.len() < 100;
        for run in problem.runs.iter().filter(converged) {
            let mut objective = recorded(function(&name, &problem));
            let mut optimizer = optimizer(run);
            let mut x = tensors(&Device::cpu(), &problem.start, &[problem.start.len()]);
            let mut last = optimizer.step(&mut x, &mut objective).unwrap();
            while last.status == Status::Progress && objective.losses.len() < 200 {
                last = optimizer.step(&mut x, &mut objective).unwrap();
            }
            let case = format!("{name}, {:?}, {:?}: {last:?}", run.line_search, run.history);
            assert!(matches!(last.status, Status::Converged(_)), "{case}");
            assert!(last.loss < problem.scipy.loss + 1e-8, "{case}");
            assert_relative_eq!(*values(&x), *run.f64.x, epsilon = 1e-4);
        }
    }
}

#[test]
fn adam_ends_where_torchs_does() {
    for (name, problem) in problems() {
        for run in problem.runs.iter().filter(|run| run.optimizer == "adam") {
            let mut objective = recorded(function(&name, &problem));
            let mut optimizer = optimizer(run);
            let mut x = tensors(&Device::cpu(), &problem.start, &[problem.start.len()]);
            for _ in &run.f64.losses {
                let step = optimizer.step(&mut x, &mut objective).unwrap();
                assert_eq!(step.status, Status::Progress);
            }
            assert_relative_eq!(*values(&x), *run.f64.x, epsilon = 1e-5);
        }
    }
}
