//! One 3x3 convolution of VGG, forward and backward to the data, and how fast each instruction set does it.

use nst_kernels::{Activation, Conv2d, Epilogue, Gate, Isa, PackedFilter, Workspace};
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
    let epilogue = Epilogue { activation: Activation::Relu, ..Epilogue::default() };
    let products = conv.output_len() * conv.in_channels * 9;
    let input = vec![0.5; conv.input_len()];
    let weights = vec![0.01; conv.out_channels * conv.in_channels * 9];
    let (mut output, mut gate) = (vec![0.0; conv.output_len()], vec![0; conv.gate_len()]);
    let mut gradient = vec![0.0; conv.input_len()];
    for isa in Isa::available() {
        let (filter, workspace) = (PackedFilter::new(isa, &conv, &weights), Workspace::new());
        // The first round fills the workspace and packs the rotated filter.
        for round in 0..2 {
            let start = Instant::now();
            conv.forward(&workspace, &input, &filter, epilogue, &mut output, Some(&mut gate));
            let forward = start.elapsed();
            let start = Instant::now();
            let through = Gate { pooling: None, bits: Some(&gate) };
            conv.backward_data(&workspace, &output, through, &filter, &mut gradient);
            let rates = [forward, start.elapsed()].map(|time| 2e-9 * products as f64 / time.as_secs_f64());
            if round == 1 {
                println!("{:>8}: forward {:.0}, backward {:.0} GFLOP/s", isa.name(), rates[0], rates[1]);
            }
        }
    }
}
