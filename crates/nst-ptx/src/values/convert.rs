//! Conversions: `cvt` (PTX ISA 8.0, section 9.7.8.21).

use super::float::{Rounding, directed};

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An integer of 8 to 64 bits.
    Unsigned(u8),
    Signed(u8),
    F32,
    F64,
    /// f32 of which 10 bits of the fraction are kept.
    Tf32,
}

/// What a value is made into, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conversion {
    pub(crate) from: Kind,
    pub(crate) to: Kind,
    pub(crate) rounding: Rounding,
    /// Whether a float is rounded to an integral one (`.rni` and the like).
    pub(crate) integral: bool,
    /// Whether results are clamped: floats to 0..1, integers to the range of the type.
    pub(crate) saturate: bool,
    /// The bits of the register written, to which signed results are extended.
    pub(crate) width: u8,
}

impl Conversion {
    /// Values are in the low bits on both sides.
    #[inline(always)]
    pub(crate) fn apply(self, a: u64) -> u64 {
        match self.from {
            Kind::Unsigned(bits) => self.of_integer(i128::from(a & ones(bits))),
            Kind::Signed(bits) => {
                let up = 64 - u32::from(bits);
                self.of_integer(i128::from((a << up).cast_signed() >> up))
            }
            Kind::F32 | Kind::Tf32 => self.of_f32(f32::from_bits(a as u32)),
            Kind::F64 => self.of_f64(f64::from_bits(a)),
        }
    }

    fn of_integer(self, a: i128) -> u64 {
        match self.to {
            Kind::Unsigned(_) | Kind::Signed(_) => self.to_integer(a),
            Kind::F64 => {
                // Integers of more than 53 bits are rounded to nearest; the parser refuses another rounding of them.
                (a as f64).to_bits()
            }
            Kind::F32 | Kind::Tf32 => {
                let nearest = a as f32;
                u64::from(directed(nearest, a.cmp(&(nearest as i128)), self.rounding).to_bits())
            }
        }
    }

    /// Cuts or clamps to the type, and extends to the register.
    fn to_integer(self, a: i128) -> u64 {
        let (low, high, bits, signed) = match self.to {
            Kind::Signed(bits) => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1, bits, true),
            Kind::Unsigned(bits) => (0, i128::from(ones(bits)), bits, false),
            _ => return 0,
        };
        let value = if self.saturate { a.clamp(low, high) } else { a } as u64;
        let up = 64 - u32::from(bits);
        let value =
            if signed { ((value << up).cast_signed() >> up).cast_unsigned() } else { value & ones(bits) };
        value & ones(self.width)
    }

    fn of_f32(self, a: f32) -> u64 {
        match self.to {
            Kind::F32 => {
                let rounded = if self.integral { round(f64::from(a), self.rounding) as f32 } else { a };
                u64::from(
                    if self.saturate { saturated(f64::from(rounded)) as f32 } else { rounded }.to_bits(),
                )
            }
            Kind::Tf32 => u64::from(to_tf32(a)),
            Kind::F64 => f64::from(a).to_bits(),
            Kind::Signed(_) | Kind::Unsigned(_) => self.float_to_integer(f64::from(a)),
        }
    }

    fn of_f64(self, a: f64) -> u64 {
        match self.to {
            Kind::F32 | Kind::Tf32 => {
                let nearest = a as f32;
                let order = a.partial_cmp(&f64::from(nearest)).unwrap_or(std::cmp::Ordering::Equal);
                let value = directed(nearest, order, self.rounding);
                u64::from(if self.saturate { saturated(f64::from(value)) as f32 } else { value }.to_bits())
            }
            Kind::F64 => {
                let rounded = if self.integral { round(a, self.rounding) } else { a };
                if self.saturate { saturated(rounded) } else { rounded }.to_bits()
            }
            Kind::Signed(_) | Kind::Unsigned(_) => self.float_to_integer(a),
        }
    }

    /// Clamped to the type's range; NaN gives 0.
    fn float_to_integer(self, a: f64) -> u64 {
        Self { saturate: true, ..self }.to_integer(round(a, self.rounding) as i128)
    }
}

/// To 0..1; NaN to 0.
fn saturated(a: f64) -> f64 {
    if a > 0.0 { a.min(1.0) } else { 0.0 }
}

