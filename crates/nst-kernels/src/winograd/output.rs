//! From sums of products to outputs, `Aᵀ m A`, and what follows a convolution: bias, ReLU, pooling, the gate's bits.

#![expect(unsafe_code, reason = "SIMD instructions and stores that tasks share out by tile and channel")]

use super::tiles::{PATCH, TILE, Tiles};
use super::transforms;
use crate::conv2d::{Activation, Epilogue};
use crate::gate;
use crate::plane::Plane;
use crate::pool::Pooling;
use crate::region::LINE;
use crate::vector::{Vector, fence, prefetch};
use std::marker::PhantomData;
use std::ops::Range;

/// Bytes of an output that is too large to stay in a cache.
const LARGE: usize = 8 << 20;

/// Where the outputs go.
pub(super) struct Destination<'a> {
    values: *mut f32,
    bits: Option<*mut u8>,
    epilogue: Epilogue<'a>,
    /// The extents of the convolution's output, before its pooling.
    plane: Plane,
    tiles: Tiles,
    /// Whether stores go past the caches: the output is too large to be found there again, and a register of channels is a
    /// whole line, which then need not be read before it is written.
    streams: bool,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: tasks that share a destination write disjoint parts of it: `transform` is called once for each tile and panel.
unsafe impl Sync for Destination<'_> {}

impl<'a> Destination<'a> {
    pub(super) fn tiles(&self) -> Tiles {
        self.tiles
    }

    /// # Panics
    /// If a slice does not fit the plane.
    pub(super) fn new(
        values: &'a mut [f32],
        bits: Option<&'a mut [u8]>,
        epilogue: Epilogue<'a>,
        (batch, plane): (usize, Plane),
        tiles: Tiles,
    ) -> Self {
        let stored = if epilogue.pooling.is_some() { plane.pooled() } else { plane };
        assert_eq!(values.len(), batch * stored.len(), "output");
        let positions = batch * plane.height * plane.width;
        assert!(bits.as_ref().is_none_or(|bits| bits.len() == positions * plane.bit_bytes()), "gate bits");
        assert!(epilogue.bias.is_none_or(|bias| bias.len() == plane.channels), "bias");
        let lines =
            plane.channels.is_multiple_of(LINE) && values.as_ptr().align_offset(LINE * size_of::<f32>()) == 0;
        let streams = lines && size_of_val(values) > LARGE;
        let bits = bits.map(<[u8]>::as_mut_ptr);
        Self { values: values.as_mut_ptr(), bits, epilogue, plane, tiles, streams, lifetime: PhantomData }
    }
}

/// Writes the outputs of some tiles in the `panel`th `WIDE * LANES` channels: value `xi` of the `row`th tile is read from
/// `sums[xi * slab + row * WIDE * LANES..]`.
///
/// # Safety
/// The CPU has `V`'s instructions, the tiles and the panel exist, no other task has them, and `sums` is valid for all of
/// that.
#[inline(always)]
pub(super) unsafe fn transform<V: Vector, const WIDE: usize>(
    to: &Destination<'_>,
    tiles: Range<usize>,
    panel: usize,
    sums: *const f32,
    slab: usize,
) {
    for (row, tile) in tiles.enumerate() {
        let (image, y, x) = to.tiles.position(tile);
        for wide in 0..WIDE {
            let first = (panel * WIDE + wide) * V::LANES;
            let Some(count) = to.plane.channels.checked_sub(first).filter(|&count| count > 0) else { break };
            let count = count.min(V::LANES);
            // SAFETY: the caller's promise; channels beyond the last one were just left out.
            unsafe {
                let mut from = sums.add((row * WIDE + wide) * V::LANES);
                let mut columns = [[V::splat(0.0); PATCH]; TILE];
                for j in 0..PATCH {
                    let mut column = [V::splat(0.0); PATCH];
                    let mut value_at = from;
                    for value in &mut column {
                        *value = V::load(value_at);
                        // The next tile's: 36 streams are more than a CPU looks ahead in by itself.
                        prefetch(value_at.wrapping_add(WIDE * V::LANES));
                        value_at = value_at.wrapping_add(PATCH * slab);
                    }
                    from = from.wrapping_add(slab);
                    for (row, value) in columns.iter_mut().zip(transforms::output(column)) {
                        row[j] = value;
                    }
                }
                let bias = match to.epilogue.bias {
                    Some(bias) => V::load_first(bias.as_ptr().add(first), count),
                    None => V::splat(0.0),
                };
                let mut outputs = [[V::splat(0.0); TILE]; TILE];
                for (outputs, row) in outputs.iter_mut().zip(columns) {
                    for (output, value) in outputs.iter_mut().zip(transforms::output(row)) {
                        *output = value.add(bias);
                    }
                }
                match to.epilogue.pooling {
                    None => to.store(image, [y, x], first, count, &outputs),
                    Some(kind) => to.pool(kind, image, [y, x], first, count, &outputs),
                }
            }
        }
    }
    if to.streams {
        fence();
    }
}

