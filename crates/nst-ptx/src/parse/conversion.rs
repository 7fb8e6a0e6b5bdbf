//! Moves, conversions, comparisons and selections (PTX ISA 8.0, sections 9.7.5, 9.7.6 and 9.7.8).

use super::builder::Builder;
use super::floating::function;
use super::opcode::{Opcode, Type};
use super::syntax::Operand;
use crate::Result;
use crate::instruction::{
    LOCAL_WINDOW, Logic, Op, PARAMETER_WINDOW, Predicate, Register, SHARED_WINDOW, Word,
};
use crate::values::{Binary, BinaryLong, Comparison, Conversion, Domain, Function, Rounding, Test, Unary};

pub(super) fn lower(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    match opcode.name {
        "mov" => mov(builder, opcode, operands),
        "cvt" => convert(builder, opcode, operands),
        "cvta" => convert_address(builder, opcode, operands),
        "setp" => set_predicate(builder, opcode, operands),
        "set" => set(builder, opcode, operands),
        "selp" => {
            let value_type = opcode.value_type()?;
            opcode.finish()?;
            let [d, a, b, p] = builder.exactly(operands)?;
            let p = builder.predicate(p)?;
            select(builder, value_type, [d, a, b], p)
        }
        _ => {
            let (value_type, sign) = (opcode.value_type()?, opcode.value_type()?);
            opcode.finish()?;
            let [d, a, b, c] = builder.exactly(operands)?;
            let (c, zero, p) = (builder.word(c)?, builder.constant(0)?, builder.new_predicate()?);
            let domain = if sign.is_float() { Domain::Float } else { Domain::Signed };
            let test = Test { comparison: Comparison::GreaterOrEqual, domain, or_unordered: false };
            builder.emit(Op::Compare { test, d: p, a: c, b: zero });
            select(builder, value_type, [d, a, b], p)
        }
    }
}

fn mov(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let value_type = opcode.value_type()?;
    opcode.finish()?;
    match (builder.exactly(operands)?, value_type.bits()) {
        ([d, a], _) if value_type == Type::Predicate => {
            let (a, d) = (builder.predicate(a)?, builder.target_predicate(d)?);
            builder.emit(Op::Logic { op: Logic::Copy, d, a, b: Predicate::FALSE });
        }
        ([d, Operand::Vector(parts)], 64) => {
            let [low, high] = builder.exactly(parts)?;
            let (low, high, d) = (builder.word(low)?, builder.word(high)?, builder.target_long(d)?);
            builder.emit(Op::Pack { d, low, high });
        }
        ([Operand::Vector(parts), a], 64) => {
            let [low, high] = builder.exactly(parts)?;
            let a = builder.long(a)?;
            let (low, high) = (builder.target_word(low)?, builder.target_word(high)?);
            builder.emit(Op::Unpack { low, high, a });
        }
        ([d, Operand::Vector(parts)], 32) => {
            let [low, high] = builder.exactly(parts)?;
            let (low, high, shift) = (builder.word(low)?, builder.word(high)?, builder.constant(16)?);
            let (top, d) = (builder.new_word()?, builder.target_word(d)?);
            builder.emit(Op::Binary { op: Binary::ShiftLeft, d: top, a: high, b: shift });
            builder.emit(Op::Binary { op: Binary::Or, d, a: top, b: low });
        }
        ([Operand::Vector(parts), a], 32) => {
            let [low, high] = builder.exactly(parts)?;
            let (a, shift, mask) = (builder.word(a)?, builder.constant(16)?, builder.constant(0xffff)?);
            let (low, high) = (builder.target_word(low)?, builder.target_word(high)?);
            builder.emit(Op::Binary { op: Binary::ShiftRightUnsigned, d: high, a, b: shift });
            builder.emit(Op::Binary { op: Binary::And, d: low, a, b: mask });
        }
        ([d, a], 64) => {
            let (a, d) = (builder.long(a)?, builder.target_long(d)?);
            builder.emit(Op::MoveLong { d, a });
        }
        ([d, a], bits) => {
            let (mut a, d) = (builder.word(a)?, builder.target_word(d)?);
            if bits == 16 {
                // An immediate may be negative.
                let (mask, t) = (builder.constant(0xffff)?, builder.new_word()?);
                builder.emit(Op::Binary { op: Binary::And, d: t, a, b: mask });
                a = t;
            }
            builder.emit(Op::Move { d, a });
        }
    }
    Ok(())
}

