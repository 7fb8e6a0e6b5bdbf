//! Whole runs through the library, on a narrow network so that each takes milliseconds.

use crate::narrow_vgg19;
use nst::config::{Model, StyleLoss};
use nst::{Config, Evaluation, Inputs, Outcome, Picture, stylize};
use nst_tensor::Device;
use nst_weights::Weights;
use std::ops::ControlFlow;
use std::path::Path;

/// All there are.
pub const STYLE_LOSSES: [StyleLoss; 5] = [
    StyleLoss::Gram,
    StyleLoss::Covariance,
    StyleLoss::Moments,
    StyleLoss::Wasserstein,
    StyleLoss::Histogram,
];

/// A picture of colors all over; another `seed`, another one.
pub fn picture(width: usize, height: usize, seed: usize) -> Picture {
    let value = |i: usize| ((i * i + 31 * seed * i + seed) % 101) as f32 / 100.0;
    Picture::new(width, height, (0..width * height * 3).map(value).collect(), None).expect("a picture")
}

/// A decoded picture of this image.
pub fn decoded(image: &image::RgbImage) -> Picture {
    let values = image.as_raw().iter().map(|&value| f32::from(value) / 255.0).collect();
    Picture::new(image.width() as usize, image.height() as usize, values, None).expect("a picture")
}

/// A content of 40x32, a style of 36x44, and the narrow VGG-19 of the golden files.
pub fn inputs() -> Inputs {
    let weights = narrow_vgg19();
    Inputs {
        content: Some(picture(40, 32, 1)),
        styles: vec![picture(36, 44, 2)],
        init: None,
        weights: Weights::read(Path::new(&weights)).expect("weights"),
    }
}

/// A dozen iterations at 40 pixels.
pub fn config() -> Config {
    Config { size: 40, iterations: 12, model: Model::Vgg19, ..Config::default() }
}

/// A run on the CPU: the outcome and all evaluations.
pub fn run(config: &Config, inputs: &Inputs) -> (Outcome, Vec<Evaluation>) {
    let mut seen = Vec::new();
    let outcome = stylize(config, inputs.clone(), &Device::cpu(), &mut |event| {
        seen.push(event.evaluation.clone());
        ControlFlow::Continue(())
    });
    (outcome.expect("a run"), seen)
}
