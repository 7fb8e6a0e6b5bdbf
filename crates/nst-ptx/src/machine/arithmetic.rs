//! Instructions on registers alone.
//!
//! Each operation in common use is a loop of its own, which the compiler turns into vector code for the instruction set of the
//! function that this is inlined into; rare ones share one loop that asks for the operation in each lane.

use super::conversions::convert;
use super::rows::{LANES, Rows, each};
use crate::instruction::{Logic, Long, Op, Predicate, Word};
use crate::values::{
    Binary, BinaryLong, Comparison, Domain, Function, Ternary, Test, Unary, UnaryLong, extract_long, insert,
    insert_long,
};

/// Runs `$body` with `$name` a constant where `$op` is one of the listed operations, and as it is otherwise.
macro_rules! specialise {
    ($op:expr, [$($known:pat => $constant:expr),* $(,)?], |$name:ident| $body:expr) => {
        match $op {
            $($known => { let $name = $constant; $body })*
            $name => $body,
        }
    };
}

/// One bit for each lane.
macro_rules! bits {
    (|$lane:ident| $holds:expr) => {{
        let mut bits = 0;
        for $lane in 0..LANES {
            bits |= u32::from($holds) << $lane;
        }
        bits
    }};
}

/// Executes an instruction for the lanes of a mask. Those that are not arithmetic do nothing here.
#[inline(always)]
pub(super) fn execute(rows: &mut Rows, mask: u32, op: &Op) {
    match *op {
        Op::Ternary { op, d, a, b, c } => {
            let (a, b, c) = (rows.word(a), rows.word(b), rows.word(c));
            let values = specialise!(
                op,
                [
                    Ternary::FusedFloat => Ternary::FusedFloat,
                    Ternary::MultiplyAdd => Ternary::MultiplyAdd,
                    Ternary::Lookup(table) => Ternary::Lookup(table),
                ],
                |op| each!(|i| op.apply(a[i], b[i], c[i]))
            );
            rows.set_word(d, mask, values);
        }
        Op::Move { d, a } => {
            let values = *rows.word(a);
            rows.set_word(d, mask, values);
        }
        Op::MoveLong { d, a } => {
            let values = *rows.long(a);
            rows.set_long(d, mask, values);
        }
        Op::Unary { op, d, a } => unary(rows, mask, op, d, a),
        Op::Binary { op, d, a, b } => binary(rows, mask, op, [d, a, b]),
        Op::Narrow { op, signed, d, a, b } => narrow(rows, mask, op, signed, [d, a, b]),
        Op::Directed { op, d, a, b, c } => {
            let (a, b, c) = (rows.word(a), rows.word(b), rows.word(c));
            let values = each!(|i| op.apply(a[i], b[i], c[i]));
            rows.set_word(d, mask, values);
        }
        Op::Insert { d, a, b, position, length } => {
            let (a, b, position, length) =
                (rows.word(a), rows.word(b), rows.word(position), rows.word(length));
            let values = each!(|i| insert(a[i], b[i], position[i], length[i]));
            rows.set_word(d, mask, values);
        }
        Op::Wide { signed, d, a, b } => {
            let (a, b) = (rows.word(a), rows.word(b));
            let values = each!(|i| wide(signed, a[i], b[i]));
            rows.set_long(d, mask, values);
        }
        Op::WideSum { signed, d, a, b, c } => {
            let (a, b, c) = (rows.word(a), rows.word(b), rows.long(c));
            let values = each!(|i| wide(signed, a[i], b[i]).wrapping_add(c[i]));
            rows.set_long(d, mask, values);
        }
        Op::Convert { conversion, d, a } => convert(rows, mask, conversion, d, a),
        Op::Pack { d, low, high } => {
            let (low, high) = (rows.word(low), rows.word(high));
            let values = each!(|i| u64::from(high[i]) << 32 | u64::from(low[i]));
            rows.set_long(d, mask, values);
        }
        Op::Unpack { low, high, a } => {
            let a = *rows.long(a);
            rows.set_word(low, mask, each!(|i| a[i] as u32));
            rows.set_word(high, mask, each!(|i| (a[i] >> 32) as u32));
        }
        Op::Compare { test, d, a, b } => compare(rows, mask, test, d, [a, b]),
        Op::CompareLong { test, d, a, b } => {
            let (a, b) = (rows.long(a), rows.long(b));
            let holds = bits!(|i| test.apply_long(a[i], b[i]));
            rows.set_predicate(d, mask, holds);
        }
        Op::Logic { op, d, a, b } => {
            let (a, b) = (rows.predicate(a), rows.predicate(b));
            let values = match op {
                Logic::And => a & b,
                Logic::Or => a | b,
                Logic::Xor => a ^ b,
                Logic::Not => !a,
                Logic::Copy => a,
            };
            rows.set_predicate(d, mask, values);
        }
        Op::Select { d, a, b, p } => {
            let (a, b, p) = (rows.word(a), rows.word(b), rows.predicate(p));
            let values = each!(|i| if p >> i & 1 != 0 { a[i] } else { b[i] });
            rows.set_word(d, mask, values);
        }
        Op::SelectLong { d, a, b, p } => {
            let (a, b, p) = (rows.long(a), rows.long(b), rows.predicate(p));
            let values = each!(|i| if p >> i & 1 != 0 { a[i] } else { b[i] });
            rows.set_long(d, mask, values);
        }
        _ => long(rows, mask, op),
    }
}