/// To an integral value.
fn round(a: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Nearest => a.round_ties_even(),
        Rounding::Away => a.round(),
        Rounding::Zero => a.trunc(),
        Rounding::Down => a.floor(),
        Rounding::Up => a.ceil(),
    }
}

/// To nearest with ties away from zero; the 13 low bits become zero.
#[inline(always)]
pub(crate) fn to_tf32(a: f32) -> u32 {
    if a.is_finite() { a.to_bits().wrapping_add(0x1000) & !0x1fff } else { a.to_bits() }
}

/// That many low bits.
fn ones(bits: u8) -> u64 {
    u64::MAX >> (64 - u32::from(bits))
}

#[cfg(test)]
mod tests {
    use super::{Conversion, Kind, Rounding};

    fn convert(from: Kind, to: Kind, rounding: Rounding, a: u64) -> u64 {
        let width = if matches!(to, Kind::F64 | Kind::Signed(64) | Kind::Unsigned(64)) { 64 } else { 32 };
        Conversion { from, to, rounding, integral: false, saturate: false, width }.apply(a)
    }

    #[test]
    fn integers_are_extended_and_cut() {
        let (s8, u8, s32, s64) = (Kind::Signed(8), Kind::Unsigned(8), Kind::Signed(32), Kind::Signed(64));
        assert_eq!(convert(s8, s32, Rounding::Nearest, 0x1ff), 0xffff_ffff);
        assert_eq!(convert(u8, s32, Rounding::Nearest, 0x1ff), 0xff);
        assert_eq!(convert(s32, s64, Rounding::Nearest, 0xffff_fffe), (-2_i64).cast_unsigned());
        let clamped = Conversion {
            from: s32,
            to: u8,
            rounding: Rounding::Nearest,
            integral: false,
            saturate: true,
            width: 32,
        };
        assert_eq!(clamped.apply(0xffff_fffe), 0);
        assert_eq!(clamped.apply(300), 255);
    }

    #[test]
    fn floats_to_integers() {
        let bits = |x: f32| u64::from(x.to_bits());
        let f = |rounding, x| (convert(Kind::F32, Kind::Signed(32), rounding, bits(x)) as u32).cast_signed();
        assert_eq!([f(Rounding::Zero, -1.7), f(Rounding::Down, -1.2), f(Rounding::Up, 1.2)], [-1, -2, 2]);
        assert_eq!([f(Rounding::Nearest, 2.5), f(Rounding::Nearest, 3.5)], [2, 4]);
        assert_eq!(
            [f(Rounding::Zero, 1e20), f(Rounding::Zero, -1e20), f(Rounding::Zero, f32::NAN)],
            [i32::MAX, i32::MIN, 0]
        );
        assert_eq!(
            convert(Kind::F32, Kind::Unsigned(8), Rounding::Zero, u64::from(300.0_f32.to_bits())),
            255
        );
    }

    #[test]
    fn to_floats() {
        let big = (1_u64 << 24) + 1;
        let f = |rounding| f32::from_bits(convert(Kind::Unsigned(32), Kind::F32, rounding, big) as u32);
        assert_eq!(
            [f(Rounding::Nearest), f(Rounding::Down), f(Rounding::Up)],
            [16777216.0, 16777216.0, 16777218.0]
        );
        let narrow =
            |rounding, x: f64| f32::from_bits(convert(Kind::F64, Kind::F32, rounding, x.to_bits()) as u32);
        assert_eq!(narrow(Rounding::Zero, 0.1), 0.1_f32.next_down());
        assert_eq!(narrow(Rounding::Nearest, 0.1), 0.1);
        assert!(narrow(Rounding::Nearest, f64::NAN).is_nan());
    }

    #[test]
    fn tf32_rounds_ties_away() {
        let f = |bits: u32| convert(Kind::F32, Kind::Tf32, Rounding::Away, u64::from(bits)) as u32;
        assert_eq!(f(0x3f80_1000), 0x3f80_2000);
        assert_eq!(f(0x3f80_0fff), 0x3f80_0000);
        assert_eq!(f(0xbf80_1000), 0xbf80_2000);
        assert_eq!(f(0x7f80_0000), 0x7f80_0000);
    }
}
