//! Whole runs on CUDA: the CPU's losses, the same bytes each time, and a host that hardly ever waits.
//!
//! On the stand-in for the driver, kernels' mistakes are looked for as little as possible here: the conformance suite, which
//! launches the same kernels, looks for all of them.

use nst::config::{Model, Steps};
use nst::{Config, Evaluation, Inputs, Outcome, stylize};
use nst_cuda::Precision;
use nst_tensor::Device;
use nst_tests::gpu::gpu;
use nst_tests::small_run::decoded;
use nst_tests::{narrow_vgg19, stripes, waves};
use nst_weights::Weights;
use std::ops::ControlFlow;
use std::path::Path;

fn inputs(weights: Weights) -> Inputs {
    Inputs {
        content: Some(decoded(&waves(48, 32))),
        styles: vec![decoded(&stripes(40, 36))],
        init: None,
        weights,
    }
}

/// The outcome and all evaluations, ten after the first; `observe` is called at each.
fn run(device: &Device, model: Model, observe: impl FnMut()) -> (Outcome, Vec<Evaluation>) {
    run_with(Steps::Bounded, device, model, observe)
}

fn run_with(
    steps: Steps,
    device: &Device,
    model: Model,
    mut observe: impl FnMut(),
) -> (Outcome, Vec<Evaluation>) {
    let weights = match model {
        Model::Vgg16 => Weights::embedded(),
        Model::Vgg19 => Weights::read(Path::new(&narrow_vgg19())),
    };
    // In so small a picture a full step overshoots at the eighth evaluation, and what differs in rounding grows a thousandfold there.
    let config = Config { size: 48, iterations: 10, learning_rate: 0.7, model, steps, ..Config::default() };
    let mut seen = Vec::new();
    let outcome = stylize(&config, inputs(weights.expect("weights")), device, &mut |event| {
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
    gpu.look_for_little();
    let expected = totals(&run(&Device::cpu(), Model::Vgg16, || {}).1);
    let (outcome, seen) = gpu.watched(|| run(&gpu.device, Model::Vgg16, || {}));
    let actual = totals(&seen);
    assert_eq!(actual.len(), 11);
    for (at, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
        let error = (actual / expected - 1.0).abs();
        assert!(error <= 1e-5, "evaluation {at}: {actual}, on the CPU {expected}: {error:e} apart");
    }
    let (again, seen_again) = gpu.watched(|| run(&gpu.device, Model::Vgg16, || {}));
    assert_eq!(totals(&seen_again), actual);
    assert_eq!(again.picture, outcome.picture);
}

/// One wait for the losses, one for the optimizer's inner products; with gains of bands one for theirs, and two more for the
/// direction.
#[test]
fn an_iteration_waits_a_few_times_only() {
    let Some(gpu) = gpu(Precision::TensorFloat32) else { return };
    if gpu.waits().is_none() {
        println!("skipped: a real GPU does not count how often it is waited for");
        return;
    }
    gpu.look_for_little();
    for (steps, most) in [(Steps::Torch, 2), (Steps::Bounded, 5)] {
        let mut counts = Vec::new();
        gpu.watched(|| run_with(steps, &gpu.device, Model::Vgg19, || counts.extend(gpu.waits())));
        let between: Vec<u64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(between.len(), 10);
        assert!(between.iter().all(|waits| (1..=most).contains(waits)), "{steps}: {between:?}");
    }
}
