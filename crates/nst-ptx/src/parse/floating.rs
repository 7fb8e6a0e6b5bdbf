//! Floating-point arithmetic (PTX ISA 8.0, section 9.7.3).

use super::builder::Builder;
use super::opcode::{Opcode, Type};
use super::syntax::Operand;
use crate::Result;
use crate::instruction::{Op, Word};
use crate::values::{
    Binary, BinaryLong, Comparison, Directed, Domain, Function, Rounding, Ternary, Test, Unary, UnaryLong,
};

pub(super) fn lower(
    builder: &mut Builder,
    opcode: &mut Opcode<'_>,
    value_type: Type,
    operands: &[Operand<'_>],
) -> Result<()> {
    match (opcode.name, value_type.bits()) {
        ("testp", bits) => test(builder, opcode, bits, operands),
        (_, 32) => single(builder, opcode, operands),
        (_, 64) => double(builder, opcode, operands),
        _ => opcode.unsupported(),
    }
}

/// Operations on f32.
fn single(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let (flush, saturate) = (opcode.take("ftz"), opcode.take("sat"));
    // What division, roots and functions approximate is computed exactly.
    opcode.ignore(&["approx", "full"]);
    let rounding = opcode.rounding();
    let nan = opcode.take("NaN");
    opcode.finish()?;
    let [d, sources @ ..] = operands else { return builder.fail("no operands") };
    let d = builder.target_word(d)?;
    let mut read = Vec::new();
    for source in sources {
        let a = builder.word(source)?;
        read.push(if flush { function(builder, Function::Flush, a)? } else { a });
    }
    let nearest = rounding == Rounding::Nearest;
    let result = if flush || saturate { builder.new_word()? } else { d };
    let op = match (opcode.name, read.as_slice()) {
        ("fma", &[a, b, c]) if nearest => Op::Ternary { op: Ternary::FusedFloat, d: result, a, b, c },
        ("fma", &[a, b, c]) => Op::Directed { op: Directed::Fused(rounding), d: result, a, b, c },
        (name, &[a]) => {
            let function = match name {
                "neg" => Function::Negate,
                "abs" => Function::Abs,
                "rcp" if nearest => Function::Reciprocal,
                "sqrt" if nearest => Function::SquareRoot,
                "rsqrt" => Function::ReciprocalSquareRoot,
                "ex2" => Function::Exp2,
                "lg2" => Function::Log2,
                "sin" => Function::Sin,
                "cos" => Function::Cos,
                "tanh" => Function::Tanh,
                _ => return opcode.unsupported(),
            };
            Op::Unary { op: Unary::Float(function), d: result, a }
        }
        (name, &[a, b]) => {
            let directed = match name {
                "add" => Some(Directed::Sum(rounding)),
                "sub" => Some(Directed::Difference(rounding)),
                "mul" => Some(Directed::Product(rounding)),
                _ => None,
            };
            match (directed, name) {
                (Some(op), _) if !nearest => Op::Directed { op, d: result, a, b, c: a },
                _ if !nearest => return opcode.unsupported(),
                _ => {
                    let op = match name {
                        "add" => Binary::AddFloat,
                        "sub" => Binary::SubtractFloat,
                        "mul" => Binary::MultiplyFloat,
                        "div" => Binary::DivideFloat,
                        "min" if nan => Binary::MinNan,
                        "max" if nan => Binary::MaxNan,
                        "min" => Binary::MinFloat,
                        "max" => Binary::MaxFloat,
                        "copysign" => Binary::CopySign,
                        _ => return opcode.unsupported(),
                    };
                    Op::Binary { op, d: result, a, b }
                }
            }
        }
        _ => return opcode.unsupported(),
    };
    builder.emit(op);
    if flush || saturate {
        let op = Unary::Float(if saturate { Function::Saturate } else { Function::Flush });
        if flush && saturate {
            builder.emit(Op::Unary { op: Unary::Float(Function::Flush), d: result, a: result });
        }
        builder.emit(Op::Unary { op, d, a: result });
    }
    Ok(())
}

/// A function's value in a register of its own.
pub(super) fn function(builder: &mut Builder, function: Function, a: Word) -> Result<Word> {
    let d = builder.new_word()?;
    builder.emit(Op::Unary { op: Unary::Float(function), d, a });
    Ok(d)
}

/// Operations on f64.
fn double(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let rough = opcode.take("approx") && opcode.take("ftz");
    if opcode.rounding() != Rounding::Nearest {
        return opcode.unsupported();
    }
    opcode.finish()?;
    let [d, sources @ ..] = operands else { return builder.fail("no operands") };
    let d = builder.target_long(d)?;
    let read = sources.iter().map(|source| builder.long(source)).collect::<Result<Vec<_>>>()?;
    let op = match (opcode.name, read.as_slice()) {
        ("fma", &[a, b, c]) => Op::FusedLong { d, a, b, c },
        (name, &[a]) => {
            let op = match (name, rough) {
                ("neg", false) => UnaryLong::NegateFloat,
                ("abs", false) => UnaryLong::AbsFloat,
                ("rcp", false) => UnaryLong::Reciprocal,
                ("rcp", true) => UnaryLong::RoughReciprocal,
                ("rsqrt", true) => UnaryLong::RoughReciprocalSquareRoot,
                ("rsqrt", false) => UnaryLong::ReciprocalSquareRoot,
                ("sqrt", false) => UnaryLong::SquareRoot,
                _ => return opcode.unsupported(),
            };
            Op::UnaryLong { op, d, a }
        }
        (name, &[a, b]) => {
            let op = match name {
                "add" => BinaryLong::AddFloat,
                "sub" => BinaryLong::SubtractFloat,
                "mul" => BinaryLong::MultiplyFloat,
                "div" => BinaryLong::DivideFloat,
                "min" => BinaryLong::MinFloat,
                "max" => BinaryLong::MaxFloat,
                "copysign" => BinaryLong::CopySign,
                _ => return opcode.unsupported(),
            };
            Op::BinaryLong { op, d, a, b }
        }
        _ => return opcode.unsupported(),
    };
    builder.emit(op);
    Ok(())
}

/// `testp`, as a comparison of the magnitude's bits, which are in the order of magnitudes, with infinity's.
fn test(builder: &mut Builder, opcode: &mut Opcode<'_>, bits: u8, operands: &[Operand<'_>]) -> Result<()> {
    let comparison = opcode.need(&[
        ("finite", Comparison::Less),
        ("infinite", Comparison::Equal),
        ("number", Comparison::LessOrEqual),
        ("notanumber", Comparison::Greater),
    ])?;
    opcode.finish()?;
    let [d, a] = builder.exactly(operands)?;
    let test = Test { comparison, domain: Domain::Unsigned, or_unordered: false };
    if bits == 32 {
        let (a, mask, t) = (builder.word(a)?, builder.constant(u32::MAX >> 1)?, builder.new_word()?);
        let (b, d) = (builder.constant(f32::INFINITY.to_bits())?, builder.target_predicate(d)?);
        builder.emit(Op::Binary { op: Binary::And, d: t, a, b: mask });
        builder.emit(Op::Compare { test, d, a: t, b });
    } else {
        let (a, mask, t) = (builder.long(a)?, builder.long_constant(u64::MAX >> 1)?, builder.new_long()?);
        let (b, d) = (builder.long_constant(f64::INFINITY.to_bits())?, builder.target_predicate(d)?);
        builder.emit(Op::BinaryLong { op: BinaryLong::And, d: t, a, b: mask });
        builder.emit(Op::CompareLong { test, d, a: t, b });
    }
    Ok(())
}
