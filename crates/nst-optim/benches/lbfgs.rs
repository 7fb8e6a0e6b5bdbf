//! What an iteration of L-BFGS takes beside the evaluation: 512x512x3 variables, twenty curvature pairs.

use criterion::{Criterion, Throughput};
use nst_optim::{BoxError, Lbfgs, LbfgsOptions, Optimizer, Status};
use nst_tensor::{Device, Tensor, Zip};
use std::time::{Duration, Instant};

/// Iterations until all pairs are there, which are not timed.
const WARM_UP: u64 = 25;
/// Timed iterations of one minimisation; then the next one starts, long before there is nothing left to gain.
const TIMED: u64 = 50;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let device = Device::cpu();
    let len = 512 * 512 * 3;
    let mut group = criterion.benchmark_group("L-BFGS");
    group.throughput(Throughput::Elements(len as u64));
    let mut descent: Option<Descent> = None;
    group.bench_function("iteration of 20 pairs", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut time = Duration::ZERO;
            for _ in 0..iterations {
                let current = descent.take().filter(|descent| descent.iterations < WARM_UP + TIMED);
                let mut current =
                    current.unwrap_or_else(|| Descent::begin(&device, len).expect("iterations"));
                let start = Instant::now();
                current.step().expect("an iteration");
                time += start.elapsed();
                descent = Some(current);
            }
            time
        });
    });
    group.finish();
    criterion.final_summary();
}

/// A minimisation of `sum(d x²) / 2`, whose evaluation is one product of vectors and one inner product.
struct Descent {
    optimizer: Lbfgs,
    curvature: Tensor,
    x: [Tensor; 1],
    iterations: u64,
}

impl Descent {
    /// One that has all its curvature pairs.
    fn begin(device: &Device, len: usize) -> Result<Self, BoxError> {
        // Curvatures over six decades: too many to be done with after a few dozen iterations.
        let curvature: Vec<f32> =
            (0..len).map(|i| 10f32.powf((i * 7919 % 1021) as f32 / 170.0 - 3.0)).collect();
        let curvature = Tensor::new(device, [len], &curvature)?;
        let optimizer = Lbfgs::new(LbfgsOptions { history: 20, ..LbfgsOptions::default() })?;
        let x = [Tensor::full(device, [len], 1.0)?];
        let mut descent = Self { optimizer, curvature, x, iterations: 0 };
        for _ in 0..WARM_UP {
            descent.step()?;
        }
        Ok(descent)
    }

    fn step(&mut self) -> Result<(), BoxError> {
        let mut objective = |x: &[Tensor]| -> Result<(f64, Vec<Tensor>), BoxError> {
            let gradient = x[0].zip(&self.curvature, Zip::Mul)?;
            Ok((0.5 * Tensor::dots(&[(&x[0], &gradient)])?[0], vec![gradient]))
        };
        let step = self.optimizer.step(&mut self.x, &mut objective)?;
        self.iterations += 1;
        if step.status == Status::Progress { Ok(()) } else { Err(step.status.to_string().into()) }
    }
}
