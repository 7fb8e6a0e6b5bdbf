//! Operations on 64-bit values, integers and f64.

/// Operations with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryLong {
    Not,
    Negate,
    Abs,
    Reverse,
    NegateFloat,
    AbsFloat,
    Reciprocal,
    SquareRoot,
    /// `rcp.approx.ftz.f64` and `rsqrt.approx.ftz.f64`: of and to the high 32 bits alone.
    RoughReciprocal,
    RoughReciprocalSquareRoot,
    ReciprocalSquareRoot,
}

const HIGH: u64 = 0xffff_ffff_0000_0000;

impl UnaryLong {
    #[inline(always)]
    pub(crate) fn apply(self, a: u64) -> u64 {
        let (x, rough) = (f64::from_bits(a), flush(f64::from_bits(a & HIGH)));
        match self {
            Self::Not => !a,
            Self::Negate => a.wrapping_neg(),
            Self::Abs => a.cast_signed().wrapping_abs().cast_unsigned(),
            Self::Reverse => a.reverse_bits(),
            Self::NegateFloat => (-x).to_bits(),
            Self::AbsFloat => x.abs().to_bits(),
            Self::Reciprocal => (1.0 / x).to_bits(),
            Self::SquareRoot => x.sqrt().to_bits(),
            Self::ReciprocalSquareRoot => (1.0 / x.sqrt()).to_bits(),
            Self::RoughReciprocal => flush(1.0 / rough).to_bits() & HIGH,
            Self::RoughReciprocalSquareRoot => flush(1.0 / rough.sqrt()).to_bits() & HIGH,
        }
    }
}

#[inline(always)]
fn flush(x: f64) -> f64 {
    if x.is_subnormal() { 0.0_f64.copysign(x) } else { x }
}

/// Operations with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryLong {
    Add,
    Subtract,
    MultiplyLow,
    MultiplyHighSigned,
    MultiplyHighUnsigned,
    DivideSigned,
    DivideUnsigned,
    RemainderSigned,
    RemainderUnsigned,
    MinSigned,
    MinUnsigned,
    MaxSigned,
    MaxUnsigned,
    And,
    Or,
    Xor,
    AddFloat,
    SubtractFloat,
    MultiplyFloat,
    DivideFloat,
    MinFloat,
    MaxFloat,
    /// The magnitude of the second with the sign of the first.
    CopySign,
}

impl BinaryLong {
    #[inline(always)]
    pub(crate) fn apply(self, a: u64, b: u64) -> u64 {
        let (s, t) = (a.cast_signed(), b.cast_signed());
        let (x, y) = (f64::from_bits(a), f64::from_bits(b));
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Subtract => a.wrapping_sub(b),
            Self::MultiplyLow => a.wrapping_mul(b),
            Self::MultiplyHighSigned => ((i128::from(s) * i128::from(t)) >> 64) as u64,
            Self::MultiplyHighUnsigned => ((u128::from(a) * u128::from(b)) >> 64) as u64,
            // Division by zero: all ones, as GPUs give; PTX leaves it open.
            Self::DivideSigned => if t == 0 { -1 } else { s.wrapping_div(t) }.cast_unsigned(),
            Self::DivideUnsigned => a.checked_div(b).unwrap_or(u64::MAX),
            Self::RemainderSigned => if t == 0 { s } else { s.wrapping_rem(t) }.cast_unsigned(),
            Self::RemainderUnsigned => a.checked_rem(b).unwrap_or(a),
            Self::MinSigned => s.min(t).cast_unsigned(),
            Self::MinUnsigned => a.min(b),
            Self::MaxSigned => s.max(t).cast_unsigned(),
            Self::MaxUnsigned => a.max(b),
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
            Self::AddFloat => (x + y).to_bits(),
            Self::SubtractFloat => (x - y).to_bits(),
            Self::MultiplyFloat => (x * y).to_bits(),
            Self::DivideFloat => (x / y).to_bits(),
            Self::MinFloat => {
                if x < y || y.is_nan() || (x == y && x.is_sign_negative()) { x } else { y }.to_bits()
            }
            Self::MaxFloat => {
                if x > y || y.is_nan() || (x == y && x.is_sign_positive()) { x } else { y }.to_bits()
            }
            Self::CopySign => y.copysign(x).to_bits(),
        }
    }
}

/// `bfe` on 64 bits.
pub(crate) fn extract_long(a: u64, position: u32, length: u32, signed: bool) -> u64 {
    let (position, length) = (position & 0xff, length & 0xff);
    let wide = if signed { i128::from(a.cast_signed()) } else { i128::from(a) };
    let shifted = wide >> position.min(127);
    if length == 0 {
        0
    } else if length > 63 {
        shifted as u64
    } else {
        let up = 128 - length;
        (if signed { shifted << up >> up } else { (shifted.cast_unsigned() << up >> up).cast_signed() })
            as u64
    }
}

/// `bfi` on 64 bits.
pub(crate) fn insert_long(a: u64, b: u64, position: u32, length: u32) -> u64 {
    let (position, length) = (position & 0xff, (length & 0xff).min(64));
    if position > 63 {
        return b;
    }
    let mask = (((1_u128 << length) - 1) << position) as u64;
    b & !mask | (u128::from(a) << position) as u64 & mask
}

#[cfg(test)]
mod tests {
    use super::{BinaryLong, UnaryLong, extract_long, insert_long};

    #[test]
    fn integers_and_bits() {
        assert_eq!(BinaryLong::MultiplyHighUnsigned.apply(u64::MAX, u64::MAX), u64::MAX - 1);
        assert_eq!(BinaryLong::MultiplyHighSigned.apply(u64::MAX, 3), u64::MAX);
        assert_eq!(BinaryLong::DivideSigned.apply((-9_i64).cast_unsigned(), 2), (-4_i64).cast_unsigned());
        assert_eq!(extract_long(0x00ab_0000_0000_0000, 40, 8, true), 0);
        assert_eq!(extract_long(0xab00_0000_0000_0000, 56, 8, true), 0xffff_ffff_ffff_ffab);
        assert_eq!(insert_long(1, 0, 63, 64), 1 << 63);
    }

    #[test]
    fn floats() {
        let nan = f64::NAN.to_bits();
        assert_eq!(BinaryLong::MinFloat.apply(nan, 2.0_f64.to_bits()), 2.0_f64.to_bits());
        assert_eq!(BinaryLong::MaxFloat.apply((-0.0_f64).to_bits(), 0), 0);
        let rough = f64::from_bits(UnaryLong::RoughReciprocal.apply(3.0_f64.to_bits()));
        assert!((rough - 1.0 / 3.0).abs() < 1e-6 && rough.to_bits() as u32 == 0);
    }
}
