//! f32 arithmetic with a rounding other than to nearest, and minima and maxima.

use std::cmp::Ordering;

/// Which way inexact results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// `.rn`: to nearest, ties to even.
    Nearest,
    /// `.rz`
    Zero,
    /// `.rm`
    Down,
    /// `.rp`
    Up,
    /// `.rna`: to nearest, ties away from zero.
    Away,
}

/// f32 arithmetic rounded another way than to nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directed {
    /// `a + b`
    Sum(Rounding),
    /// `a - b`
    Difference(Rounding),
    /// `a * b`
    Product(Rounding),
    /// `a * b + c`
    Fused(Rounding),
}

impl Directed {
    pub(crate) fn apply(self, a: u32, b: u32, c: u32) -> u32 {
        let [a, b, c] = [a, b, c].map(|bits| f64::from(f32::from_bits(bits)));
        // A product of two f32 is exact in f64.
        let (rounding, x, y) = match self {
            Self::Sum(rounding) => (rounding, a, b),
            Self::Difference(rounding) => (rounding, a, -b),
            Self::Product(rounding) => return round(a * b, 0.0, rounding).to_bits(),
            Self::Fused(rounding) => (rounding, a * b, c),
        };
        // Knuth's two-sum: `sum + error` is the exact sum.
        let sum = x + y;
        let y_part = sum - x;
        let error = (x - (sum - y_part)) + (y - y_part);
        if sum == 0.0 && rounding == Rounding::Down && x.is_sign_positive() != y.is_sign_positive() {
            return (-0.0_f32).to_bits();
        }
        round(sum, error, rounding).to_bits()
    }
}

/// `sum + error` in f32, with |error| at most half a unit in the last place of `sum`.
fn round(sum: f64, error: f64, rounding: Rounding) -> f32 {
    let nearest = sum as f32;
    if !sum.is_finite() {
        return nearest;
    }
    let above = match f64::from(nearest).partial_cmp(&sum) {
        Some(Ordering::Equal) => error.partial_cmp(&0.0),
        other => other.map(Ordering::reverse),
    };
    directed(nearest, above.unwrap_or(Ordering::Equal), rounding)
}

/// The f32 on the wanted side of an exact value, given the nearest one and how the exact value compares with it.
pub(super) fn directed(nearest: f32, exact: Ordering, rounding: Rounding) -> f32 {
    let down = match rounding {
        Rounding::Nearest | Rounding::Away => return nearest,
        Rounding::Down => true,
        Rounding::Up => false,
        Rounding::Zero => nearest.is_sign_positive(),
    };
    match (down, exact) {
        (true, Ordering::Less) => nearest.next_down(),
        (false, Ordering::Greater) => nearest.next_up(),
        _ => nearest,
    }
}

/// The smaller one; the number where one is NaN; -0 is smaller than +0 (PTX ISA 8.0, section 9.7.3.11).
#[inline(always)]
pub(crate) fn minimum(a: f32, b: f32) -> f32 {
    if a < b || b.is_nan() || (a == b && a.is_sign_negative()) { canonical(a) } else { b }
}

/// The larger one; the number where one is NaN; +0 is larger than -0.
#[inline(always)]
pub(crate) fn maximum(a: f32, b: f32) -> f32 {
    if a > b || b.is_nan() || (a == b && a.is_sign_positive()) { canonical(a) } else { b }
}

/// The NaN that NVIDIA's arithmetic gives, for every NaN.
#[inline(always)]
fn canonical(x: f32) -> f32 {
    if x.is_nan() { f32::from_bits(0x7fff_ffff) } else { x }
}

#[cfg(test)]
mod tests {
    use super::{Directed, Rounding, maximum, minimum};

    fn apply(operation: Directed, a: f32, b: f32, c: f32) -> f32 {
        f32::from_bits(operation.apply(a.to_bits(), b.to_bits(), c.to_bits()))
    }

    #[test]
    fn sums_go_the_way_they_are_told() {
        let (one, tiny) = (1.0_f32, 1e-20_f32);
        assert_eq!(apply(Directed::Sum(Rounding::Down), one, tiny, 0.0), 1.0);
        assert_eq!(apply(Directed::Sum(Rounding::Up), one, tiny, 0.0), one.next_up());
        assert_eq!(apply(Directed::Sum(Rounding::Zero), -one, -tiny, 0.0), -1.0);
        assert_eq!(apply(Directed::Sum(Rounding::Zero), one, -tiny, 0.0), one.next_down());
        assert_eq!(apply(Directed::Difference(Rounding::Down), one, tiny, 0.0), one.next_down());
        assert!(apply(Directed::Sum(Rounding::Down), one, -one, 0.0).is_sign_negative());
        assert!(apply(Directed::Sum(Rounding::Up), one, -one, 0.0).is_sign_positive());
    }

    #[test]
    fn products_are_exact_before_they_are_rounded() {
        let x = 1.0_f32.next_up();
        // (1 + e)^2 = 1 + 2e + e^2
        assert_eq!(apply(Directed::Product(Rounding::Down), x, x, 0.0), x.next_up());
        assert_eq!(apply(Directed::Product(Rounding::Up), x, x, 0.0), x.next_up().next_up());
        assert_eq!(apply(Directed::Fused(Rounding::Down), x, x, -1.0), 2.0_f32.powi(-22) + 2.0_f32.powi(-46));
        assert_eq!(apply(Directed::Fused(Rounding::Down), 2.0, 3.0, -1e-20), 6.0_f32.next_down());
    }

    #[test]
    fn the_number_wins_over_nan_and_zeros_have_signs() {
        assert_eq!(minimum(f32::NAN, 2.0), 2.0);
        assert_eq!(minimum(2.0, f32::NAN), 2.0);
        assert_eq!(maximum(f32::NAN, 2.0), 2.0);
        assert_eq!(maximum(-1.0, f32::NAN), -1.0);
        assert!(minimum(f32::NAN, f32::NAN).is_nan());
        assert!(minimum(0.0, -0.0).is_sign_negative() && minimum(-0.0, 0.0).is_sign_negative());
        assert!(maximum(0.0, -0.0).is_sign_positive() && maximum(-0.0, 0.0).is_sign_positive());
    }
}
