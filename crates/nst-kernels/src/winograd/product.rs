//! The products of transformed tiles and filters, summed over the input channels: a small matrix product.

#![expect(
    unsafe_code,
    reason = "SIMD instructions and unchecked loads; the lengths are checked by the driver"
)]

use crate::vector::{Vector, prefetch};

/// Products that are summed in registers before they join the total: summing in blocks keeps the rounding error of long
/// sums down (Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2).
const BLOCK: usize = 64;

/// What one product covers.
#[derive(Clone, Copy)]
pub(super) struct Extents {
    /// Tiles.
    pub(super) tiles: usize,
    /// Input channels that are summed over.
    pub(super) inputs: usize,
    /// Output channels.
    pub(super) outputs: usize,
}

/// `sums[tile][output] = sum over inputs of v[input][tile] u[input][output]` for the first `COUNT` of `ROWS` tiles and the
/// first `USED` of `WIDE` registers of outputs. `v` is `[inputs / LANES][ROWS][LANES]`, `u` is `[inputs][WIDE * LANES]`.
///
/// # Safety
/// The CPU has `V`'s instructions and the pointers are valid for that.
#[inline(always)]
pub(super) unsafe fn multiply<
    V: Vector,
    const ROWS: usize,
    const COUNT: usize,
    const WIDE: usize,
    const USED: usize,
>(
    mut v: *const f32,
    mut u: *const f32,
    inputs: usize,
    sums: *mut f32,
) {
    let ahead = inputs.next_multiple_of(V::LANES) * ROWS;
    // SAFETY: the caller's promise.
    unsafe {
        let mut rest = inputs;
        while rest > 0 {
            let first = rest == inputs;
            let mut acc = [[V::splat(0.0); USED]; COUNT];
            for _ in 0..BLOCK / V::LANES {
                let length = rest.min(V::LANES);
                // A loop of known length is unrolled: with AVX2, whole evaluations take a tenth less time.
                if length == V::LANES {
                    for k in 0..V::LANES {
                        add::<V, ROWS, COUNT, WIDE, USED>(v, u, k, ahead, &mut acc);
                    }
                } else {
                    for k in 0..length {
                        add::<V, ROWS, COUNT, WIDE, USED>(v, u, k, ahead, &mut acc);
                    }
                }
                v = v.wrapping_add(ROWS * V::LANES);
                u = u.wrapping_add(WIDE * V::LANES * V::LANES);
                rest -= length;
                if rest == 0 {
                    break;
                }
            }
            for (row, registers) in acc.into_iter().enumerate() {
                for (j, register) in registers.into_iter().enumerate() {
                    let to = sums.add((row * WIDE + j) * V::LANES);
                    if first { register.store(to) } else { V::load(to).add(register).store(to) }
                }
            }
        }
    }
}

/// Adds the products of the `k`th input of a register's.
///
/// # Safety
/// As [`multiply`].
#[inline(always)]
unsafe fn add<V: Vector, const ROWS: usize, const COUNT: usize, const WIDE: usize, const USED: usize>(
    v: *const f32,
    u: *const f32,
    k: usize,
    ahead: usize,
    acc: &mut [[V; USED]; COUNT],
) {
    // SAFETY: the caller's promise.
    unsafe {
        // The same part of the next tiles, which follow these.
        prefetch(v.wrapping_add(ahead + k * ROWS));
        let mut b = [V::splat(0.0); USED];
        for (j, b) in b.iter_mut().enumerate() {
            *b = V::load(u.add((k * WIDE + j) * V::LANES));
        }
        for (row, registers) in acc.iter_mut().enumerate() {
            let factor = V::splat(*v.add(row * V::LANES + k));
            for (register, b) in registers.iter_mut().zip(b) {
                *register = factor.mul_add(b, *register);
            }
        }
    }
}
