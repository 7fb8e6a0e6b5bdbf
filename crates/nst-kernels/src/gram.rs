//! The Gram matrix of a feature map.
//!
//! The matrix is computed as tiles, in panels of as many columns as a tile has; of each panel only the tiles that touch
//! the upper triangle. They lie one after the other, so that a panel is a matrix of its own, `columns` floats wide.

use crate::matmul::times_panels;
use crate::region::LINE;
use crate::rows::{blocks, pad_rows, split};
use crate::tile::{Product, StridedKernel};
use crate::{Isa, Workspace};
use rayon::prelude::*;
use std::ops::Range;

pub use crate::tile::Update;

/// Positions whose features stay in the cache while every tile takes its share of them, and whose products are summed in
/// registers.
const CHUNK: usize = 128;
/// Least positions of one partial matrix: enough for the products to outweigh the sum over the partials.
const SHARE: usize = 1024;
/// Tasks at most: enough for the threads of a large machine. A fixed number, so that the order of summation does not
/// depend on the threads.
const TASKS: usize = 16;
/// Floats of the sum over the partials that one task takes.
const SUMS: usize = 1024;

/// `output[i, j] = sum over positions of features[p, i] * features[p, j]`: FᵀF of a feature map of `positions x channels`
/// (the sum of Gatys, Ecker and Bethge 2015, equation 3, without any normalisation). The result is exactly symmetric.
///
/// # Panics
/// If a slice's length does not fit.
pub fn gram(isa: Isa, workspace: &Workspace, channels: usize, features: &[f32], output: &mut [f32]) {
    assert_eq!(output.len(), channels * channels, "Gram matrix of {channels} channels");
    assert!(features.len().is_multiple_of(channels), "feature map of {channels} channels");
    if features.is_empty() {
        output.fill(0.0);
        return;
    }
    let triangle = Triangle::new(isa.tile_kernel().gram, channels);
    let positions = features.len() / channels;
    let share = positions.div_ceil(TASKS).max(SHARE).next_multiple_of(CHUNK);
    let parts = blocks(positions, share);
    let groups = triangle.groups(TASKS / parts.len());
    let tasks: Vec<_> = parts.iter().flat_map(|part| groups.iter().map(move |group| (part, group))).collect();

    let mut partials = workspace.take(parts.len() * triangle.len());
    let lens = tasks.iter().map(|(_, group)| triangle.starts[group.end] - triangle.starts[group.start]);
    let outputs = split(&mut partials, lens);
    tasks.into_par_iter().zip(outputs).with_max_len(1).for_each(|((part, group), partial)| {
        triangle.add_up(workspace, features, part.clone(), group.clone(), partial);
    });
    let (sums, partials) = partials.split_at_mut(triangle.len());
    if !partials.is_empty() {
        sums.par_chunks_mut(SUMS).enumerate().for_each(|(chunk, sums)| {
            let mut totals = [0.0; SUMS];
            totals.iter_mut().zip(&*sums).for_each(|(total, &sum)| *total += f64::from(sum));
            for partial in partials.chunks_exact(triangle.len()) {
                let partial = &partial[chunk * SUMS..];
                totals.iter_mut().zip(partial).for_each(|(total, &sum)| *total += f64::from(sum));
            }
            sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum = total as f32);
        });
    }
    triangle.unfold(sums, output);
}

/// The gradient of [`gram`] with respect to the features, `F (gradient + gradientᵀ)`, replaces the output or is added to
/// it.
///
/// # Panics
/// If a slice's length does not fit.
pub fn gram_backward(
    isa: Isa,
    workspace: &Workspace,
    channels: usize,
    features: &[f32],
    gradient: &[f32],
    update: Update,
    output: &mut [f32],
) {
    assert_eq!(gradient.len(), channels * channels, "gradient of a Gram matrix of {channels} channels");
    assert!(features.len().is_multiple_of(channels), "feature map of {channels} channels");
    assert_eq!(features.len(), output.len(), "gradient of a feature map");
    if features.is_empty() {
        return;
    }
    let width = isa.tile_kernel().columns;
    let mut panels = workspace.take(channels.div_ceil(width) * channels * width);
    panels.par_chunks_exact_mut(channels * width).enumerate().for_each(|(panel, to)| {
        pack_symmetric(gradient, channels, panel * width..((panel + 1) * width).min(channels), to);
    });
    times_panels(isa, features, &panels, [channels; 2], update, output);
}

