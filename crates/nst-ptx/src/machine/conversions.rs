//! Conversions: the common ones as vector code, the others lane by lane.

use super::rows::{Rows, each};
use crate::instruction::Register;
use crate::values::{Conversion, Kind, Rounding, to_tf32};

/// Executes a conversion for the lanes of a mask.
#[inline(always)]
pub(super) fn convert(rows: &mut Rows, mask: u32, conversion: Conversion, d: Register, a: Register) {
    let Conversion { from, to, rounding, integral, saturate, .. } = conversion;
    let plain = !integral && !saturate && rounding == Rounding::Nearest;
    match (from, to, d, a) {
        (Kind::Unsigned(32), Kind::Unsigned(64) | Kind::Signed(64), Register::Long(d), Register::Word(a)) => {
            let a = rows.word(a);
            let values = each!(|i| u64::from(a[i]));
            rows.set_long(d, mask, values);
        }
        (Kind::Signed(32), Kind::Unsigned(64) | Kind::Signed(64), Register::Long(d), Register::Word(a))
            if !saturate =>
        {
            let a = rows.word(a);
            let values = each!(|i| i64::from(a[i].cast_signed()).cast_unsigned());
            rows.set_long(d, mask, values);
        }
        (Kind::F32, Kind::F64, Register::Long(d), Register::Word(a)) if plain => {
            let a = rows.word(a);
            let values = each!(|i| f64::from(f32::from_bits(a[i])).to_bits());
            rows.set_long(d, mask, values);
        }
        (Kind::F64, Kind::F32, Register::Word(d), Register::Long(a)) if plain => {
            let a = rows.long(a);
            let values = each!(|i| (f64::from_bits(a[i]) as f32).to_bits());
            rows.set_word(d, mask, values);
        }
        (Kind::Signed(32), Kind::F32, Register::Word(d), Register::Word(a)) if plain => {
            let a = rows.word(a);
            let values = each!(|i| (a[i].cast_signed() as f32).to_bits());
            rows.set_word(d, mask, values);
        }
        (Kind::F32, Kind::Tf32, Register::Word(d), Register::Word(a)) => {
            let a = rows.word(a);
            let values = each!(|i| to_tf32(f32::from_bits(a[i])));
            rows.set_word(d, mask, values);
        }
        _ => any_convert(rows, mask, conversion, d, a),
    }
}

#[inline(never)]
fn any_convert(rows: &mut Rows, mask: u32, conversion: Conversion, d: Register, a: Register) {
    let values = rows.values(a).map(|a| conversion.apply(a));
    rows.set(d, mask, values);
}
