//! From an input to transformed tiles, `V = Bᵀ d B`.

#![expect(unsafe_code, reason = "SIMD instructions and unchecked loads; the bounds are checked per tile")]

use super::tiles::{PATCH, Tiles};
use super::transforms;
use crate::gate::{self, Gate};
use crate::plane::Plane;
use crate::pool::Pooling;
use crate::vector::Vector;
use std::ops::Range;

/// What the tiles are cut from: the input of a convolution or, on the way back, the gradient behind a gate.
pub(super) struct Source<'a> {
    pub(super) values: &'a [f32],
    pub(super) gate: Gate<'a>,
    /// The extents as the convolution sees them: before the gate's pooling.
    pub(super) plane: Plane,
    pub(super) padding: usize,
    pub(super) tiles: Tiles,
}

impl Source<'_> {
    /// # Panics
    /// If a slice does not fit the plane.
    pub(super) fn check(&self, batch: usize) {
        let stored = if self.gate.pooling.is_some() { self.plane.pooled() } else { self.plane };
        assert_eq!(self.values.len(), batch * stored.len(), "input");
        let bytes = batch * self.plane.height * self.plane.width * self.plane.bit_bytes();
        assert!(self.gate.bits.is_none_or(|bits| bits.len() == bytes), "gate bits");
    }
}

/// Writes the transformed tiles: value `xi` of channels `chunk * LANES..` of the `row`th tile goes to
/// `to[xi * slab + (chunk * ROWS + row) * LANES..]`, with zeros for channels that are not there.
///
/// # Safety
/// The CPU has `V`'s instructions, there are at most `ROWS` tiles and all of them exist, `source`'s slices have the
/// lengths its plane tells, and `to` is valid for all of that.
#[inline(always)]
pub(super) unsafe fn transform<V: Vector, const ROWS: usize>(
    source: &Source<'_>,
    tiles: Range<usize>,
    to: *mut f32,
    slab: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match (source.gate.bits.is_some(), source.gate.pooling.is_some()) {
            (false, false) => block::<V, ROWS, false, false>(source, tiles, to, slab),
            (false, true) => block::<V, ROWS, false, true>(source, tiles, to, slab),
            (true, false) => block::<V, ROWS, true, false>(source, tiles, to, slab),
            (true, true) => block::<V, ROWS, true, true>(source, tiles, to, slab),
        }
    }
}

/// # Safety
/// As [`transform`]; `BITS` and `POOLED` say what the gate has.
#[inline(always)]
unsafe fn block<V: Vector, const ROWS: usize, const BITS: bool, const POOLED: bool>(
    source: &Source<'_>,
    tiles: Range<usize>,
    to: *mut f32,
    slab: usize,
) {
    let channels = source.plane.channels;
    for (row, tile) in tiles.enumerate() {
        let patch = Patch::<BITS, POOLED>::new(source, tile);
        for (chunk, first) in (0..channels).step_by(V::LANES).enumerate() {
            let count = (channels - first).min(V::LANES);
            // SAFETY: a patch inside the plane is read unchecked, others value by value; the room behind `to` is the
            // caller's promise.
            unsafe {
                let to = to.add((chunk * ROWS + row) * V::LANES);
                if patch.inside && count == V::LANES {
                    patch.spread::<V, false>(first, count, to, slab);
                } else {
                    patch.spread::<V, true>(first, count, to, slab);
                }
            }
        }
    }
}

/// Where the inputs of one tile lie, as the convolution sees them.
struct Patch<'a, const BITS: bool, const POOLED: bool> {
    values: &'a [f32],
    bits: &'a [u8],
    /// Of an average pooling, a quarter goes to each position.
    scale: f32,
    /// Value `(i, j)` of channel c is at `rows[i] + columns[j] + c`, if both are there. They are sums and not products, so
    /// that the innermost loops find their addresses ready.
    rows: [usize; PATCH],
    columns: [usize; PATCH],
    /// Its bits likewise.
    bit_rows: [usize; PATCH],
    bit_columns: [usize; PATCH],
    /// Whether a row, a column is there: outside of the plane are zeros.
    has_row: [bool; PATCH],
    has_column: [bool; PATCH],
    /// Whether all are.
    inside: bool,
}

