//! Convolution with stride one, and its gradients with respect to the data and to the filter.
//!
//! Each task takes some rows of the output. It copies the input rows they see into a padded scratch (masking them on the
//! way, where a ReLU's derivative is fused), small enough to stay in the cache; then the tile routine walks over the
//! filter's taps in place. No im2col matrix is ever made.

use crate::PackedFilter;
use crate::rows::{blocks, copy_masked, padded_rows, split};
use crate::tile::{Left, MAX_COLUMNS, MAX_ROWS, Right};
use rayon::prelude::*;
use std::ops::Range;

/// Floats of padded input that a task holds: a quarter of a typical second-level cache.
const SCRATCH: usize = 64 * 1024;
/// Parts of which the filter's gradient is summed: a fixed number, so that the order of summation does not depend on the
/// threads.
const FILTER_PARTIALS: usize = 8;

/// What follows the sum of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(0, x)`.
    Relu,
}

/// The geometry of a convolution (in the sense of deep learning: a cross-correlation) with stride one and zero padding.
///
/// Input `[batch, height, width, in_channels]`, output `[batch, height + 2 padding - kernel + 1, ..., out_channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Images.
    pub batch: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the filter.
    pub kernel: [usize; 2],
    /// Zeros around each input image; less than either side of the filter.
    pub padding: usize,
}

/// One pass of the implicit GEMM: forward, or backward to the data, which is a convolution as well.
struct Pass<'a> {
    batch: usize,
    input: Plane,
    output: Plane,
    kernel: [usize; 2],
    padding: [usize; 2],
    filter: &'a PackedFilter,
    panels: &'a [f32],
}

#[derive(Clone, Copy)]
struct Plane {
    height: usize,
    width: usize,
    channels: usize,
}

impl Plane {
    fn len(self) -> usize {
        self.height * self.width * self.channels
    }
}

impl Conv2d {
    /// Rows of an output image.
    ///
    /// # Panics
    /// If the padded input is smaller than the filter, or the padding is not smaller than the filter.
    pub fn out_height(&self) -> usize {
        assert!(self.padding < self.kernel[0], "padding of {self:?}");
        (self.height + 2 * self.padding + 1)
            .checked_sub(self.kernel[0])
            .expect("image smaller than the filter")
    }

    /// Columns of an output image.
    ///
    /// # Panics
    /// As [`Conv2d::out_height`].
    pub fn out_width(&self) -> usize {
        assert!(self.padding < self.kernel[1], "padding of {self:?}");
        (self.width + 2 * self.padding + 1)
            .checked_sub(self.kernel[1])
            .expect("image smaller than the filter")
    }