impl Destination<'_> {
    /// Stores a tile as it is, after its ReLU.
    ///
    /// # Safety
    /// As [`transform`].
    #[inline(always)]
    unsafe fn store<V: Vector>(
        &self,
        image: usize,
        [y, x]: [usize; 2],
        first: usize,
        count: usize,
        outputs: &[[V; TILE]; TILE],
    ) {
        let Plane { height, width, channels } = self.plane;
        let relu = self.epilogue.activation == Activation::Relu;
        let (rows, columns) = ((height - y).min(TILE), (width - x).min(TILE));
        for (i, row) in outputs[..rows].iter().enumerate() {
            let start = (image * height + y + i) * width + x;
            for (position, &value) in (start..).zip(&row[..columns]) {
                // SAFETY: the position and the channels exist; no other task has them.
                unsafe {
                    if self.bits.is_some() {
                        let bits = if relu { value.positive() } else { u32::MAX };
                        self.store_bits(position, first, count, bits);
                    }
                    let value = if relu { value.relu() } else { value };
                    self.store_values(value, self.values.add(position * channels + first), count);
                }
            }
        }
    }

    /// Pools the windows of a tile.
    ///
    /// # Safety
    /// As [`transform`].
    #[inline(always)]
    unsafe fn pool<V: Vector>(
        &self,
        kind: Pooling,
        image: usize,
        [y, x]: [usize; 2],
        first: usize,
        count: usize,
        outputs: &[[V; TILE]; TILE],
    ) {
        let Plane { height, width, channels } = self.plane.pooled();
        let relu = self.epilogue.activation == Activation::Relu;
        for (window_y, i) in (y / 2..height).zip([0, 2]) {
            for (window_x, j) in (x / 2..width).zip([0, 2]) {
                let window = [outputs[i][j], outputs[i][j + 1], outputs[i + 1][j], outputs[i + 1][j + 1]];
                // SAFETY: the window and the channels exist; no other task has them.
                unsafe {
                    let (value, bits) = match kind {
                        Pooling::Max => greatest(window, relu),
                        Pooling::Average => mean(window, relu),
                    };
                    for (corner, bits) in bits.into_iter().enumerate() {
                        let (y, x) = (2 * window_y + corner / 2, 2 * window_x + corner % 2);
                        let position = (image * self.plane.height + y) * self.plane.width + x;
                        self.store_bits(position, first, count, bits);
                    }
                    let position = (image * height + window_y) * width + window_x;
                    self.store_values(value, self.values.add(position * channels + first), count);
                }
            }
        }
    }

    /// Stores `count` values, past the caches where that pays.
    ///
    /// # Safety
    /// As [`transform`], and `to` is valid for `count` floats of this destination.
    #[inline(always)]
    unsafe fn store_values<V: Vector>(&self, value: V, to: *mut f32, count: usize) {
        // SAFETY: the caller's promise; `streams` says that whole registers are whole lines.
        unsafe {
            if count < V::LANES {
                value.store_first(to, count);
            } else if self.streams {
                value.stream(to);
            } else {
                value.store(to);
            }
        }
    }

    /// Stores the bits of `count` channels, if they are wanted.
    ///
    /// # Safety
    /// As [`transform`], and the position exists.
    #[inline(always)]
    unsafe fn store_bits(&self, position: usize, first: usize, count: usize, bits: u32) {
        if let Some(to) = self.bits {
            // SAFETY: the caller's promise; registers begin at multiples of eight channels.
            unsafe { gate::write(to.add(position * self.plane.bit_bytes() + first / 8), bits, count) }
        }
    }
}

/// The greatest value of a window, after a ReLU, and which corner's gradient passes: that of the first of the greatest
/// in reading order, as in torch.
///
/// # Safety
/// The CPU has `V`'s instructions.
#[inline(always)]
unsafe fn greatest<V: Vector>(window: [V; 4], relu: bool) -> (V, [u32; 4]) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut best = window[0];
        let mut bits = [u32::MAX, 0, 0, 0];
        for corner in 1..4 {
            let wins = window[corner].exceeds(best);
            best = window[corner].select(wins, best);
            for bits in &mut bits[..corner] {
                *bits &= !wins;
            }
            bits[corner] = wins;
        }
        if !relu {
            return (best, bits);
        }
        let positive = best.positive();
        for bits in &mut bits {
            *bits &= positive;
        }
        (best.relu(), bits)
    }
}

/// The mean of a window after a ReLU, and which corners' gradients pass.
///
/// # Safety
/// The CPU has `V`'s instructions.
#[inline(always)]
unsafe fn mean<V: Vector>(window: [V; 4], relu: bool) -> (V, [u32; 4]) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut values = window;
        let mut bits = [u32::MAX; 4];
        if relu {
            for (value, bits) in values.iter_mut().zip(&mut bits) {
                *bits = value.positive();
                *value = value.relu();
            }
        }
        let [a, b, c, d] = values;
        (a.add(b).add(c.add(d)).mul(V::splat(0.25)), bits)
    }
}
