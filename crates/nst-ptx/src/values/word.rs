//! Operations on 32-bit values, integers and f32.

use super::float::{maximum, minimum};

/// Operations with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    LogicalNot,
    Negate,
    Abs,
    CountLeadingZeros,
    CountOnes,
    Reverse,
    /// The highest bit that differs from the sign.
    FindSigned,
    FindUnsigned,
    /// How far to shift left to bring that bit to the top.
    FindShiftSigned,
    FindShiftUnsigned,
    Float(Function),
}

/// Functions of an f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Negate,
    Abs,
    /// Denormals to zeros of the same sign.
    Flush,
    /// To 0..1; NaN to 0.
    Saturate,
    Reciprocal,
    SquareRoot,
    ReciprocalSquareRoot,
    Exp2,
    Log2,
    Sin,
    Cos,
    Tanh,
}

impl Unary {
    #[inline(always)]
    pub(crate) fn apply(self, a: u32) -> u32 {
        match self {
            Self::Not => !a,
            Self::LogicalNot => u32::from(a == 0),
            Self::Negate => a.wrapping_neg(),
            Self::Abs => a.cast_signed().wrapping_abs().cast_unsigned(),
            Self::CountLeadingZeros => a.leading_zeros(),
            Self::CountOnes => a.count_ones(),
            Self::Reverse => a.reverse_bits(),
            Self::FindUnsigned => 31_u32.wrapping_sub(a.leading_zeros()),
            Self::FindSigned => 31_u32.wrapping_sub(magnitude(a).leading_zeros()),
            Self::FindShiftUnsigned => shift_to_top(a),
            Self::FindShiftSigned => shift_to_top(magnitude(a)),
            Self::Float(function) => function.apply(f32::from_bits(a)).to_bits(),
        }
    }
}

/// The bits that differ from the sign.
#[inline(always)]
fn magnitude(a: u32) -> u32 {
    a ^ (a.cast_signed() >> 31).cast_unsigned()
}

#[inline(always)]
fn shift_to_top(a: u32) -> u32 {
    if a == 0 { u32::MAX } else { a.leading_zeros() }
}

impl Function {
    /// Approximations (`.approx`) are computed in f64 and rounded once.
    #[inline(always)]
    pub(crate) fn apply(self, a: f32) -> f32 {
        let wide = f64::from(a);
        match self {
            Self::Negate => -a,
            Self::Abs => a.abs(),
            Self::Flush if a.is_subnormal() => 0.0_f32.copysign(a),
            Self::Flush => a,
            Self::Saturate if a > 0.0 => a.min(1.0),
            Self::Saturate => 0.0,
            Self::Reciprocal => 1.0 / a,
            Self::SquareRoot => a.sqrt(),
            Self::ReciprocalSquareRoot => (1.0 / wide.sqrt()) as f32,
            Self::Exp2 => wide.exp2() as f32,
            Self::Log2 => wide.log2() as f32,
            Self::Sin => wide.sin() as f32,
            Self::Cos => wide.cos() as f32,
            Self::Tanh => wide.tanh() as f32,
        }
    }
}

/// Operations with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
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
    ShiftLeft,
    ShiftRightSigned,
    ShiftRightUnsigned,
    AddFloat,
    SubtractFloat,
    MultiplyFloat,
    DivideFloat,
    MinFloat,
    MaxFloat,
    /// NaN where one is.
    MinNan,
    MaxNan,
    /// The magnitude of the second with the sign of the first (PTX ISA 8.0, section 9.7.3.2).
    CopySign,
}