/// Instructions on 64-bit rows.
#[inline(always)]
fn long(rows: &mut Rows, mask: u32, op: &Op) {
    match *op {
        Op::UnaryLong { op, d, a } => {
            let a = rows.long(a);
            let values = specialise!(op, [UnaryLong::NegateFloat => UnaryLong::NegateFloat], |op| each!(|i| op.apply(a[i])));
            rows.set_long(d, mask, values);
        }
        Op::BinaryLong { op, d, a, b } => binary_long(rows, mask, op, [d, a, b]),
        Op::FusedLong { d, a, b, c } => {
            let (a, b, c) = (rows.long(a), rows.long(b), rows.long(c));
            let values =
                each!(|i| f64::from_bits(a[i]).mul_add(f64::from_bits(b[i]), f64::from_bits(c[i])).to_bits());
            rows.set_long(d, mask, values);
        }
        Op::ShiftLong { op, d, a, b } => {
            let (a, b) = (rows.long(a), rows.word(b));
            let values = match op {
                Binary::ShiftLeft => each!(|i| if b[i] > 63 { 0 } else { a[i] << b[i] }),
                Binary::ShiftRightSigned => each!(|i| (a[i].cast_signed() >> b[i].min(63)).cast_unsigned()),
                _ => each!(|i| if b[i] > 63 { 0 } else { a[i] >> b[i] }),
            };
            rows.set_long(d, mask, values);
        }
        Op::ExtractLong { signed, d, a, position, length } => {
            let (a, position, length) = (rows.long(a), rows.word(position), rows.word(length));
            let values = each!(|i| extract_long(a[i], position[i], length[i], signed));
            rows.set_long(d, mask, values);
        }
        Op::InsertLong { d, a, b, position, length } => {
            let (a, b, position, length) =
                (rows.long(a), rows.long(b), rows.word(position), rows.word(length));
            let values = each!(|i| insert_long(a[i], b[i], position[i], length[i]));
            rows.set_long(d, mask, values);
        }
        Op::CountLong { op, d, a } => {
            let a = rows.long(a);
            let ones = op == Unary::CountOnes;
            let values = each!(|i| if ones { a[i].count_ones() } else { a[i].leading_zeros() });
            rows.set_word(d, mask, values);
        }
        _ => {}
    }
}

#[inline(always)]
fn wide(signed: bool, a: u32, b: u32) -> u64 {
    if signed {
        (i64::from(a.cast_signed()) * i64::from(b.cast_signed())).cast_unsigned()
    } else {
        u64::from(a) * u64::from(b)
    }
}

