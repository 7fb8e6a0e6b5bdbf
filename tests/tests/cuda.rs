//! Whole runs on CUDA: the CPU's losses, the same bytes each time, and a host that hardly ever waits.

use nst::{Config, Evaluation, Inputs, Outcome, Picture, stylize};
use nst_cuda::Precision;
use nst_tensor::Device;
use nst_tests::gpu::{Gpu, gpu};
use nst_tests::{stripes, waves};
use nst_weights::Weights;
use std::ops::ControlFlow;

fn picture(image: &image::RgbImage) -> Picture {
    let values = image.as_raw().iter().map(|&value| f32::from(value) / 255.0).collect();
    Picture::new(image.width() as usize, image.height() as usize, values, None).expect("a picture")
}

/// The real network, as in the README's command, on small pictures.
fn inputs() -> Inputs {
    Inputs {
        content: Some(picture(&waves(48, 32))),
        styles: vec![picture(&stripes(40, 36))],
        init: None,
        weights: Weights::embedded().expect("the weights in the box"),
    }
}

/// Ten evaluations after the first.
fn config() -> Config {
    Config { size: 48, iterations: 10, ..Config::default() }
}

/// The outcome and all evaluations; `observe` is called at each.
fn run(device: &Device, mut observe: impl FnMut()) -> (Outcome, Vec<Evaluation>) {
    let mut seen = Vec::new();
    let outcome = stylize(&config(), inputs(), device, &mut |event| {
        seen.push(event.evaluation.clone());
        observe();
        ControlFlow::Continue(())
    });
    (outcome.expect("a run"), seen)
}

fn totals(evaluations: &[Evaluation]) -> Vec<f64> {
    evaluations.iter().map(|evaluation| evaluation.total).collect()
}

#[test]
fn a_run_has_the_losses_of_the_cpu_and_the_same_bytes_each_time() {
    let Some(gpu) = gpu(Precision::Float32) else { return };
    let expected = totals(&run(&Device::cpu(), || {}).1);
    let (outcome, seen) = gpu.watched(|| run(&gpu.device, || {}));
    let actual = totals(&seen);
    println!("cpu  {expected:?}\ncuda {actual:?}");
    assert_eq!(actual.len(), 11);
    for (at, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
        let error = (actual / expected - 1.0).abs();
        assert!(error <= 1e-4, "evaluation {at}: {actual}, on the CPU {expected}: {error:e} apart");
    }
    let (again, seen_again) = gpu.watched(|| run(&gpu.device, || {}));
    assert_eq!(totals(&seen_again), actual);
    assert_eq!(again.picture, outcome.picture);
}

/// One wait for the losses, one for the optimizer's inner products.
#[test]
fn an_iteration_waits_at_most_twice() {
    let Some(gpu) = gpu(Precision::TensorFloat32) else { return };
    let waits = |gpu: &Gpu| gpu.waits();
    let Some(_) = waits(&gpu) else {
        println!("skipped: a real GPU does not count how often it is waited for");
        return;
    };
    let mut counts = Vec::new();
    gpu.watched(|| run(&gpu.device, || counts.extend(waits(&gpu))));
    let per_iteration: Vec<u64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    println!("waits from one evaluation to the next: {per_iteration:?}");
    assert_eq!(per_iteration.len(), 10);
    assert!(per_iteration.iter().all(|&waits| waits <= 2), "{per_iteration:?}");
}
