//! Convolution to a few channels, such as the gradient of an image: a register tile of outputs would be nearly empty.
//!
//! The products of an input pixel with all taps and outputs, `taps * outputs` of them, fill a tile instead: one matrix
//! product for each row of the input, whose columns are then added up where each tap's output lies (the "kn2row" of
//! Vasudevan, Anderson and Gregg, "Parallel Multi Channel Convolution using General Matrix Multiplication", 2017).

use super::direct::Pass;
use super::{Activation, Epilogue, finish};
use crate::Workspace;
use crate::gate::Gate;
use crate::tile::{Product, TileKernel, Update};
use std::ops::Range;

/// Outputs times taps at most: what the widest register tile holds.
const COLUMNS: usize = 32;

impl Pass<'_> {
    /// Whether this is such a convolution.
    pub(super) fn has_few_outputs(&self) -> bool {
        self.output.channels * self.kernel[0] * self.kernel[1] <= COLUMNS
    }

    /// The filter as `[input channel][tap][output]`, padded to panels of the register tile.
    pub(super) fn by_input(&self) -> Vec<f32> {
        let columns = self.isa.tile_kernel().columns;
        let (inputs, outputs) = (self.input.channels, self.output.channels);
        let taps = self.kernel[0] * self.kernel[1];
        let mut packed = vec![0.0; (taps * outputs).div_ceil(columns) * inputs * columns];
        for input in 0..inputs {
            for column in 0..taps * outputs {
                let (tap, output) = (column / outputs, column % outputs);
                let from = output / columns * taps * inputs * columns;
                packed[(column / columns * inputs + input) * columns + column % columns] =
                    self.panels[from + (tap * inputs + input) * columns + output % columns];
            }
        }
        packed
    }

    /// Some rows of one output image, activated and pooled.
    pub(super) fn few_outputs(
        &self,
        workspace: &Workspace,
        by_input: &[f32],
        from: (&[f32], Gate<'_>),
        epilogue: Epilogue<'_>,
        (image, rows): (usize, Range<usize>),
        (output, bits): (&mut [f32], Option<&mut [u8]>),
    ) {
        let line = self.output.width * self.output.channels;
        let mut sums = workspace.take(rows.len() * line);
        match epilogue.bias {
            Some(bias) => sums.chunks_exact_mut(bias.len()).for_each(|pixel| pixel.copy_from_slice(bias)),
            None => sums.fill(0.0),
        }
        let mut products = workspace.take(self.input.width * COLUMNS);
        let mut pixels = workspace.take(self.input.width * self.input.channels);
        let first_seen = rows.start.saturating_sub(self.padding[0]);
        let end_seen = (rows.end + self.kernel[0] - 1).saturating_sub(self.padding[0]).min(self.input.height);
        for y in first_seen..end_seen {
            let row = image * self.input.height + y;
            from.1.pass_row(self.input, from.0, row, &mut pixels);
            self.products(&pixels, by_input, &mut products);
            for tap_row in 0..self.kernel[0] {
                let Some(to) = (y + self.padding[0]).checked_sub(tap_row).filter(|y| rows.contains(y)) else {
                    continue;
                };
                self.add_row(&products, tap_row, &mut sums[(to - rows.start) * line..][..line]);
            }
        }
        if epilogue.activation == Activation::Relu {
            sums.iter_mut().filter(|x| **x < 0.0).for_each(|x| *x = 0.0);
        }
        if let Some(kind) = epilogue.pooling {
            finish::pool(kind, epilogue, self.output, &sums, output, bits);
        } else {
            output.copy_from_slice(&sums);
            if let Some(bits) = bits {
                finish::write_bits(epilogue, self.output, output, bits);
            }
        }
    }

    /// The products of a row's pixels with all taps and outputs, `COLUMNS` apart.
    fn products(&self, pixels: &[f32], by_input: &[f32], products: &mut [f32]) {
        let TileKernel { rows, columns, full, single, .. } = self.isa.tile_kernel();
        let (width, inputs) = (self.input.width, self.input.channels);
        for (panel, right) in by_input.chunks_exact(inputs * columns).enumerate() {
            let mut pixel = 0;
            while pixel < width {
                let kernel = if pixel + rows <= width { full } else { single };
                let left = &pixels[pixel * inputs..];
                let ahead = std::ptr::null();
                let product =
                    Product { left, left_step: inputs, right, right_step: columns, length: inputs, ahead };
                let to = &mut products[pixel * COLUMNS + panel * columns..];
                kernel.compute(&product, to, COLUMNS, Update::Replace);
                pixel += kernel.rows;
            }
        }
    }

    /// Adds what one row of taps contributes to a row of outputs.
    fn add_row(&self, products: &[f32], tap_row: usize, to: &mut [f32]) {
        let outputs = self.output.channels;
        for tap_column in 0..self.kernel[1] {
            let at = (tap_row * self.kernel[1] + tap_column) * outputs;
            // Output x sees input x + tap_column - padding.
            let skipped = self.padding[1].saturating_sub(tap_column);
            let first_seen = tap_column.saturating_sub(self.padding[1]);
            let seen = products.chunks_exact(COLUMNS).skip(first_seen);
            for (to, from) in to.chunks_exact_mut(outputs).skip(skipped).zip(seen) {
                to.iter_mut().zip(&from[at..]).for_each(|(to, from)| *to += from);
            }
        }
    }
}