    /// Floats of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.input().len()
    }

    /// Floats of the output.
    pub fn output_len(&self) -> usize {
        self.batch * self.output().len()
    }

    fn input(&self) -> Plane {
        Plane { height: self.height, width: self.width, channels: self.in_channels }
    }

    fn output(&self) -> Plane {
        Plane { height: self.out_height(), width: self.out_width(), channels: self.out_channels }
    }

    /// `output = activation(filter * input + bias)`.
    ///
    /// # Panics
    /// If a slice or the filter does not fit the geometry.
    pub fn forward(
        &self,
        input: &[f32],
        filter: &PackedFilter,
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        assert_eq!(
            (input.len(), output.len()),
            (self.input_len(), self.output_len()),
            "operands of {self:?}"
        );
        assert!(filter.fits(self), "filter of {self:?}");
        assert!(bias.is_none_or(|bias| bias.len() == self.out_channels), "bias of {self:?}");
        let pass = Pass {
            batch: self.batch,
            input: self.input(),
            output: self.output(),
            kernel: self.kernel,
            padding: [self.padding; 2],
            filter,
            panels: filter.forward(),
        };
        pass.run(input, None, bias, activation, output);
    }

    /// The gradient with respect to the input, from that with respect to the output. With `activated`, the output of a
    /// forward pass with [`Activation::Relu`], the ReLU's derivative is applied on the way.
    ///
    /// # Panics
    /// If a slice or the filter does not fit the geometry.
    pub fn backward_data(
        &self,
        output_gradient: &[f32],
        activated: Option<&[f32]>,
        filter: &PackedFilter,
        input_gradient: &mut [f32],
    ) {
        assert_eq!(
            (output_gradient.len(), input_gradient.len()),
            (self.output_len(), self.input_len()),
            "operands of {self:?}"
        );
        assert!(activated.is_none_or(|mask| mask.len() == self.output_len()), "mask of {self:?}");
        assert!(filter.fits(self), "filter of {self:?}");
        let pass = Pass {
            batch: self.batch,
            input: self.output(),
            output: self.input(),
            kernel: self.kernel,
            padding: self.kernel.map(|side| side - 1 - self.padding),
            filter,
            panels: filter.backward(),
        };
        pass.run(output_gradient, activated, None, Activation::Identity, input_gradient);
    }

    /// The gradient with respect to the filter, as OIHW; `activated` as in [`Conv2d::backward_data`].
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn backward_filter(
        &self,
        isa: crate::Isa,
        input: &[f32],
        output_gradient: &[f32],
        activated: Option<&[f32]>,
        filter_gradient: &mut [f32],
    ) {
        let taps = self.kernel[0] * self.kernel[1];
        let len = self.out_channels * self.in_channels * taps;
        assert_eq!(
            (input.len(), output_gradient.len(), filter_gradient.len()),
            (self.input_len(), self.output_len(), len),
            "operands of {self:?}"
        );
        assert!(activated.is_none_or(|mask| mask.len() == self.output_len()), "mask of {self:?}");
        let rows = self.batch * self.out_height();
        let partials: Vec<Vec<f32>> = blocks(rows, rows.div_ceil(FILTER_PARTIALS))
            .into_par_iter()
            .map(|rows| self.filter_products(isa, input, output_gradient, activated, rows))
            .collect();
        let (outputs, inputs) = (self.out_channels, self.in_channels);
        filter_gradient.par_chunks_mut((inputs * taps).max(1)).enumerate().for_each(|(o, to)| {
            for (at, to) in to.iter_mut().enumerate() {
                let from = (at % taps * inputs + at / taps) * outputs + o;
                *to = partials.iter().map(|partial| f64::from(partial[from])).sum::<f64>() as f32;
            }
        });
    }

    /// The part of the filter's gradient that some rows of the output contribute, as `[tap][input][output]`.
    fn filter_products(
        &self,
        isa: crate::Isa,
        input: &[f32],
        output_gradient: &[f32],
        activated: Option<&[f32]>,
        rows: Range<usize>,
    ) -> Vec<f32> {
        let kernel = isa.tile_kernel();
        let (plane, out) = (self.input(), self.output());
        let (inputs, outputs) = (self.in_channels, self.out_channels);
        let padded_outputs = outputs.next_multiple_of(kernel.columns);
        let padded = PaddedInput::new(plane, out.width + self.kernel[1] - 1, [self.padding; 2]);
        let mut scratch = Vec::new();
        let mut partial = vec![0.0; self.kernel[0] * self.kernel[1] * inputs * outputs];
        for row in rows {
            let (image, y) = (row / out.height, row % out.height);
            let line = row * out.width * outputs..(row + 1) * out.width * outputs;
            let gradient = padded_rows(
                &output_gradient[line.clone()],
                activated.map(|mask| &mask[line]),
                outputs,
                padded_outputs,
            );
            let image = image * plane.len()..(image + 1) * plane.len();
            padded.fill(&mut scratch, &input[image], None, y..y + self.kernel[0]);
            for tap in 0..self.kernel[0] * self.kernel[1] {
                let at = (tap / self.kernel[1] * padded.width + tap % self.kernel[1]) * inputs;
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
}

impl Pass<'_> {
    fn run(
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

/// Input rows with zeros around them.
struct PaddedInput {
    plane: Plane,
    width: usize,
    padding: [usize; 2],
}

impl PaddedInput {
    fn new(plane: Plane, width: usize, padding: [usize; 2]) -> Self {
        Self { plane, width, padding }
    }

    /// Fills `scratch` with the padded rows `rows` (0 is the first row of the upper padding) of one image.
    fn fill(&self, scratch: &mut Vec<f32>, image: &[f32], mask: Option<&[f32]>, rows: Range<usize>) {
        let Plane { height, width, channels } = self.plane;
        let line = self.width * channels;
        scratch.clear();
        scratch.resize(rows.len() * line, 0.0);
        for (to, padded_y) in scratch.chunks_exact_mut(line.max(1)).zip(rows) {
            let Some(y) = padded_y.checked_sub(self.padding[0]).filter(|&y| y < height) else { continue };
            let from = y * width * channels..(y + 1) * width * channels;
            let to = &mut to[self.padding[1] * channels..][..width * channels];
            match mask {
                None => to.copy_from_slice(&image[from]),
                Some(mask) => copy_masked(&image[from.clone()], &mask[from], to),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Activation, Conv2d};
    use crate::reference::{self, test_values};
    use crate::{Isa, PackedFilter};

    fn geometries() -> impl Iterator<Item = Conv2d> {
        [
            (1, 1, 1, 1, 1, 3, 1),
            (1, 1, 50, 3, 64, 3, 1),
            (2, 5, 7, 3, 8, 3, 1),
            (1, 13, 11, 17, 33, 3, 1),
            (1, 9, 8, 64, 40, 3, 1),
            (1, 6, 5, 4, 5, 1, 0),
            (2, 6, 5, 4, 5, 3, 0),
            (1, 7, 9, 2, 3, 5, 2),
            (1, 37, 3, 5, 6, 3, 2),
        ]
        .into_iter()
        .map(|(batch, height, width, in_channels, out_channels, side, padding)| Conv2d {
            batch,
            height,
            width,
            in_channels,
            out_channels,
            kernel: [side; 2],
            padding,
        })
    }

    #[test]
    fn forward_agrees_with_the_reference() {
        for conv in geometries() {
            let input = test_values(conv.input_len(), 1);
            let oihw = test_values(conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1], 2);
            let bias = test_values(conv.out_channels, 3);
            for isa in Isa::available() {
                let filter = PackedFilter::new(isa, &conv, &oihw);
                for activation in [Activation::Identity, Activation::Relu] {
                    for bias in [None, Some(bias.as_slice())] {
                        let mut output = vec![9.0; conv.output_len()];
                        conv.forward(&input, &filter, bias, activation, &mut output);
                        let expected = reference::conv2d(&conv, &input, &oihw, bias, activation);
                        reference::assert_close(&output, &expected, 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn gradients_agree_with_the_reference() {
        for conv in geometries() {
            let input = test_values(conv.input_len(), 1);
            let gradient = test_values(conv.output_len(), 4);
            let activated = test_values(conv.output_len(), 5);
            let oihw = test_values(conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1], 2);
            for mask in [None, Some(activated.as_slice())] {
                let data = reference::conv2d_backward_data(&conv, &gradient, mask, &oihw);
                let weights = reference::conv2d_backward_filter(&conv, &input, &gradient, mask);
                for isa in Isa::available() {
                    let filter = PackedFilter::new(isa, &conv, &oihw);
                    let mut output = vec![9.0; input.len()];
                    conv.backward_data(&gradient, mask, &filter, &mut output);
                    reference::assert_close(&output, &data, 1e-5);
                    let mut output = vec![9.0; oihw.len()];
                    conv.backward_filter(isa, &input, &gradient, mask, &mut output);
                    reference::assert_close(&output, &weights, 1e-5);
                }
            }
        }
    }

    #[test]
    fn relu_lets_nan_through() {
        let conv = Conv2d {
            batch: 1,
            height: 1,
            width: 1,
            in_channels: 1,
            out_channels: 1,
            kernel: [1; 2],
            padding: 0,
        };
        let filter = PackedFilter::new(Isa::best(), &conv, &[1.0]);
        let mut output = [0.0];
        conv.forward(&[f32::NAN], &filter, None, Activation::Relu, &mut output);
        assert!(output[0].is_nan());
    }
}
