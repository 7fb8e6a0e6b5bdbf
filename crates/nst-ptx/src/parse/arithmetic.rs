//! Integer arithmetic, logic and shifts (PTX ISA 8.0, sections 9.7.1, 9.7.2 and 9.7.7).

use super::builder::Builder;
use super::floating;
use super::opcode::{Opcode, Type};
use super::product;
use super::syntax::{Number, Operand};
use crate::Result;
use crate::instruction::{Logic, Op, Predicate};
use crate::values::{Binary, BinaryLong, Ternary, Unary, UnaryLong};

pub(super) fn lower(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let value_type = opcode.value_type()?;
    if value_type.is_float() {
        return floating::lower(builder, opcode, value_type, operands);
    }
    if value_type == Type::Predicate {
        return logic(builder, opcode, operands);
    }
    let carries = !opcode.name.starts_with("mad") && opcode.take("cc");
    match opcode.name {
        "addc" | "subc" => product::carrying_sum(builder, opcode, carries, operands),
        "add" | "sub" if carries => product::carrying_sum(builder, opcode, true, operands),
        "mul" | "mad" | "madc" | "mul24" | "mad24" => product::lower(builder, opcode, value_type, operands),
        "not" | "cnot" | "neg" | "abs" | "clz" | "popc" | "brev" | "bfind" => {
            unary(builder, opcode, value_type, operands)
        }
        "bfe" | "bfi" => field(builder, opcode, value_type, operands),
        "lop3" | "shf" | "prmt" | "sad" => ternary(builder, opcode, value_type, operands),
        _ => binary(builder, opcode, value_type, operands),
    }
}

fn logic(builder: &mut Builder, opcode: &Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let op = match opcode.name {
        "and" => Logic::And,
        "or" => Logic::Or,
        "xor" => Logic::Xor,
        "not" => Logic::Not,
        _ => return opcode.unsupported(),
    };
    opcode.finish()?;
    let (d, a, b) = match operands {
        [d, a] if op == Logic::Not => (d, builder.predicate(a)?, Predicate::FALSE),
        [d, a, b] if op != Logic::Not => (d, builder.predicate(a)?, builder.predicate(b)?),
        _ => return builder.fail("wrong number of operands"),
    };
    let d = builder.target_predicate(d)?;
    builder.emit(Op::Logic { op, d, a, b });
    Ok(())
}

/// The operation of 32 bits and the one of 64 bits that a name stands for.
pub(super) fn binary_operation(name: &str, signed: bool) -> Option<(Binary, BinaryLong)> {
    Some(match (name, signed) {
        ("add", _) => (Binary::Add, BinaryLong::Add),
        ("sub", _) => (Binary::Subtract, BinaryLong::Subtract),
        ("div", true) => (Binary::DivideSigned, BinaryLong::DivideSigned),
        ("div", false) => (Binary::DivideUnsigned, BinaryLong::DivideUnsigned),
        ("rem", true) => (Binary::RemainderSigned, BinaryLong::RemainderSigned),
        ("rem", false) => (Binary::RemainderUnsigned, BinaryLong::RemainderUnsigned),
        ("min", true) => (Binary::MinSigned, BinaryLong::MinSigned),
        ("min", false) => (Binary::MinUnsigned, BinaryLong::MinUnsigned),
        ("max", true) => (Binary::MaxSigned, BinaryLong::MaxSigned),
        ("max", false) => (Binary::MaxUnsigned, BinaryLong::MaxUnsigned),
        ("and", _) => (Binary::And, BinaryLong::And),
        ("or", _) => (Binary::Or, BinaryLong::Or),
        ("xor", _) => (Binary::Xor, BinaryLong::Xor),
        _ => return None,
    })
}

