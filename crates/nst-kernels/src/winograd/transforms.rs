//! The three transforms of F(4, 3) along one axis.
//!
//! A tile of four outputs of a filter of three taps is `Aᵀ [(G g) * (Bᵀ d)]` with six products (Winograd, "Arithmetic
//! Complexity of Computations", 1980; for networks Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
//! 2016, section 4.1; in two dimensions each is applied along both axes). The matrices follow from six points by the
//! Toom-Cook construction: rows of `Bᵀ` are the coefficients of `M_i(x) = product over j != i of (x - p_j)`, rows of `G`
//! the powers of `p_i` over `M_i(p_i)`, columns of `Aᵀ` the powers of `p_i`. The points 0, ±√½, ±√2, ∞ keep all three
//! well conditioned: their errors are several times smaller than with the usual 0, ±1, ±2, ∞ (Barabasz and others, "Error
//! Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020, on the choice of points).

#![expect(unsafe_code, reason = "SIMD instructions")]

use crate::vector::Vector;
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

/// `G`: from three taps to six values.
pub(super) const FILTER: [[f32; 3]; 6] = [
    [1.0, 0.0, 0.0],
    [-2.0 / 3.0, -SQRT_2 / 3.0, -1.0 / 3.0],
    [-2.0 / 3.0, SQRT_2 / 3.0, -1.0 / 3.0],
    [1.0 / 6.0, SQRT_2 / 6.0, 1.0 / 3.0],
    [1.0 / 6.0, -SQRT_2 / 6.0, 1.0 / 3.0],
    [0.0, 0.0, 1.0],
];

/// `Bᵀ d`: from six inputs to six values.
///
/// # Safety
/// The CPU has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn input<V: Vector>(d: [V; 6]) -> [V; 6] {
    // SAFETY: the caller's promise.
    unsafe {
        let even_half = d[2].mul_add(V::splat(-2.0), d[4]);
        let even_two = d[2].mul_add(V::splat(-0.5), d[4]);
        let odd_half = d[3].mul(V::splat(FRAC_1_SQRT_2));
        let odd_half = d[1].mul_add(V::splat(-SQRT_2), odd_half);
        let odd_two = d[3].mul(V::splat(SQRT_2));
        let odd_two = d[1].mul_add(V::splat(-FRAC_1_SQRT_2), odd_two);
        [
            d[2].mul_add(V::splat(-2.5), d[0].add(d[4])),
            even_half.add(odd_half),
            even_half.sub(odd_half),
            even_two.add(odd_two),
            even_two.sub(odd_two),
            d[3].mul_add(V::splat(-2.5), d[1].add(d[5])),
        ]
    }
}

/// `G g`: from three taps to six values.
///
/// # Safety
/// The CPU has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn filter<V: Vector>(g: [V; 3]) -> [V; 6] {
    // SAFETY: the caller's promise.
    unsafe {
        let even_half = g[0].mul(V::splat(FILTER[1][0]));
        let even_half = g[2].mul_add(V::splat(FILTER[1][2]), even_half);
        let odd_half = g[1].mul(V::splat(FILTER[1][1]));
        let even_two = g[0].mul(V::splat(FILTER[3][0]));
        let even_two = g[2].mul_add(V::splat(FILTER[3][2]), even_two);
        let odd_two = g[1].mul(V::splat(FILTER[3][1]));
        [
            g[0],
            even_half.add(odd_half),
            even_half.sub(odd_half),
            even_two.add(odd_two),
            even_two.sub(odd_two),
            g[2],
        ]
    }
}

/// `Aᵀ m`: from six values to four outputs.
///
/// # Safety
/// The CPU has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn output<V: Vector>(m: [V; 6]) -> [V; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let (even_half, odd_half) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (even_two, odd_two) = (m[3].add(m[4]), m[3].sub(m[4]));
        let first = odd_half.mul(V::splat(FRAC_1_SQRT_2));
        let second = even_two.mul(V::splat(2.0));
        let third = odd_half.mul_add(V::splat(0.5 * FRAC_1_SQRT_2), m[5]);
        [
            m[0].add(even_half).add(even_two),
            odd_two.mul_add(V::splat(SQRT_2), first),
            even_half.mul_add(V::splat(0.5), second),
            odd_two.mul_add(V::splat(2.0 * SQRT_2), third),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{filter, input, output};
    use crate::vector::{Portable, Vector};
    use approx::assert_abs_diff_eq;

    fn splat<const N: usize>(values: [f32; N]) -> [Portable; N] {
        // SAFETY: every CPU has the portable vector.
        values.map(|value| unsafe { Portable::splat(value) })
    }

    #[test]
    fn four_outputs_of_three_taps() {
        let (d, g) = ([0.3, -1.2, 2.0, 0.7, -0.4, 1.9], [0.5, -0.25, 1.5]);
        // SAFETY: every CPU has the portable vector.
        let y = unsafe {
            let (u, v) = (filter(splat(g)), input(splat(d)));
            output(std::array::from_fn(|i| u[i].mul(v[i])))
        };
        for (i, y) in y.into_iter().enumerate() {
            let mut lanes = [0.0; 8];
            // SAFETY: as above, and there is room for eight lanes.
            unsafe { y.store(lanes.as_mut_ptr()) };
            let expected: f32 = (0..3).map(|tap| g[tap] * d[i + tap]).sum();
            assert_abs_diff_eq!(lanes[0], expected, epsilon = 1e-6);
        }
    }
}
