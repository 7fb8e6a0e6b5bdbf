//! One 3x3 convolution of VGG, forward and backward to the data, and how fast each instruction set does it.

use nst_kernels::{Activation, Conv2d, Isa, PackedFilter};
use std::time::Instant;

fn main() {
    let conv = Conv2d {
        batch: 1,
        height: 64,
        width: 64,
        in_channels: 128,
        out_channels: 128,
        kernel: [3, 3],
        padding: 1,
    };
    let products = conv.output_len() * conv.in_channels * 9;
    let input = vec![0.5; conv.input_len()];
    let weights = vec![0.01; conv.out_channels * conv.in_channels * 9];
    let mut output = vec![0.0; conv.output_len()];
    let mut gradient = vec![0.0; conv.input_len()];
    for isa in Isa::available() {
        let filter = PackedFilter::new(isa, &conv, &weights);
        let start = Instant::now();
        conv.forward(&input, &filter, None, Activation::Relu, &mut output);
        let forward = start.elapsed();
        conv.backward_data(&output, Some(&output), &filter, &mut gradient); // packs the rotated filter
        let start = Instant::now();
        conv.backward_data(&output, Some(&output), &filter, &mut gradient);
        let rate = |seconds: f64| 2e-9 * products as f64 / seconds;
        println!(
            "{:>8}: forward {:.0} GFLOP/s, backward {:.0} GFLOP/s",
            isa.name(),
            rate(forward.as_secs_f64()),
            rate(start.elapsed().as_secs_f64())
        );
    }
}
