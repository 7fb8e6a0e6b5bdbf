//! The gradient with respect to the filter: each task sums the products of some rows of the output's gradient with the
//! inputs they saw.

use super::Conv2d;
use super::padded_input::PaddedInput;
use crate::Isa;
use crate::gate::Gate;
use crate::reduce::total;
use crate::rows::{blocks, pad_rows};
use crate::tile::{Left, MAX_COLUMNS, MAX_ROWS, Right};
use rayon::prelude::*;
use std::ops::Range;

/// Parts of which the gradient is summed: a fixed number, so that the order of summation does not depend on the threads.
const PARTIALS: usize = 8;

/// Writes the gradient as OIHW; operands as in [`Conv2d::backward_filter`], which has checked them.
pub(super) fn compute(
    conv: &Conv2d,
    isa: Isa,
    input: &[f32],
    output_gradient: &[f32],
    filter_gradient: &mut [f32],
) {
    let taps = conv.kernel[0] * conv.kernel[1];
    let rows = conv.batch * conv.out_height();
    let partials: Vec<Vec<f32>> = blocks(rows, rows.div_ceil(PARTIALS))
        .into_par_iter()
        .map(|rows| products(conv, isa, input, output_gradient, rows))
        .collect();
    let (outputs, inputs) = (conv.out_channels, conv.in_channels);
    filter_gradient.par_chunks_mut((inputs * taps).max(1)).enumerate().for_each(|(o, to)| {
        for (at, to) in to.iter_mut().enumerate() {
            let from = (at % taps * inputs + at / taps) * outputs + o;
            *to = total(partials.iter().map(|partial| f64::from(partial[from]))) as f32;
        }
    });
}

/// The part of the filter's gradient that some rows of the output contribute, as `[tap][input][output]`.
fn products(conv: &Conv2d, isa: Isa, input: &[f32], output_gradient: &[f32], rows: Range<usize>) -> Vec<f32> {
    let kernel = isa.tile_kernel();
    let (plane, out) = (conv.input(), conv.output());
    let (inputs, outputs) = (conv.in_channels, conv.out_channels);
    let padded_outputs = outputs.next_multiple_of(kernel.columns);
    let padded = PaddedInput::new(plane, out.width + conv.kernel[1] - 1, [conv.padding; 2]);
    let mut gradient = vec![0.0; out.width * padded_outputs];
    let mut scratch = vec![0.0; conv.kernel[0] * padded.line()];
    let mut partial = vec![0.0; conv.kernel[0] * conv.kernel[1] * inputs * outputs];
    for row in rows {
        let (image, y) = (row / out.height, row % out.height);
        let line = row * out.width * outputs..(row + 1) * out.width * outputs;
        pad_rows(&output_gradient[line], outputs, padded_outputs, &mut gradient);
        padded.fill(&mut scratch, (input, Gate::default()), image, y..y + conv.kernel[0]);
        for tap in 0..conv.kernel[0] * conv.kernel[1] {
            let at = (tap / conv.kernel[1] * padded.width + tap % conv.kernel[1]) * inputs;
            for i in (0..inputs).step_by(kernel.rows) {
                let channels = i..(i + kernel.rows).min(inputs);
                let bases = std::array::from_fn(|row| at + (i + row).min(channels.end - 1));
                let left = Left { values: &scratch, bases, offsets: &[0], run: out.width, step: inputs };
                for j in (0..outputs).step_by(kernel.columns) {
                    let right = Right { values: &gradient[j..], step: padded_outputs };
                    let mut sums = [0.0; MAX_ROWS * MAX_COLUMNS];
                    kernel.add_products(&left, &right, &mut sums);
                    let columns = j..(j + kernel.columns).min(outputs);
                    for (channel, sums) in channels.clone().zip(sums.chunks_exact(kernel.columns)) {
                        let to = &mut partial[(tap * inputs + channel) * outputs..][columns.clone()];
                        for (to, sum) in to.iter_mut().zip(sums) {
                            *to += sum;
                        }
                    }
                }
            }
        }
    }
    partial
}
