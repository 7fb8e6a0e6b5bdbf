//! The four steps of a pass, each with its bounds checked before the routine of the instruction set runs.

#![expect(unsafe_code, reason = "the routines are unsafe; this is where their bounds are checked")]

use super::input::Source;
use super::output::Destination;
use super::product::Extents;
use super::tiles::{PATCH, PRODUCTS};
use super::{Pass, Slabs};
use std::marker::PhantomData;
use std::ops::Range;

/// Floats that several tasks write, each another part.
#[derive(Clone, Copy)]
pub(super) struct SharedMut<'a> {
    start: *mut f32,
    len: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: written through `Pass::transform_input` alone, whose callers promise each task blocks of its own.
unsafe impl Send for SharedMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedMut<'_> {}

impl<'a> SharedMut<'a> {
    pub(super) fn new(values: &'a mut [f32]) -> Self {
        Self { start: values.as_mut_ptr(), len: values.len(), lifetime: PhantomData }
    }
}

impl Pass<'_> {
    /// Row `row` of a panel's transformed taps: six values `slab` floats apart.
    pub(super) fn transform_filter(&self, panel: usize, row: usize, to: &mut [f32], slab: usize) {
        let panel = &self.panels[panel * self.panel_len()..][..self.panel_len()];
        assert!(slab >= self.input.channels * self.kernel.columns && to.len() >= PATCH * slab);
        // SAFETY: the lengths were just checked; a kernel is only handed out for instructions that the CPU has.
        unsafe {
            (self.kernel.transform_filter)(panel.as_ptr(), self.input.channels, row, to.as_mut_ptr(), slab);
        }
    }

    /// The transformed values of the `block`th block of tiles.
    ///
    /// # Safety
    /// No two tasks at a time have the same block of the same memory.
    pub(super) unsafe fn transform_input(
        &self,
        source: &Source<'_>,
        tiles: Range<usize>,
        block: usize,
        to: SharedMut<'_>,
        slab: usize,
    ) {
        let len = self.kernel.rows * self.chunks() * self.kernel.lanes;
        assert!(tiles.len() <= self.kernel.rows && tiles.end <= source.tiles.count());
        assert!((block + 1) * len <= slab && to.len >= PRODUCTS * slab);
        // SAFETY: the lengths were just checked, those of the source in `Pass::run`; that nobody else has the block is the
        // caller's promise; a kernel is only handed out for instructions that the CPU has.
        unsafe { (self.kernel.transform_input)(source, tiles, to.start.add(block * len), slab) }
    }

    /// The sums of products of `count` tiles with the `panel`th panel, for as many of the 36 values as `filter` holds; the tiles'
    /// values begin with the `first`th.
    pub(super) fn multiply(
        &self,
        (count, panel): (usize, usize),
        (transformed, first): (&[f32], usize),
        filter: &[f32],
        sums: &mut [f32],
        slabs: Slabs,
    ) {
        let (chunks, rows) = (self.chunks(), self.kernel.rows);
        let values = filter.len() / slabs.filter;
        let blocks = count.div_ceil(rows);
        let (block_len, sums_len) = (chunks * self.kernel.lanes * rows, rows * self.kernel.columns);
        assert!(slabs.filter >= self.input.channels * self.kernel.columns);
        let outputs = (self.output.channels - panel * self.kernel.columns).min(self.kernel.columns);
        assert!(slabs.tiles >= blocks * block_len && transformed.len() >= (first + values) * slabs.tiles);
        assert!(slabs.sums >= blocks * sums_len && sums.len() >= values * slabs.sums);
        for value in 0..values {
            for block in 0..blocks {
                let tiles = (count - block * rows).min(rows);
                let extents = Extents { tiles, inputs: self.input.channels, outputs };
                // SAFETY: the lengths were just checked; a kernel is only handed out for instructions that the CPU has.
                unsafe {
                    let v = transformed.as_ptr().add((first + value) * slabs.tiles + block * block_len);
                    let u = filter.as_ptr().add(value * slabs.filter);
                    let to = sums.as_mut_ptr().add(value * slabs.sums + block * sums_len);
                    (self.kernel.multiply)(extents, v, u, to);
                }
            }
        }
    }

    /// The outputs of some tiles in the `panel`th panel of channels.
    ///
    /// # Safety
    /// No two tasks at a time have the same tiles and panel of the same destination.
    pub(super) unsafe fn transform_output(
        &self,
        to: &Destination<'_>,
        tiles: Range<usize>,
        panel: usize,
        sums: &[f32],
        slab: usize,
    ) {
        assert!(slab >= tiles.len() * self.kernel.columns && sums.len() >= PRODUCTS * slab);
        assert!(tiles.end <= to.tiles().count());
        // SAFETY: the lengths were just checked, those of the destination when it was made; that nobody else has the tiles is
        // the caller's promise; a kernel is only handed out for instructions that the CPU has.
        unsafe { (self.kernel.transform_output)(to, tiles, panel, sums.as_ptr(), slab) }
    }
}
