//! Integer products, and sums with a carry (PTX ISA 8.0, sections 9.7.1 and 9.7.2).

use super::builder::Builder;
use super::opcode::{Opcode, Type};
use super::syntax::Operand;
use crate::Result;
use crate::instruction::{Op, Word};
use crate::values::{Binary, BinaryLong, Conversion, Kind, Rounding, Ternary};

/// `mul`, `mad` and `madc`, of 16, 32 or 64 bits.
pub(super) fn lower(
    builder: &mut Builder,
    opcode: &mut Opcode<'_>,
    value_type: Type,
    operands: &[Operand<'_>],
) -> Result<()> {
    #[derive(Clone, Copy, PartialEq)]
    enum Part {
        Low,
        High,
        Wide,
    }
    let part = opcode.need(&[("lo", Part::Low), ("hi", Part::High), ("wide", Part::Wide)])?;
    let (reads, writes) = (opcode.name == "madc", opcode.take("cc"));
    let signed = value_type.is_signed();
    let (d, a, b, c) = match operands {
        [d, a, b] if opcode.name == "mul" => (d, a, b, None),
        [d, a, b, c] if matches!(opcode.name, "mad" | "madc") => (d, a, b, Some(c)),
        _ => return opcode.unsupported(),
    };
    match (part, value_type.bits()) {
        (Part::Wide, 32) => {
            let (a, b) = (builder.word(a)?, builder.word(b)?);
            let c = c.map(|c| builder.long(c)).transpose()?;
            let d = builder.target_long(d)?;
            builder.emit(match c {
                Some(c) => Op::WideSum { signed, d, a, b, c },
                None => Op::Wide { signed, d, a, b },
            });
        }
        (Part::Wide, 16) => {
            let (a, b) = (extended(builder, a, signed)?, extended(builder, b, signed)?);
            let c = c.map(|c| builder.word(c)).transpose()?;
            let d = builder.target_word(d)?;
            builder.emit(match c {
                Some(c) => Op::Ternary { op: Ternary::MultiplyAdd, d, a, b, c },
                None => Op::Binary { op: Binary::MultiplyLow, d, a, b },
            });
        }
        (part, 64) if part != Part::Wide => {
            let op = match (part, signed) {
                (Part::High, true) => BinaryLong::MultiplyHighSigned,
                (Part::High, false) => BinaryLong::MultiplyHighUnsigned,
                _ => BinaryLong::MultiplyLow,
            };
            let (a, b) = (builder.long(a)?, builder.long(b)?);
            let c = c.map(|c| builder.long(c)).transpose()?;
            let d = builder.target_long(d)?;
            if let Some(c) = c {
                let product = builder.new_long()?;
                builder.emit(Op::BinaryLong { op, d: product, a, b });
                builder.emit(Op::BinaryLong { op: BinaryLong::Add, d, a: product, b: c });
            } else {
                builder.emit(Op::BinaryLong { op, d, a, b });
            }
        }
        (Part::Low, 16) => {
            let (a, b) = (builder.word(a)?, builder.word(b)?);
            let c = c.map(|c| builder.word(c)).transpose()?;
            let (d, op) = (builder.target_word(d)?, Binary::MultiplyLow);
            if let Some(c) = c {
                let product = builder.new_word()?;
                builder.emit(Op::Narrow { op, signed, d: product, a, b });
                builder.emit(Op::Narrow { op: Binary::Add, signed, d, a: product, b: c });
            } else {
                builder.emit(Op::Narrow { op, signed, d, a, b });
            }
        }
        (part, 32) => {
            let op = match (part, signed) {
                (Part::High, true) => Binary::MultiplyHighSigned,
                (Part::High, false) => Binary::MultiplyHighUnsigned,
                _ => Binary::MultiplyLow,
            };
            let (a, b) = (builder.word(a)?, builder.word(b)?);
            match c {
                None => {
                    let d = builder.target_word(d)?;
                    builder.emit(Op::Binary { op, d, a, b });
                }
                Some(c) if op == Binary::MultiplyLow && !reads && !writes => {
                    let (c, d) = (builder.word(c)?, builder.target_word(d)?);
                    builder.emit(Op::Ternary { op: Ternary::MultiplyAdd, d, a, b, c });
                }
                Some(c) => {
                    let (c, d, product) = (builder.word(c)?, builder.target_word(d)?, builder.new_word()?);
                    builder.emit(Op::Binary { op, d: product, a, b });
                    let carry = if reads { builder.carry()? } else { builder.constant(0)? };
                    sum(builder, [d, product, c], carry, false, writes)?;
                }
            }
        }
        _ => return opcode.unsupported(),
    }
    opcode.finish()
}

/// A 16-bit operand, extended to 32 bits.
fn extended(builder: &mut Builder, operand: &Operand<'_>, signed: bool) -> Result<Word> {
    let (a, d) = (builder.word(operand)?, builder.new_word()?);
    let from = if signed { Kind::Signed(16) } else { Kind::Unsigned(16) };
    let to = Kind::Signed(32);
    let rounding = Rounding::Nearest;
    let conversion = Conversion { from, to, rounding, integral: false, saturate: false, width: 32 };
    builder.emit(Op::Convert { conversion, d: d.into(), a: a.into() });
    Ok(d)
}

/// `add.cc`, `addc`, `sub.cc`, `subc`.
pub(super) fn carrying_sum(
    builder: &mut Builder,
    opcode: &Opcode<'_>,
    writes: bool,
    operands: &[Operand<'_>],
) -> Result<()> {
    let reads = opcode.name.ends_with('c');
    opcode.finish()?;
    let [d, a, b] = builder.exactly(operands)?;
    let (a, b, d) = (builder.word(a)?, builder.word(b)?, builder.target_word(d)?);
    let carry = if reads { builder.carry()? } else { builder.constant(0)? };
    sum(builder, [d, a, b], carry, opcode.name.starts_with("sub"), writes)
}

/// `a + b + carry` or `a - b - carry`, and perhaps the carry out of it.
fn sum(builder: &mut Builder, [d, a, b]: [Word; 3], carry: Word, subtract: bool, writes: bool) -> Result<()> {
    let (value, out) =
        if subtract { (Ternary::Difference, Ternary::Borrow) } else { (Ternary::Sum, Ternary::Carry) };
    // `d` may be one of the operands, so the carry comes first, and into a register of its own.
    let flag = builder.new_word()?;
    if writes {
        builder.emit(Op::Ternary { op: out, d: flag, a, b, c: carry });
    }
    builder.emit(Op::Ternary { op: value, d, a, b, c: carry });
    if writes {
        let d = builder.carry()?;
        builder.emit(Op::Move { d, a: flag });
    }
    Ok(())
}