fn convert(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let (flush, saturate) = (opcode.take("ftz"), opcode.take("sat"));
    let integral = opcode.choose(&[
        ("rni", Rounding::Nearest),
        ("rzi", Rounding::Zero),
        ("rmi", Rounding::Down),
        ("rpi", Rounding::Up),
    ]);
    let rounding = integral.unwrap_or_else(|| opcode.rounding());
    let (to_type, from_type) = (opcode.value_type()?, opcode.value_type()?);
    opcode.finish()?;
    let (Some(from), Some(to)) = (from_type.kind(), to_type.kind()) else { return opcode.unsupported() };
    let wide_integer = from_type.bits() == 64 && !from_type.is_float() && to_type == Type::Float(64);
    if wide_integer && rounding != Rounding::Nearest
        || (rounding == Rounding::Away) != (to_type == Type::Tf32)
    {
        return opcode.unsupported();
    }
    let [d, a] = builder.exactly(operands)?;
    let mut a = builder.any(a, from_type.bits())?;
    let (d, width) = builder.target_any(d, to_type.bits())?;
    if let (true, Register::Word(word), Type::Float(32)) = (flush, a, from_type) {
        a = function(builder, Function::Flush, word)?.into();
    }
    if from_type.bits() == 64 && matches!(a, Register::Word(_)) || width < to_type.bits() {
        return builder.fail("a register is too narrow");
    }
    let conversion = Conversion { from, to, rounding, integral: integral.is_some(), saturate, width };
    builder.emit(Op::Convert { conversion, d, a });
    if let (true, Register::Word(d), Type::Float(32)) = (flush, d, to_type) {
        builder.emit(Op::Unary { op: Unary::Float(Function::Flush), d, a: d });
    }
    Ok(())
}

/// Between addresses of a space and generic ones.
fn convert_address(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let to_space = opcode.take("to");
    let window = opcode.need(&[
        ("global", 0),
        ("const", 0),
        ("shared", SHARED_WINDOW),
        ("shared::cta", SHARED_WINDOW),
        ("local", LOCAL_WINDOW),
        ("param", PARAMETER_WINDOW),
    ])?;
    if opcode.value_type()? != Type::Unsigned(64) {
        return opcode.unsupported();
    }
    opcode.finish()?;
    let [d, a] = builder.exactly(operands)?;
    let (a, b, d) = (builder.long(a)?, builder.long_constant(window)?, builder.target_long(d)?);
    let op = if to_space { BinaryLong::Subtract } else { BinaryLong::Add };
    builder.emit(if window == 0 { Op::MoveLong { d, a } } else { Op::BinaryLong { op, d, a, b } });
    Ok(())
}

/// The comparison of an opcode, without its type.
fn comparison(opcode: &mut Opcode<'_>) -> Result<(Comparison, bool)> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, Ordered, Unordered};
    opcode.need(&[
        ("eq", (Equal, false)),
        ("ne", (NotEqual, false)),
        ("lt", (Less, false)),
        ("lo", (Less, false)),
        ("le", (LessOrEqual, false)),
        ("ls", (LessOrEqual, false)),
        ("gt", (Greater, false)),
        ("hi", (Greater, false)),
        ("ge", (GreaterOrEqual, false)),
        ("hs", (GreaterOrEqual, false)),
        ("equ", (Equal, true)),
        ("neu", (NotEqual, true)),
        ("ltu", (Less, true)),
        ("leu", (LessOrEqual, true)),
        ("gtu", (Greater, true)),
        ("geu", (GreaterOrEqual, true)),
        ("num", (Ordered, false)),
        ("nan", (Unordered, false)),
    ])
}

