//! Convolution with 3x3 filters by Winograd's F(4x4, 3x3): a quarter of the multiplications.
//!
//! A pass (forward, or backward to the data, which is a convolution as well) cuts its output into tiles of 4x4. The 6x6
//! inputs of a tile are transformed to 36 values for each channel (`input.rs`), likewise the 3x3 taps of the filter
//! (`filter.rs`); for each of the 36 the sums over input channels are a matrix product of tiles by output channels
//! (`product.rs`), and the sums are transformed back (`output.rs`), with bias, ReLU and pooling on the way. `transforms.rs`
//! has the matrices and their source.
//!
//! Transformed filters are four times the size of the filters, so they are never kept: transforming them costs each
//! call a few percent of its products. Two schedules:
//!
//! - **apart**: the transformed filter stays in the cache. It is made once, then each task takes a few tiles from input to
//!   output on its own.
//! - **together**: the filter is too large for that. All tasks share a few hundred transformed tiles; each task transforms
//!   a panel of the filter, six of its 36 values at a time, and takes all tiles through it.

#![expect(unsafe_code, reason = "promises that tasks write disjoint parts")]

mod filter;
mod input;
mod kernel;
mod output;
mod product;
mod steps;
mod tiles;
mod transforms;

pub(crate) use kernel::WinogradKernel;

use crate::Workspace;
use crate::conv2d::Epilogue;
use crate::gate::Gate;
use crate::plane::Plane;
use input::Source;
use output::Destination;
use rayon::prelude::*;
use std::ops::Range;
use steps::SharedMut;
use tiles::{PATCH, PRODUCTS, Tiles};

/// Tiles that a task takes at a time in the schedule *apart*: their transformed values and sums fit the second-level cache.
const APART: usize = 24;
/// Tiles at most that all tasks share in the schedule *together*.
const TOGETHER: usize = 192;
/// Products of channels of the largest filter for the schedule *apart*: 4.5 MiB transformed.
const LARGEST_APART: usize = 128 * 256;
/// Floats between slabs beyond their length: powers of two would meet in the same sets of the caches.
const GAP: usize = 16;

/// One pass. Its operands are checked by the caller, [`crate::Conv2d`].
pub(crate) struct Pass<'a> {
    pub(crate) kernel: WinogradKernel,
    pub(crate) batch: usize,
    pub(crate) input: Plane,
    pub(crate) output: Plane,
    pub(crate) padding: usize,
    /// Panels of output channels, each `[input channel][tap][column]`.
    pub(crate) panels: &'a [f32],
}