fn binary(
    builder: &mut Builder,
    opcode: &Opcode<'_>,
    value_type: Type,
    operands: &[Operand<'_>],
) -> Result<()> {
    let signed = value_type.is_signed();
    let shift = match (opcode.name, signed) {
        ("shl", _) => Some(Binary::ShiftLeft),
        ("shr", true) => Some(Binary::ShiftRightSigned),
        ("shr", false) => Some(Binary::ShiftRightUnsigned),
        _ => None,
    };
    let pair = binary_operation(opcode.name, signed);
    opcode.finish()?;
    let [d, a, b] = builder.exactly(operands)?;
    match (value_type.bits(), shift, pair) {
        (64, Some(op), _) => {
            let (a, b, d) = (builder.long(a)?, builder.word(b)?, builder.target_long(d)?);
            builder.emit(Op::ShiftLong { op, d, a, b });
        }
        (64, _, Some((_, op))) => {
            let (a, b, d) = (builder.long(a)?, builder.long(b)?, builder.target_long(d)?);
            builder.emit(Op::BinaryLong { op, d, a, b });
        }
        (bits, Some(op), _) | (bits, _, Some((op, _))) => {
            let (a, b, d) = (builder.word(a)?, builder.word(b)?, builder.target_word(d)?);
            // The amount of a shift is not 16 bits wide, but extending it does no harm: large amounts stay large.
            builder.emit(if bits == 16 {
                Op::Narrow { op, signed, d, a, b }
            } else {
                Op::Binary { op, d, a, b }
            });
        }
        _ => return opcode.unsupported(),
    }
    Ok(())
}

fn unary(
    builder: &mut Builder,
    opcode: &mut Opcode<'_>,
    value_type: Type,
    operands: &[Operand<'_>],
) -> Result<()> {
    let shift = opcode.take("shiftamt");
    opcode.finish()?;
    let [d, a] = builder.exactly(operands)?;
    if value_type.bits() == 64 {
        let (counted, op) = match opcode.name {
            "not" => (None, UnaryLong::Not),
            "neg" => (None, UnaryLong::Negate),
            "abs" => (None, UnaryLong::Abs),
            "brev" => (None, UnaryLong::Reverse),
            "clz" => (Some(Unary::CountLeadingZeros), UnaryLong::Not),
            "popc" => (Some(Unary::CountOnes), UnaryLong::Not),
            _ => return opcode.unsupported(),
        };
        let a = builder.long(a)?;
        if let Some(op) = counted {
            let d = builder.target_word(d)?;
            builder.emit(Op::CountLong { op, d, a });
        } else {
            let d = builder.target_long(d)?;
            builder.emit(Op::UnaryLong { op, d, a });
        }
        return Ok(());
    }
    let (a, d) = (builder.word(a)?, builder.target_word(d)?);
    if value_type.bits() == 16 {
        // As a binary operation with a constant, which is cut to 16 bits.
        let (op, a, b) = match opcode.name {
            "not" => (Binary::Xor, a, builder.constant(0xffff)?),
            "neg" => (Binary::Subtract, builder.constant(0)?, a),
            _ => return opcode.unsupported(),
        };
        builder.emit(Op::Narrow { op, signed: false, d, a, b });
        return Ok(());
    }
    let op = match (opcode.name, value_type.is_signed(), shift) {
        ("not", _, false) => Unary::Not,
        ("cnot", _, false) => Unary::LogicalNot,
        ("neg", _, false) => Unary::Negate,
        ("abs", _, false) => Unary::Abs,
        ("clz", _, false) => Unary::CountLeadingZeros,
        ("popc", _, false) => Unary::CountOnes,
        ("brev", _, false) => Unary::Reverse,
        ("bfind", true, false) => Unary::FindSigned,
        ("bfind", false, false) => Unary::FindUnsigned,
        ("bfind", true, true) => Unary::FindShiftSigned,
        ("bfind", false, true) => Unary::FindShiftUnsigned,
        _ => return opcode.unsupported(),
    };
    builder.emit(Op::Unary { op, d, a });
    Ok(())
}

/// `bfe` and `bfi`.
fn field(
    builder: &mut Builder,
    opcode: &Opcode<'_>,
    value_type: Type,
    operands: &[Operand<'_>],
) -> Result<()> {
    opcode.finish()?;
    let signed = value_type.is_signed();
    match (operands, value_type.bits()) {
        ([d, a, b, c], 32) if opcode.name == "bfe" => {
            let op = if signed { Ternary::ExtractSigned } else { Ternary::ExtractUnsigned };
            let (a, b, c, d) =
                (builder.word(a)?, builder.word(b)?, builder.word(c)?, builder.target_word(d)?);
            builder.emit(Op::Ternary { op, d, a, b, c });
        }
        ([d, a, b, c], 64) if opcode.name == "bfe" => {
            let (a, position, length) = (builder.long(a)?, builder.word(b)?, builder.word(c)?);
            let d = builder.target_long(d)?;
            builder.emit(Op::ExtractLong { signed, d, a, position, length });
        }
        ([d, a, b, position, length], 32) if opcode.name == "bfi" => {
            let (a, b) = (builder.word(a)?, builder.word(b)?);
            let (position, length, d) =
                (builder.word(position)?, builder.word(length)?, builder.target_word(d)?);
            builder.emit(Op::Insert { d, a, b, position, length });
        }
        ([d, a, b, position, length], 64) if opcode.name == "bfi" => {
            let (a, b) = (builder.long(a)?, builder.long(b)?);
            let (position, length, d) =
                (builder.word(position)?, builder.word(length)?, builder.target_long(d)?);
            builder.emit(Op::InsertLong { d, a, b, position, length });
        }
        _ => return opcode.unsupported(),
    }
    Ok(())
}

fn ternary(
    builder: &mut Builder,
    opcode: &mut Opcode<'_>,
    value_type: Type,
    operands: &[Operand<'_>],
) -> Result<()> {
    let op = match opcode.name {
        "lop3" => {
            let [_, _, _, _, Operand::Number(Number::Integer(table @ 0..=255))] = operands else {
                return opcode.unsupported();
            };
            Ternary::Lookup(*table as u8)
        }
        "shf" => opcode.need(&[("l", true), ("r", false)]).and_then(|left| {
            let wrap = opcode.need(&[("wrap", true), ("clamp", false)])?;
            Ok(match (left, wrap) {
                (true, true) => Ternary::FunnelLeftWrapped,
                (true, false) => Ternary::FunnelLeftClamped,
                (false, true) => Ternary::FunnelRightWrapped,
                (false, false) => Ternary::FunnelRightClamped,
            })
        })?,
        "prmt" => Ternary::Permute,
        _ if value_type.is_signed() => Ternary::DistanceSigned,
        _ => Ternary::DistanceUnsigned,
    };
    opcode.finish()?;
    let [d, a, b, c, ..] = operands else { return builder.fail("too few operands") };
    if value_type.bits() != 32 || operands.len() > 5 || (operands.len() == 5) != (opcode.name == "lop3") {
        return opcode.unsupported();
    }
    let (a, b, c, d) = (builder.word(a)?, builder.word(b)?, builder.word(c)?, builder.target_word(d)?);
    builder.emit(Op::Ternary { op, d, a, b, c });
    Ok(())
}