#[inline(always)]
fn unary(rows: &mut Rows, mask: u32, op: Unary, d: Word, a: Word) {
    use Unary::Float;
    let a = rows.word(a);
    let values = specialise!(
        op,
        [
            Float(Function::Negate) => Float(Function::Negate),
            Float(Function::Abs) => Float(Function::Abs),
            Float(Function::SquareRoot) => Float(Function::SquareRoot),
        ],
        |op| each!(|i| op.apply(a[i]))
    );
    rows.set_word(d, mask, values);
}

#[inline(always)]
fn binary(rows: &mut Rows, mask: u32, op: Binary, [d, a, b]: [Word; 3]) {
    let (a, b) = (rows.word(a), rows.word(b));
    let values = specialise!(
        op,
        [
            Binary::Add => Binary::Add,
            Binary::Subtract => Binary::Subtract,
            Binary::MultiplyLow => Binary::MultiplyLow,
            Binary::And => Binary::And,
            Binary::Or => Binary::Or,
            Binary::Xor => Binary::Xor,
            Binary::ShiftLeft => Binary::ShiftLeft,
            Binary::ShiftRightSigned => Binary::ShiftRightSigned,
            Binary::ShiftRightUnsigned => Binary::ShiftRightUnsigned,
            Binary::MinSigned => Binary::MinSigned,
            Binary::MaxSigned => Binary::MaxSigned,
            Binary::AddFloat => Binary::AddFloat,
            Binary::SubtractFloat => Binary::SubtractFloat,
            Binary::MultiplyFloat => Binary::MultiplyFloat,
            Binary::DivideFloat => Binary::DivideFloat,
            Binary::MinFloat => Binary::MinFloat,
            Binary::MaxFloat => Binary::MaxFloat,
        ],
        |op| each!(|i| op.apply(a[i], b[i]))
    );
    rows.set_word(d, mask, values);
}

fn narrow(rows: &mut Rows, mask: u32, op: Binary, signed: bool, [d, a, b]: [Word; 3]) {
    let extend = |x: u32| if signed { i32::from(x as i16).cast_unsigned() } else { x & 0xffff };
    let (a, b) = (rows.word(a), rows.word(b));
    let values = each!(|i| op.apply(extend(a[i]), extend(b[i])) & 0xffff);
    rows.set_word(d, mask, values);
}

#[inline(always)]
fn binary_long(rows: &mut Rows, mask: u32, op: BinaryLong, [d, a, b]: [Long; 3]) {
    let (a, b) = (rows.long(a), rows.long(b));
    let values = specialise!(
        op,
        [
            BinaryLong::Add => BinaryLong::Add,
            BinaryLong::Subtract => BinaryLong::Subtract,
            BinaryLong::MultiplyLow => BinaryLong::MultiplyLow,
            BinaryLong::And => BinaryLong::And,
            BinaryLong::Or => BinaryLong::Or,
            BinaryLong::AddFloat => BinaryLong::AddFloat,
            BinaryLong::SubtractFloat => BinaryLong::SubtractFloat,
            BinaryLong::MultiplyFloat => BinaryLong::MultiplyFloat,
            BinaryLong::DivideFloat => BinaryLong::DivideFloat,
        ],
        |op| each!(|i| op.apply(a[i], b[i]))
    );
    rows.set_long(d, mask, values);
}

#[inline(always)]
fn compare(rows: &mut Rows, mask: u32, test: Test, d: Predicate, [a, b]: [Word; 2]) {
    let (a, b) = (rows.word(a), rows.word(b));
    let holds = match (test.domain, test.comparison) {
        (Domain::Signed | Domain::Unsigned, Comparison::Equal) => bits!(|i| a[i] == b[i]),
        (Domain::Signed | Domain::Unsigned, Comparison::NotEqual) => bits!(|i| a[i] != b[i]),
        (Domain::Signed, Comparison::Less) => bits!(|i| a[i].cast_signed() < b[i].cast_signed()),
        (Domain::Signed, Comparison::Greater) => bits!(|i| a[i].cast_signed() > b[i].cast_signed()),
        (Domain::Unsigned, Comparison::Less) => bits!(|i| a[i] < b[i]),
        (Domain::Unsigned, Comparison::Greater) => bits!(|i| a[i] > b[i]),
        _ => bits!(|i| test.apply(a[i], b[i])),
    };
    rows.set_predicate(d, mask, holds);
}
