//! From a packed filter to a transformed one, `U = G g Gᵀ`.

#![expect(
    unsafe_code,
    reason = "SIMD instructions and unchecked loads; the lengths are checked by the driver"
)]

use super::transforms::{self, FILTER};
use crate::vector::Vector;

/// Transforms one panel of a packed filter, `[input][tap][WIDE * LANES]`, into row `row` of its six rows: value `j` of an
/// input goes to `to[j * slab + input * WIDE * LANES..]`.
///
/// # Safety
/// The CPU has `V`'s instructions, `panel` is valid for nine taps, and `to` for all of that.
#[inline(always)]
pub(super) unsafe fn transform<V: Vector, const WIDE: usize>(
    panel: *const f32,
    inputs: usize,
    row: usize,
    to: *mut f32,
    slab: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let line = WIDE * V::LANES;
        let [a, b, c] = FILTER[row];
        let factors = [V::splat(a), V::splat(b), V::splat(c)];
        for input in 0..inputs {
            for wide in 0..WIDE {
                let from = panel.add(input * 9 * line + wide * V::LANES);
                let at = input * line + wide * V::LANES;
                let mut taps = [V::splat(0.0); 3];
                for (s, sum) in taps.iter_mut().enumerate() {
                    for (r, &factor) in factors.iter().enumerate() {
                        *sum = V::load(from.add((r * 3 + s) * line)).mul_add(factor, *sum);
                    }
                }
                for (j, value) in transforms::filter(taps).into_iter().enumerate() {
                    value.store(to.add(j * slab + at));
                }
            }
        }
    }
}
