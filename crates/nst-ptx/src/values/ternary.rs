//! Operations on three or four 32-bit values.

/// Operations with three operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ternary {
    FusedFloat,
    MultiplyAdd,
    /// Bit i of the result is bit `4 a_i + 2 b_i + c_i` of the table.
    Lookup(u8),
    /// `bfe`: `c` bits of `a` from bit `b` on.
    ExtractSigned,
    ExtractUnsigned,
    /// Funnel shifts of `b:a` by `c`, at most 32 or modulo 32.
    FunnelLeftClamped,
    FunnelLeftWrapped,
    FunnelRightClamped,
    FunnelRightWrapped,
    /// `prmt`: four bytes of `b:a`, picked by `c`'s nibbles.
    Permute,
    /// `|a - b| + c`
    DistanceSigned,
    DistanceUnsigned,
    /// `a + b + c` for a carry `c`, and the carry out of it.
    Sum,
    Carry,
    /// `a - b - c` for a borrow `c`, and the borrow out of it.
    Difference,
    Borrow,
}

impl Ternary {
    #[inline(always)]
    pub(crate) fn apply(self, a: u32, b: u32, c: u32) -> u32 {
        let (s, t) = (a.cast_signed(), b.cast_signed());
        let pair = u64::from(b) << 32 | u64::from(a);
        match self {
            Self::FusedFloat => f32::from_bits(a).mul_add(f32::from_bits(b), f32::from_bits(c)).to_bits(),
            Self::MultiplyAdd => a.wrapping_mul(b).wrapping_add(c),
            Self::Lookup(table) => lookup(table, a, b, c),
            Self::ExtractSigned => extract(a, b, c, true),
            Self::ExtractUnsigned => extract(a, b, c, false),
            Self::FunnelLeftClamped => ((pair << c.min(32)) >> 32) as u32,
            Self::FunnelLeftWrapped => ((pair << (c & 31)) >> 32) as u32,
            Self::FunnelRightClamped => (pair >> c.min(32)) as u32,
            Self::FunnelRightWrapped => (pair >> (c & 31)) as u32,
            Self::Permute => permute(pair, c),
            Self::DistanceSigned => s.abs_diff(t).wrapping_add(c),
            Self::DistanceUnsigned => a.abs_diff(b).wrapping_add(c),
            Self::Sum => a.wrapping_add(b).wrapping_add(c),
            Self::Carry => ((u64::from(a) + u64::from(b) + u64::from(c)) >> 32) as u32,
            Self::Difference => a.wrapping_sub(b).wrapping_sub(c),
            Self::Borrow => u32::from(u64::from(a) < u64::from(b) + u64::from(c)),
        }
    }
}

#[inline(always)]
fn lookup(table: u8, a: u32, b: u32, c: u32) -> u32 {
    let mut result = 0;
    for entry in 0..8 {
        let pick = |value: u32, bit: u32| if entry & bit != 0 { value } else { !value };
        let all = if table >> entry & 1 != 0 { u32::MAX } else { 0 };
        result |= pick(a, 4) & pick(b, 2) & pick(c, 1) & all;
    }
    result
}

#[inline(always)]
fn extract(a: u32, position: u32, length: u32, signed: bool) -> u32 {
    let (position, length) = (position & 0xff, length & 0xff);
    let wide = if signed { i64::from(a.cast_signed()) } else { i64::from(a) };
    let shifted = wide >> position.min(63);
    if length == 0 {
        0
    } else if length > 31 {
        shifted as u32
    } else {
        let up = 64 - length;
        (if signed { shifted << up >> up } else { (shifted.cast_unsigned() << up >> up).cast_signed() })
            as u32
    }
}

fn permute(pair: u64, selector: u32) -> u32 {
    let bytes = pair.to_le_bytes();
    u32::from_le_bytes(std::array::from_fn(|i| {
        let nibble = selector >> (4 * i) & 0xf;
        let byte = bytes[nibble as usize & 7];
        // The nibble's top bit spreads the byte's sign.
        if nibble & 8 == 0 { byte } else { (byte.cast_signed() >> 7).cast_unsigned() }
    }))
}

/// `bfi`: the low `length` bits of `a` into `b` from bit `position` on.
pub(crate) fn insert(a: u32, b: u32, position: u32, length: u32) -> u32 {
    let (position, length) = (position & 0xff, (length & 0xff).min(32));
    if position > 31 {
        return b;
    }
    let mask = (((1_u64 << length) - 1) << position) as u32;
    b & !mask | (u64::from(a) << position) as u32 & mask
}

#[cfg(test)]
mod tests {
    use super::{Ternary, insert};

    #[test]
    fn bits() {
        assert_eq!(Ternary::ExtractUnsigned.apply(0xabcd_ef12, 8, 8), 0xef);
        assert_eq!(Ternary::ExtractSigned.apply(0xabcd_ef12, 8, 8), 0xffff_ffef);
        assert_eq!(Ternary::ExtractUnsigned.apply(0xabcd_ef12, 28, 8), 0xa);
        assert_eq!(Ternary::ExtractSigned.apply(0xabcd_ef12, 28, 8), 0xffff_fffa);
        assert_eq!(Ternary::ExtractUnsigned.apply(0xabcd_ef12, 4, 0), 0);
        assert_eq!(Ternary::ExtractUnsigned.apply(0xabcd_ef12, 0, 32), 0xabcd_ef12);
        assert_eq!(insert(0xff, 0, 8, 4), 0xf00);
        assert_eq!(insert(0x5, 0xffff_ffff, 28, 32), 0x5fff_ffff);
        assert_eq!(insert(0x5, 7, 32, 4), 7);
        assert_eq!(Ternary::Lookup(0x96).apply(0b1100, 0b1010, 0b0110), 0b1100 ^ 0b1010 ^ 0b0110);
        assert_eq!(Ternary::Lookup(0xca).apply(0xf0, 0x55, 0xaa), 0xf0 & 0x55 | !0xf0 & 0xaa);
        assert_eq!(Ternary::Permute.apply(0x44332211, 0x88776655, 0x7410), 0x88552211);
        assert_eq!(Ternary::Permute.apply(0x44332280, 0, 0x8), 0x808080ff);
        assert_eq!(Ternary::FunnelLeftWrapped.apply(0x8000_0001, 0x7, 33), 0xf);
        assert_eq!(Ternary::FunnelRightClamped.apply(1, 0x7, 40), 7);
    }

    #[test]
    fn sums() {
        assert_eq!(Ternary::DistanceSigned.apply((-3_i32).cast_unsigned(), 4, 10), 17);
        assert_eq!(Ternary::Carry.apply(u32::MAX, 0, 1), 1);
        assert_eq!(Ternary::Borrow.apply(5, 5, 1), 1);
        let fused = Ternary::FusedFloat.apply(
            1.0_f32.next_up().to_bits(),
            1.0_f32.next_up().to_bits(),
            (-1.0_f32.next_up().next_up()).to_bits(),
        );
        assert_eq!(f32::from_bits(fused), 2.0_f32.powi(-46), "the square is not rounded before the sum");
    }
}