impl<'a, const BITS: bool, const POOLED: bool> Patch<'a, BITS, POOLED> {
    fn new(source: &Source<'a>, tile: usize) -> Self {
        let (image, y, x) = source.tiles.position(tile);
        let (plane, channels) = (source.plane, source.plane.channels);
        let stored = if POOLED { plane.pooled() } else { plane };
        let mut patch = Self {
            values: source.values,
            bits: source.gate.bits.unwrap_or_default(),
            scale: if source.gate.pooling == Some(Pooling::Average) { 0.25 } else { 1.0 },
            rows: [0; PATCH],
            columns: [0; PATCH],
            bit_rows: [0; PATCH],
            bit_columns: [0; PATCH],
            has_row: [false; PATCH],
            has_column: [false; PATCH],
            inside: true,
        };
        let halved = |at: usize| if POOLED { at / 2 } else { at };
        for i in 0..PATCH {
            // A pooling leaves out a last odd row and column.
            let row = (y + i).checked_sub(source.padding).filter(|&row| halved(row) < stored.height);
            let column = (x + i).checked_sub(source.padding).filter(|&column| halved(column) < stored.width);
            patch.inside &= row.is_some() && column.is_some();
            if let Some(row) = row {
                patch.has_row[i] = true;
                patch.rows[i] = (image * stored.height + halved(row)) * stored.width * channels;
                patch.bit_rows[i] = (image * plane.height + row) * plane.width * plane.bit_bytes();
            }
            if let Some(column) = column {
                patch.has_column[i] = true;
                patch.columns[i] = halved(column) * channels;
                patch.bit_columns[i] = column * plane.bit_bytes();
            }
        }
        patch
    }

    /// Transforms `count` channels from `first` on and writes the values `slab` floats apart. `EDGE`: some of the patch may
    /// not be there, or fewer channels than a register has.
    ///
    /// # Safety
    /// The CPU has `V`'s instructions, the channels exist, and `to` is valid for `LANES` floats at 36 steps of `slab`.
    #[inline(always)]
    unsafe fn spread<V: Vector, const EDGE: bool>(
        &self,
        first: usize,
        count: usize,
        to: *mut f32,
        slab: usize,
    ) {
        // SAFETY: the rows and columns that are there lie within the slices, whose lengths `Source::check` has compared
        // with the plane; the rest is the caller's promise.
        unsafe {
            let mut rows = [[V::splat(0.0); PATCH]; PATCH];
            for j in 0..PATCH {
                // Of a plane without rows, no value lies there.
                let values = self.values.as_ptr().wrapping_add(self.columns[j] + first);
                let bits = self.bits.as_ptr().wrapping_add(self.bit_columns[j] + first / 8);
                let mut column = [V::splat(0.0); PATCH];
                for (i, value) in column.iter_mut().enumerate() {
                    if EDGE && !(self.has_row[i] && self.has_column[j]) {
                        continue;
                    }
                    let from = values.wrapping_add(self.rows[i]);
                    *value = if EDGE { V::load_first(from, count) } else { V::load(from) };
                    if POOLED {
                        *value = value.mul(V::splat(self.scale));
                    }
                    if BITS {
                        let bits = gate::read(bits.wrapping_add(self.bit_rows[i]), count);
                        *value = value.select(bits, V::splat(0.0));
                    }
                }
                for (row, value) in rows.iter_mut().zip(transforms::input(column)) {
                    row[j] = value;
                }
            }
            let mut to = to;
            for row in rows {
                for (j, value) in transforms::input(row).into_iter().enumerate() {
                    value.store(to.add(j * slab));
                }
                to = to.wrapping_add(PATCH * slab);
            }
        }
    }
}
