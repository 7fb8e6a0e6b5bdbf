//! The implicit GEMM: forward, and backward to the data, which is a convolution as well, for filters of any size.
//!
//! Each task takes some rows of the output. It copies the input rows they see into a padded scratch (through the gate on
//! the way back); then the tile routine walks over the filter's taps in place. No im2col matrix is ever made.

use super::padded_input::PaddedInput;
use super::{Activation, Epilogue, finish};
use crate::gate::Gate;
use crate::plane::Plane;
use crate::rows::{blocks, split};
use crate::tile::{Left, MAX_COLUMNS, MAX_ROWS, Right};
use crate::{Isa, Workspace};
use rayon::prelude::*;
use std::ops::Range;

/// Floats of padded input that a task holds: a quarter of a typical second-level cache.
const SCRATCH: usize = 64 * 1024;

/// One such convolution. Its operands are checked by the caller.
pub(super) struct Pass<'a> {
    pub(super) isa: Isa,
    pub(super) batch: usize,
    pub(super) input: Plane,
    pub(super) output: Plane,
    pub(super) kernel: [usize; 2],
    pub(super) padding: [usize; 2],
    /// Panels of output channels, each `[tap][input channel][column]`.
    pub(super) panels: &'a [f32],
}

impl Pass<'_> {
    pub(super) fn run(
        &self,
        workspace: &Workspace,
        from: (&[f32], Gate<'_>),
        epilogue: Epilogue<'_>,
        output: &mut [f32],
        bits: Option<&mut [u8]>,
    ) {
        let padded = PaddedInput::new(self.input, self.output.width + self.kernel[1] - 1, self.padding);
        let in_scratch = SCRATCH / padded.line().max(1);
        // Even, so that no window of a pooling is cut.
        let block = in_scratch.clamp(4, self.output.height.div_ceil(4).max(4)).next_multiple_of(2);
        let tasks: Vec<(usize, Range<usize>)> = (0..self.batch)
            .flat_map(|image| blocks(self.output.height, block).into_iter().map(move |rows| (image, rows)))
            .collect();
        let stored = if epilogue.pooling.is_some() { self.output.pooled() } else { self.output };
        let stored_rows = |rows: usize| if epilogue.pooling.is_some() { rows / 2 } else { rows };
        let line = stored.width * stored.channels;
        let outputs = split(output, tasks.iter().map(|(_, rows)| stored_rows(rows.len()) * line));
        let gates: Vec<Option<&mut [u8]>> = match bits {
            Some(bits) => {
                let line = self.output.width * self.output.bit_bytes();
                split(bits, tasks.iter().map(|(_, rows)| rows.len() * line)).into_iter().map(Some).collect()
            }
            None => tasks.iter().map(|_| None).collect(),
        };
        tasks.into_par_iter().zip(outputs).zip(gates).for_each(|(((image, rows), output), bits)| {
            let seen = rows.start..rows.end + self.kernel[0] - 1;
            let mut input = workspace.take(seen.len() * padded.line());
            padded.fill(&mut input, from, image, seen);
            if let Some(kind) = epilogue.pooling {
                let mut values = workspace.take(rows.len() * self.output.width * self.output.channels);
                self.block(&input, padded.width, epilogue, &mut values);
                finish::pool(kind, epilogue, self.output, &values, output, bits);
            } else {
                self.block(&input, padded.width, epilogue, output);
                if let Some(bits) = bits {
                    finish::write_bits(epilogue, self.output, output, bits);
                }
            }
        });
    }

    /// Some rows of one output image, from the padded input rows they see.
    fn block(
        &self,
        input: &[f32],
        width: usize,
        Epilogue { bias, activation, .. }: Epilogue<'_>,
        output: &mut [f32],
    ) {
        let kernel = self.isa.tile_kernel();
        let channels = self.input.channels;
        // The taps of one row of the filter see neighbouring pixels: one run of values.
        let run = self.kernel[1] * channels;
        let offsets: Vec<usize> = (0..self.kernel[0]).map(|row| row * width * channels).collect();
        let outputs = self.output.channels;
        let pixels = output.len() / outputs.max(1);
        let panel_len = self.kernel[0] * run * kernel.columns;
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
                let left = Left { values: input, bases, offsets: &offsets, run, step: 1 };
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
