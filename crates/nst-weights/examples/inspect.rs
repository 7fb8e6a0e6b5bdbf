//! Prints what a weight file holds, or the VGG-16 in the box: `cargo run -p nst-weights --example inspect [FILE]`.

use std::path::Path;

use nst_weights::{Result, Weights};

fn main() -> Result<()> {
    let weights = match std::env::args().nth(1) {
        Some(file) => Weights::read(Path::new(&file))?,
        None => Weights::embedded()?,
    };
    println!("{} on {} pixels, from {}", weights.architecture, weights.pixels, weights.source);
    for (convolution, number) in weights.convolutions.iter().zip(weights.architecture.convolutions()) {
        let [outputs, inputs, ..] = convolution.shape;
        let square: f32 = convolution.filter.iter().map(|value| value * value).sum();
        let rms = (square / convolution.filter.len() as f32).sqrt();
        println!("features.{number:<2} {inputs:>3} -> {outputs:>3} channels, RMS of the filters {rms:.4}");
    }
    Ok(())
}
