//! Comparisons of `setp`, `set` and `testp` (PTX ISA 8.0, section 9.3).

use std::cmp::Ordering;

/// What is asked of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Neither is NaN.
    Ordered,
    /// One is NaN.
    Unordered,
}

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    Signed,
    Unsigned,
    /// 16 bits.
    Half,
    Float,
}

/// A comparison on 32-bit or 64-bit values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) comparison: Comparison,
    pub(crate) domain: Domain,
    /// Whether it also holds when one of the values is NaN (`equ`, `neu`, `ltu`, ...).
    pub(crate) or_unordered: bool,
}

impl Comparison {
    #[inline(always)]
    fn holds<T: PartialOrd + Copy>(self, a: T, b: T) -> bool {
        match self {
            Self::Equal => a == b,
            // NaN is not unequal either.
            Self::NotEqual => matches!(a.partial_cmp(&b), Some(Ordering::Less | Ordering::Greater)),
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
            Self::Ordered => a.partial_cmp(&b).is_some(),
            Self::Unordered => a.partial_cmp(&b).is_none(),
        }
    }
}

impl Test {
    #[inline(always)]
    pub(crate) fn apply(self, a: u32, b: u32) -> bool {
        match self.domain {
            Domain::Signed => self.comparison.holds(a.cast_signed(), b.cast_signed()),
            Domain::Unsigned => self.comparison.holds(a, b),
            Domain::Half => self.comparison.holds(a as i16, b as i16),
            Domain::Float => {
                let (a, b) = (f32::from_bits(a), f32::from_bits(b));
                self.comparison.holds(a, b) || self.or_unordered && (a.is_nan() || b.is_nan())
            }
        }
    }

    #[inline(always)]
    pub(crate) fn apply_long(self, a: u64, b: u64) -> bool {
        match self.domain {
            Domain::Signed | Domain::Half => self.comparison.holds(a.cast_signed(), b.cast_signed()),
            Domain::Unsigned => self.comparison.holds(a, b),
            Domain::Float => {
                let (a, b) = (f64::from_bits(a), f64::from_bits(b));
                self.comparison.holds(a, b) || self.or_unordered && (a.is_nan() || b.is_nan())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Domain, Test};

    #[test]
    fn nan_is_in_no_order_but_the_unordered_one() {
        let test = |comparison, or_unordered, a: f32, b: f32| {
            Test { comparison, domain: Domain::Float, or_unordered }.apply(a.to_bits(), b.to_bits())
        };
        for comparison in
            [Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::GreaterOrEqual]
        {
            assert!(!test(comparison, false, f32::NAN, 1.0));
            assert!(test(comparison, true, 1.0, f32::NAN));
        }
        assert!(
            test(Comparison::Unordered, false, f32::NAN, 1.0)
                && !test(Comparison::Ordered, false, f32::NAN, 1.0)
        );
        assert!(test(Comparison::Equal, false, 0.0, -0.0));
        assert!(test(Comparison::NotEqual, false, 1.0, 2.0));
    }

    #[test]
    fn signs_matter() {
        let test =
            |domain| Test { comparison: Comparison::Less, domain, or_unordered: false }.apply(0xffff, 1);
        assert!(test(Domain::Half) && !test(Domain::Signed) && !test(Domain::Unsigned));
    }
}