impl Pass<'_> {
    pub(crate) fn run(
        &self,
        workspace: &Workspace,
        (values, gate): (&[f32], Gate<'_>),
        epilogue: Epilogue<'_>,
        output: &mut [f32],
        bits: Option<&mut [u8]>,
    ) {
        let tiles = Tiles::covering(self.batch, self.output);
        let source = Source { values, gate, plane: self.input, padding: self.padding, tiles };
        source.check(self.batch);
        assert_eq!(self.panels.len(), self.panel_count() * self.panel_len(), "packed filter");
        let to = Destination::new(output, bits, epilogue, (self.batch, self.output), tiles);
        if self.input.channels * self.output.channels <= LARGEST_APART {
            self.apart(workspace, &source, &to);
        } else {
            self.together(workspace, &source, &to);
        }
    }

    fn panel_count(&self) -> usize {
        self.output.channels.div_ceil(self.kernel.columns)
    }

    fn panel_len(&self) -> usize {
        9 * self.input.channels * self.kernel.columns
    }

    /// Registers of input channels.
    fn chunks(&self) -> usize {
        self.input.channels.div_ceil(self.kernel.lanes)
    }

    /// Floats of one transformed value of a panel, of `count` tiles and of their sums for a panel.
    fn slabs(&self, count: usize) -> Slabs {
        let rows = count.next_multiple_of(self.kernel.rows);
        let inputs = self.chunks() * self.kernel.lanes;
        Slabs {
            filter: self.input.channels * self.kernel.columns + GAP,
            tiles: rows * inputs + GAP,
            sums: rows * self.kernel.columns + GAP,
        }
    }

    fn apart(&self, workspace: &Workspace, source: &Source<'_>, to: &Destination<'_>) {
        let slabs = self.slabs(APART);
        let mut filter = workspace.take(self.panel_count() * PRODUCTS * slabs.filter);
        filter.par_chunks_exact_mut(PRODUCTS * slabs.filter).enumerate().for_each(|(panel, to)| {
            for (row, to) in to.chunks_exact_mut(PATCH * slabs.filter).enumerate() {
                self.transform_filter(panel, row, to, slabs.filter);
            }
        });
        let count = source.tiles.count();
        // A thread keeps its scratch from group to group, and with it the lines in its cache.
        let scratch = || (workspace.take(PRODUCTS * slabs.tiles), workspace.take(PRODUCTS * slabs.sums));
        (0..count.div_ceil(APART)).into_par_iter().for_each_init(scratch, |(transformed, sums), group| {
            let tiles = group * APART..((group + 1) * APART).min(count);
            for (block, tiles) in self.blocks(tiles.clone()) {
                // SAFETY: the memory is this task's own.
                unsafe {
                    self.transform_input(source, tiles, block, SharedMut::new(transformed), slabs.tiles);
                }
            }
            for panel in 0..self.panel_count() {
                let filter = &filter[panel * PRODUCTS * slabs.filter..][..PRODUCTS * slabs.filter];
                self.multiply((tiles.len(), panel), (transformed, 0), filter, sums, slabs);
                // SAFETY: each task has a group of tiles of its own.
                unsafe {
                    self.transform_output(to, tiles.clone(), panel, sums, slabs.sums);
                }
            }
        });
    }

    fn together(&self, workspace: &Workspace, source: &Source<'_>, to: &Destination<'_>) {
        let count = source.tiles.count();
        let groups = count.div_ceil(TOGETHER).max(1);
        let group = count.div_ceil(groups).next_multiple_of(self.kernel.rows);
        let slabs = self.slabs(group);
        let mut transformed = workspace.take(PRODUCTS * slabs.tiles);
        for start in (0..count).step_by(group.max(1)) {
            let tiles = start..(start + group).min(count);
            let shared = SharedMut::new(&mut transformed);
            self.blocks(tiles.clone()).collect::<Vec<_>>().into_par_iter().for_each(|(block, tiles)| {
                // SAFETY: each task has a block of its own.
                unsafe {
                    self.transform_input(source, tiles, block, shared, slabs.tiles);
                }
            });
            let transformed: &[f32] = &transformed;
            let scratch = || (workspace.take(PATCH * slabs.filter), workspace.take(PRODUCTS * slabs.sums));
            (0..self.panel_count()).into_par_iter().for_each_init(scratch, |(filter, sums), panel| {
                for row in 0..PATCH {
                    self.transform_filter(panel, row, filter, slabs.filter);
                    let sums = &mut sums[row * PATCH * slabs.sums..][..PATCH * slabs.sums];
                    self.multiply((tiles.len(), panel), (transformed, row * PATCH), filter, sums, slabs);
                }
                // SAFETY: each task has a panel of its own, and groups come one after the other.
                unsafe {
                    self.transform_output(to, tiles.clone(), panel, sums, slabs.sums);
                }
            });
        }
    }

    /// Tiles cut into blocks of a product's rows, with their numbers.
    fn blocks(&self, tiles: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let rows = self.kernel.rows;
        let end = tiles.end;
        tiles.step_by(rows).enumerate().map(move |(block, start)| (block, start..(start + rows).min(end)))
    }
}

/// Floats from one of the 36 values to the next.
#[derive(Clone, Copy)]
struct Slabs {
    filter: usize,
    tiles: usize,
    sums: usize,
}