/// Some columns of `gradient + gradientᵀ` as a panel as wide as `to.len() / channels`, with zeros behind.
fn pack_symmetric(gradient: &[f32], channels: usize, columns: Range<usize>, to: &mut [f32]) {
    let width = to.len() / channels;
    // As many rows at once as one cache line of the transposed matrix has values for.
    for rows in blocks(channels, 16) {
        for row in rows.clone() {
            let to = &mut to[row * width..][..width];
            to[..columns.len()].copy_from_slice(&gradient[row * channels..][columns.clone()]);
            to[columns.len()..].fill(0.0);
        }
        for column in columns.clone() {
            let to = to[rows.start * width + column - columns.start..].iter_mut().step_by(width);
            to.zip(&gradient[column * channels..][rows.clone()]).for_each(|(to, value)| *to += value);
        }
    }
}

/// The upper triangle of a Gram matrix as tiles.
struct Triangle {
    kernel: StridedKernel,
    channels: usize,
    /// Where each panel starts, and where the last one ends.
    starts: Vec<usize>,
}

impl Triangle {
    fn new(kernel: StridedKernel, channels: usize) -> Self {
        let StridedKernel { rows, columns, .. } = kernel;
        let mut end = 0;
        let ends = (1..=channels.div_ceil(columns)).map(|panels| {
            end += (panels * columns).next_multiple_of(rows) * columns;
            end
        });
        let starts = std::iter::once(0).chain(ends).collect();
        Self { kernel, channels, starts }
    }

    fn panels(&self) -> usize {
        self.starts.len() - 1
    }

    fn len(&self) -> usize {
        self.starts[self.panels()]
    }

    /// Splits the panels into at most `count` groups of about equal work.
    fn groups(&self, count: usize) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        for panel in 0..self.panels() {
            // A new group begins where the work before it reaches its share.
            match groups.len() {
                begun if self.starts[panel] * count >= begun * self.len() => groups.push(panel..panel + 1),
                begun => groups[begun - 1].end = panel + 1,
            }
        }
        groups
    }

    /// Writes the products of the positions in `part` to the tiles of the panels in `group`.
    fn add_up(
        &self,
        workspace: &Workspace,
        features: &[f32],
        part: Range<usize>,
        group: Range<usize>,
        partial: &mut [f32],
    ) {
        let StridedKernel { rows, columns, .. } = self.kernel;
        let wide = self.panels() * columns;
        // The last tile may reach past the last panel: what it reads there is computed with and used by nobody.
        let padded = wide.next_multiple_of(rows);
        let mut scratch = None;
        let mut update = Update::Replace;
        for start in part.clone().step_by(CHUNK) {
            let length = CHUNK.min(part.end - start);
            let (chunk, rest) = features[start * self.channels..].split_at(length * self.channels);
            let in_place = wide == self.channels && rest.len() >= padded - wide;
            let (values, step) = if in_place {
                (&features[start * self.channels..], self.channels)
            } else {
                let scratch = scratch.get_or_insert_with(|| workspace.take(CHUNK * padded));
                pad_rows(chunk, self.channels, padded, scratch);
                (&**scratch, padded)
            };
            // Each tile asks for a piece of the next chunk.
            let next = &rest[..rest.len().min(CHUNK * self.channels)];
            let mut ahead = next.chunks(LINE * length).map(<[f32]>::as_ptr);
            let mut tiles = partial.chunks_exact_mut(rows * columns);
            for panel in group.clone() {
                for row in (0..(panel + 1) * columns).step_by(rows) {
                    let product = Product {
                        left: &values[row..],
                        left_step: step,
                        right: &values[panel * columns..],
                        right_step: step,
                        length,
                        ahead: ahead.next().unwrap_or(std::ptr::null()),
                    };
                    let tile = tiles.next().expect("the partial matrix has every tile");
                    self.kernel.compute(&product, tile, columns, update);
                }
            }
            update = Update::Add;
        }
    }

    /// Writes the whole matrix, whose upper triangle `sums` is.
    fn unfold(&self, sums: &[f32], output: &mut [f32]) {
        let width = self.kernel.columns;
        output.par_chunks_mut(width * self.channels).enumerate().for_each(|(own, output)| {
            for (row, output) in output.chunks_exact_mut(self.channels).enumerate() {
                let (lower, upper) = output.split_at_mut(own * width);
                let column = &sums[self.starts[own] + row..];
                lower.iter_mut().zip(column.iter().step_by(width)).for_each(|(to, &sum)| *to = sum);
                for (to, panel) in upper.chunks_mut(width).zip(own..) {
                    to.copy_from_slice(&sums[self.starts[panel] + (own * width + row) * width..][..to.len()]);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
