//! From an input to transformed tiles, `V = Bᵀ d B`.

#![expect(
    clippy::inline_always,
    reason = "a routine must be inlined into the function that enables its instructions"
)]
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
    let Plane { channels, .. } = source.plane;
    let patch = Patch::<BITS, POOLED>::new(source);
    for (row, tile) in tiles.enumerate() {
        let (image, y, x) = source.tiles.position(tile);
        let corner = [y, x].map(|at| at.cast_signed() - source.padding.cast_signed());
        let inside = corner[0] >= 0
            && corner[1] >= 0
            && corner[0].cast_unsigned() + PATCH <= patch.height
            && corner[1].cast_unsigned() + PATCH <= patch.width;
        for (chunk, first) in (0..channels).step_by(V::LANES).enumerate() {
            // SAFETY: a patch inside the plane is read unchecked, others value by value; the room behind `to` is the
            // caller's promise.
            unsafe {
                let to = to.add((chunk * ROWS + row) * V::LANES);
                if inside && first + V::LANES <= channels {
                    let corner = corner.map(isize::cast_unsigned);
                    spread::<V>(&Inside { patch: &patch, image, corner, first }, to, slab);
                } else {
                    let count = (channels - first).min(V::LANES);
                    spread::<V>(&Across { patch: &patch, image, corner, first, count }, to, slab);
                }
            }
        }
    }
}

/// Some channels of a patch. (A trait and not a closure: the compiler would not inline closures into functions that enable
/// instructions.)
trait Load<V: Vector> {
    /// # Safety
    /// The CPU has `V`'s instructions, and the patch is where its type says.
    unsafe fn load(&self, i: usize, j: usize) -> V;
}

/// A whole register of channels of a patch that lies inside its plane.
struct Inside<'a, const BITS: bool, const POOLED: bool> {
    patch: &'a Patch<'a, BITS, POOLED>,
    image: usize,
    corner: [usize; 2],
    first: usize,
}

impl<V: Vector, const BITS: bool, const POOLED: bool> Load<V> for Inside<'_, BITS, POOLED> {
    #[inline(always)]
    unsafe fn load(&self, i: usize, j: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { self.patch.load(self.image, self.corner[0] + i, self.corner[1] + j, self.first) }
    }
}

/// Some channels of a patch that reaches over the edge of its plane, or fewer than a register.
struct Across<'a, const BITS: bool, const POOLED: bool> {
    patch: &'a Patch<'a, BITS, POOLED>,
    image: usize,
    corner: [isize; 2],
    first: usize,
    count: usize,
}

impl<V: Vector, const BITS: bool, const POOLED: bool> Load<V> for Across<'_, BITS, POOLED> {
    #[inline(always)]
    unsafe fn load(&self, i: usize, j: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { self.patch.load_checked(self.image, self.corner, [i, j], self.first, self.count) }
    }
}

/// Transforms a patch and writes its values `slab` floats apart.
///
/// # Safety
/// The CPU has `V`'s instructions, the patch is where its type says, and `to` is valid for `LANES` floats at 36 steps of
/// `slab`.
#[inline(always)]
unsafe fn spread<V: Vector>(patch: &impl Load<V>, to: *mut f32, slab: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut rows = [[V::splat(0.0); PATCH]; PATCH];
        for j in 0..PATCH {
            let mut column = [V::splat(0.0); PATCH];
            for (i, value) in column.iter_mut().enumerate() {
                *value = patch.load(i, j);
            }
            for (row, value) in rows.iter_mut().zip(transforms::input(column)) {
                row[j] = value;
            }
        }
        for (i, row) in rows.into_iter().enumerate() {
            for (j, value) in transforms::input(row).into_iter().enumerate() {
                value.store(to.add((i * PATCH + j) * slab));
            }
        }
    }
}

/// Reads values of a source as the convolution sees it.
struct Patch<'a, const BITS: bool, const POOLED: bool> {
    values: &'a [f32],
    bits: &'a [u8],
    plane: Plane,
    stored: Plane,
    /// What can be other than zero: a pooling leaves out a last odd row and column.
    height: usize,
    width: usize,
    scale: f32,
}

impl<'a, const BITS: bool, const POOLED: bool> Patch<'a, BITS, POOLED> {
    fn new(source: &Source<'a>) -> Self {
        let plane = source.plane;
        let stored = if POOLED { plane.pooled() } else { plane };
        let even = |side: usize| if POOLED { side / 2 * 2 } else { side };
        Self {
            values: source.values,
            bits: source.gate.bits.unwrap_or_default(),
            plane,
            stored,
            height: even(plane.height),
            width: even(plane.width),
            scale: if source.gate.pooling == Some(Pooling::Average) { 0.25 } else { 1.0 },
        }
    }

    /// # Safety
    /// The CPU has `V`'s instructions and `LANES` channels from `first` on at this position exist.
    #[inline(always)]
    unsafe fn load<V: Vector>(&self, image: usize, y: usize, x: usize, first: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { self.gated(V::load(self.at(image, y, x, first)), image, [y, x], first, V::LANES) }
    }

    /// As [`Patch::load`], of `count` channels at any position; zero outside of the plane.
    ///
    /// # Safety
    /// The CPU has `V`'s instructions and the image has `count` channels from `first` on.
    #[inline(always)]
    unsafe fn load_checked<V: Vector>(
        &self,
        image: usize,
        corner: [isize; 2],
        [i, j]: [usize; 2],
        first: usize,
        count: usize,
    ) -> V {
        // SAFETY: the position was just found inside; the rest is the caller's promise.
        unsafe {
            let (Some(y), Some(x)) = (corner[0].checked_add_unsigned(i), corner[1].checked_add_unsigned(j))
            else {
                return V::splat(0.0);
            };
            if y < 0 || x < 0 || y.cast_unsigned() >= self.height || x.cast_unsigned() >= self.width {
                return V::splat(0.0);
            }
            let (y, x) = (y.cast_unsigned(), x.cast_unsigned());
            self.gated(V::load_first(self.at(image, y, x, first), count), image, [y, x], first, count)
        }
    }

    /// # Safety
    /// The position exists.
    #[inline(always)]
    unsafe fn at(&self, image: usize, y: usize, x: usize, first: usize) -> *const f32 {
        let (y, x) = if POOLED { (y / 2, x / 2) } else { (y, x) };
        let Plane { height, width, channels } = self.stored;
        // SAFETY: the caller's promise.
        unsafe { self.values.as_ptr().add(((image * height + y) * width + x) * channels + first) }
    }

    /// What the gate lets through of `value`.
    ///
    /// # Safety
    /// The CPU has `V`'s instructions, the position exists and has `count` channels from `first` on.
    #[inline(always)]
    unsafe fn gated<V: Vector>(
        &self,
        value: V,
        image: usize,
        [y, x]: [usize; 2],
        first: usize,
        count: usize,
    ) -> V {
        // SAFETY: the caller's promise.
        unsafe {
            let value = if POOLED { value.mul(V::splat(self.scale)) } else { value };
            if !BITS {
                return value;
            }
            let Plane { height, width, .. } = self.plane;
            let at = ((image * height + y) * width + x) * self.plane.bit_bytes() + first / 8;
            value.select(gate::read(self.bits.as_ptr().add(at), count), V::splat(0.0))
        }
    }
}
