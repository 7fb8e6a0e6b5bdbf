//! The implicit GEMM: forward, and backward to the data, which is a convolution as well.
//!
//! Each task takes some rows of the output. It copies the input rows they see into a padded scratch (masking them on the
//! way, where a ReLU's derivative is fused); then the tile routine walks over the filter's taps in place. No im2col matrix
//! is ever made.

use super::Activation;
use super::padded_input::{PaddedInput, Plane};
use crate::PackedFilter;
use crate::rows::{blocks, split};
use crate::tile::{Left, MAX_COLUMNS, MAX_ROWS, Right};
use rayon::prelude::*;
use std::ops::Range;

/// Floats of padded input that a task holds: a quarter of a typical second-level cache.
const SCRATCH: usize = 64 * 1024;

/// One such convolution.
pub(super) struct Pass<'a> {
    pub(super) batch: usize,
    pub(super) input: Plane,
    pub(super) output: Plane,
    pub(super) kernel: [usize; 2],
    pub(super) padding: [usize; 2],
    pub(super) filter: &'a PackedFilter,
    pub(super) panels: &'a [f32],
}

impl Pass<'_> {
    pub(super) fn run(
        &self,
        input: &[f32],
        mask: Option<&[f32]>,
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        let padded = PaddedInput::new(self.input, self.output.width + self.kernel[1] - 1, self.padding);
        let in_scratch = SCRATCH / (padded.width * self.input.channels).max(1);
        let block = in_scratch.clamp(4, self.output.height.div_ceil(4).max(4));
        let tasks: Vec<(usize, Range<usize>)> = (0..self.batch)
            .flat_map(|image| blocks(self.output.height, block).into_iter().map(move |rows| (image, rows)))
            .collect();
        let line = self.output.width * self.output.channels;
        let outputs = split(output, tasks.iter().map(|(_, rows)| rows.len() * line));
        tasks.into_par_iter().zip(outputs).for_each_init(Vec::new, |scratch, ((image, rows), output)| {
            let values = image * self.input.len()..(image + 1) * self.input.len();
            let seen = rows.start..rows.end + self.kernel[0] - 1;
            padded.fill(scratch, &input[values.clone()], mask.map(|mask| &mask[values]), seen);
            self.block(scratch, padded.width, bias, activation, output);
        });
    }

    /// Some rows of one output image, from the padded input rows they see.
    fn block(
        &self,
        input: &[f32],
        width: usize,
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        let kernel = self.filter.isa().tile_kernel();
        let channels = self.input.channels;
        let taps = self.kernel[0] * self.kernel[1];
        let offsets: Vec<usize> =
            (0..taps).map(|tap| (tap / self.kernel[1] * width + tap % self.kernel[1]) * channels).collect();
        let outputs = self.output.channels;
        let pixels = output.len() / outputs.max(1);
        let panel_len = taps * channels * kernel.columns;
        for (panel, right) in self.panels.chunks_exact(panel_len.max(1)).enumerate() {
            let columns = panel * kernel.columns..((panel + 1) * kernel.columns).min(outputs);
            let mut initial = [0.0; MAX_ROWS * MAX_COLUMNS];
            if let Some(bias) = bias {
                for row in initial.chunks_exact_mut(kernel.columns) {
                    row[..columns.len()].copy_from_slice(&bias[columns.clone()]);
                }
            }
            for first in (0..pixels).step_by(kernel.rows) {
                let tile = first..(first + kernel.rows).min(pixels);
                let bases = std::array::from_fn(|row| {
                    let pixel = (first + row).min(tile.end - 1);
                    (pixel / self.output.width * width + pixel % self.output.width) * channels
                });
                let left = Left { values: input, bases, offsets: &offsets, run: channels, step: 1 };
                let mut sums = initial;
                kernel.add_products(&left, &Right { values: right, step: kernel.columns }, &mut sums);
                for (pixel, sums) in tile.zip(sums.chunks_exact(kernel.columns)) {
                    let to = &mut output[pixel * outputs..][columns.clone()];
                    match activation {
                        Activation::Identity => to.copy_from_slice(&sums[..columns.len()]),
                        Activation::Relu => to.iter_mut().zip(sums).for_each(|(to, &sum)| *to = relu(sum)),
                    }
                }
            }
        }
    }
}

/// ReLU that lets NaN through, as torch's does: a diverged run must be seen.
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}
