//! A whole evaluation: the default losses of a picture of 256x256 pixels on VGG-16, and their gradient.

use criterion::Criterion;
use nst::{Config, Device, Inputs, Objective, Picture, Weights};
use std::time::Duration;

const SIDE: usize = 256;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let inputs = Inputs {
        content: Some(picture(5)),
        styles: vec![picture(7)],
        init: None,
        weights: Weights::embedded().expect("the weights in the box"),
    };
    let config = Config { size: SIDE, ..Config::default() };
    let (objective, start) = Objective::prepare(&config, inputs, &Device::cpu()).expect("an objective");
    let x = objective.variable(&start).expect("a tensor");
    criterion.bench_function("evaluation, VGG-16, 256x256", |bencher| {
        bencher.iter(|| objective.evaluate(&x).expect("an evaluation"));
    });
    criterion.final_summary();
}

/// Stripes.
fn picture(period: usize) -> Picture {
    let values = (0..SIDE * SIDE * 3).map(|i| (i / period % 2) as f32).collect();
    Picture::new(SIDE, SIDE, values, None).expect("a picture")
}