impl Binary {
    #[inline(always)]
    pub(crate) fn apply(self, a: u32, b: u32) -> u32 {
        let (s, t) = (a.cast_signed(), b.cast_signed());
        let (x, y) = (f32::from_bits(a), f32::from_bits(b));
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Subtract => a.wrapping_sub(b),
            Self::MultiplyLow => a.wrapping_mul(b),
            Self::MultiplyHighSigned => ((i64::from(s) * i64::from(t)) >> 32) as u32,
            Self::MultiplyHighUnsigned => ((u64::from(a) * u64::from(b)) >> 32) as u32,
            // Division by zero: all ones, as GPUs give; PTX leaves it open.
            Self::DivideSigned => if t == 0 { -1 } else { s.wrapping_div(t) }.cast_unsigned(),
            Self::DivideUnsigned => a.checked_div(b).unwrap_or(u32::MAX),
            Self::RemainderSigned => if t == 0 { s } else { s.wrapping_rem(t) }.cast_unsigned(),
            Self::RemainderUnsigned => a.checked_rem(b).unwrap_or(a),
            Self::MinSigned => s.min(t).cast_unsigned(),
            Self::MinUnsigned => a.min(b),
            Self::MaxSigned => s.max(t).cast_unsigned(),
            Self::MaxUnsigned => a.max(b),
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
            Self::ShiftLeft => {
                if b > 31 {
                    0
                } else {
                    a << b
                }
            }
            Self::ShiftRightSigned => (s >> b.min(31)).cast_unsigned(),
            Self::ShiftRightUnsigned => {
                if b > 31 {
                    0
                } else {
                    a >> b
                }
            }
            Self::AddFloat => (x + y).to_bits(),
            Self::SubtractFloat => (x - y).to_bits(),
            Self::MultiplyFloat => (x * y).to_bits(),
            Self::DivideFloat => (x / y).to_bits(),
            Self::MinFloat => minimum(x, y).to_bits(),
            Self::MaxFloat => maximum(x, y).to_bits(),
            Self::MinNan => if x.is_nan() || y.is_nan() { f32::NAN } else { minimum(x, y) }.to_bits(),
            Self::MaxNan => if x.is_nan() || y.is_nan() { f32::NAN } else { maximum(x, y) }.to_bits(),
            Self::CopySign => y.copysign(x).to_bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Binary, Function, Unary};

    #[test]
    fn bits() {
        assert_eq!(Unary::FindUnsigned.apply(0x0010_0000), 20);
        assert_eq!(Unary::FindUnsigned.apply(0), u32::MAX);
        assert_eq!(Unary::FindSigned.apply(u32::MAX - 4), 2);
        assert_eq!(Unary::FindShiftUnsigned.apply(1), 31);
        assert_eq!(Unary::Reverse.apply(1), 0x8000_0000);
    }

    #[test]
    fn integers() {
        let minus = |x: i32| x.cast_unsigned();
        assert_eq!(Binary::MultiplyHighSigned.apply(minus(-2), 3), u32::MAX);
        assert_eq!(Binary::MultiplyHighUnsigned.apply(u32::MAX, u32::MAX), u32::MAX - 1);
        assert_eq!(Binary::DivideSigned.apply(minus(-7), 2), minus(-3));
        assert_eq!(Binary::RemainderSigned.apply(minus(-7), 2), minus(-1));
        assert_eq!(Binary::ShiftLeft.apply(1, 32), 0);
        assert_eq!(Binary::ShiftRightSigned.apply(minus(-8), 99), u32::MAX);
        assert_eq!(Binary::MinSigned.apply(minus(-1), 1), minus(-1));
        assert_eq!(Binary::MinUnsigned.apply(minus(-1), 1), 1);
    }

    #[test]
    fn floats() {
        let f = |function: Function, x: f32| f32::from_bits(Unary::Float(function).apply(x.to_bits()));
        assert_eq!(f(Function::Saturate, f32::NAN).to_bits(), 0);
        assert_eq!(f(Function::Saturate, -0.0).to_bits(), 0);
        assert_eq!(f(Function::Saturate, 7.0), 1.0);
        assert_eq!(f(Function::Flush, -1e-40).to_bits(), 0x8000_0000);
        assert_eq!(f(Function::Exp2, 3.0), 8.0);
        assert_eq!(f(Function::ReciprocalSquareRoot, 4.0), 0.5);
        let sign = Binary::CopySign.apply((-1.0_f32).to_bits(), 3.0_f32.to_bits());
        assert_eq!(f32::from_bits(sign), -3.0);
        assert!(f32::from_bits(Binary::MaxNan.apply(f32::NAN.to_bits(), 0)).is_nan());
    }
}