/// Emits the comparison of two operands into `d`.
fn compare(
    builder: &mut Builder,
    (comparison, or_unordered): (Comparison, bool),
    (value_type, flush): (Type, bool),
    [a, b]: [&Operand<'_>; 2],
    d: Predicate,
) -> Result<()> {
    let domain = match value_type {
        Type::Float(32 | 64) => Domain::Float,
        Type::Signed(16) => Domain::Half,
        Type::Signed(_) => Domain::Signed,
        Type::Unsigned(_) | Type::Bits(_) => Domain::Unsigned,
        _ => return builder.fail("unsupported type of a comparison"),
    };
    let test = Test { comparison, domain, or_unordered };
    if value_type.bits() == 64 {
        let (a, b) = (builder.long(a)?, builder.long(b)?);
        builder.emit(Op::CompareLong { test, d, a, b });
        return Ok(());
    }
    let mut read = |operand| -> Result<Word> {
        let word = match operand {
            // Immediates may be negative.
            Operand::Number(super::syntax::Number::Integer(value)) if value_type.bits() == 16 => {
                builder.constant(value as u32 & 0xffff)?
            }
            other => builder.word(&other)?,
        };
        if flush { function(builder, Function::Flush, word) } else { Ok(word) }
    };
    let (a, b) = (read(a.clone())?, read(b.clone())?);
    builder.emit(Op::Compare { test, d, a, b });
    Ok(())
}

fn set_predicate(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let asked = comparison(opcode)?;
    let combination = opcode.choose(&[("and", Logic::And), ("or", Logic::Or), ("xor", Logic::Xor)]);
    let flush = opcode.take("ftz");
    let value_type = opcode.value_type()?;
    opcode.finish()?;
    let (d, a, b, c) = match (operands, combination) {
        ([d, a, b], None) => (d, a, b, None),
        ([d, a, b, c], Some(op)) => (d, a, b, Some((op, builder.predicate(c)?))),
        _ => return builder.fail("wrong number of operands"),
    };
    let (d, complement) = match d {
        Operand::Pair(d, q) => (builder.target_predicate(d)?, Some(builder.target_predicate(q)?)),
        d => (builder.target_predicate(d)?, None),
    };
    if complement.is_none() && c.is_none() {
        return compare(builder, asked, (value_type, flush), [a, b], d);
    }
    let holds = builder.new_predicate()?;
    compare(builder, asked, (value_type, flush), [a, b], holds)?;
    let fails = builder.new_predicate()?;
    builder.emit(Op::Logic { op: Logic::Not, d: fails, a: holds, b: Predicate::FALSE });
    // `c` may be `d`, so it is read before either is written.
    let (op, c) = match c {
        Some((op, c)) => (op, c),
        None => (Logic::Copy, Predicate::FALSE),
    };
    if let Some(complement) = complement {
        let (first, second) = (builder.new_predicate()?, builder.new_predicate()?);
        builder.emit(Op::Logic { op, d: first, a: holds, b: c });
        builder.emit(Op::Logic { op, d: second, a: fails, b: c });
        builder.emit(Op::Logic { op: Logic::Copy, d, a: first, b: c });
        builder.emit(Op::Logic { op: Logic::Copy, d: complement, a: second, b: c });
    } else {
        builder.emit(Op::Logic { op, d, a: holds, b: c });
    }
    Ok(())
}

/// `set`: all ones, or 1.0, where the comparison holds.
fn set(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let (asked, flush) = (comparison(opcode)?, opcode.take("ftz"));
    let (to_type, value_type) = (opcode.value_type()?, opcode.value_type()?);
    opcode.finish()?;
    let [d, a, b] = builder.exactly(operands)?;
    let holds = builder.new_predicate()?;
    compare(builder, asked, (value_type, flush), [a, b], holds)?;
    let (a, b) = (
        builder.constant(if to_type.is_float() { 1.0_f32.to_bits() } else { u32::MAX })?,
        builder.constant(0)?,
    );
    let d = builder.target_word(d)?;
    builder.emit(Op::Select { d, a, b, p: holds });
    Ok(())
}

fn select(builder: &mut Builder, value_type: Type, [d, a, b]: [&Operand<'_>; 3], p: Predicate) -> Result<()> {
    if value_type.bits() == 64 {
        let (a, b, d) = (builder.long(a)?, builder.long(b)?, builder.target_long(d)?);
        builder.emit(Op::SelectLong { d, a, b, p });
    } else {
        let (a, b, d) = (builder.word(a)?, builder.word(b)?, builder.target_word(d)?);
        builder.emit(Op::Select { d, a, b, p });
        if value_type.bits() == 16 {
            let mask = builder.constant(0xffff)?;
            builder.emit(Op::Binary { op: Binary::And, d, a: d, b: mask });
        }
    }
    Ok(())
}
