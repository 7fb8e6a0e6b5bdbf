//! Loads, stores, atomic operations and asynchronous copies (PTX ISA 8.0, sections 9.7.8, 9.7.12 and 9.7.13.17).

use super::arithmetic::binary_operation;
use super::builder::Builder;
use super::opcode::{Opcode, Type};
use super::scope::Symbol;
use super::syntax::{Number, Operand};
use crate::Result;
use crate::instruction::{Address, AtomicOp, Elements, Extension, Long, Op, Register, Space, Vector, Word};
use crate::values::{Binary, BinaryLong, Conversion, Kind, Rounding};

pub(super) fn lower(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    // Caching, ordering and scope change no result here: stores of a thread are visible at once.
    opcode.ignore(&["weak", "relaxed", "acquire", "release", "acq_rel", "volatile", "cta", "gpu", "sys"]);
    opcode.ignore(&["ca", "cg", "cs", "lu", "cv", "wb", "wt", "nc"]);
    opcode.ignore_prefix("L1::");
    opcode.ignore_prefix("L2::");
    match opcode.name {
        "ld" | "ldu" => load(builder, opcode, operands),
        "st" => store(builder, opcode, operands),
        "atom" | "red" => atomic(builder, opcode, operands),
        "cp" => copy(builder, opcode, operands),
        "ldmatrix" => load_matrices(builder, opcode, operands),
        // Prefetches do nothing.
        _ => Ok(()),
    }
}

fn space(opcode: &mut Opcode<'_>) -> Space {
    let choices = [
        ("global", Space::Global),
        ("const", Space::Global),
        ("shared", Space::Shared),
        ("shared::cta", Space::Shared),
        ("local", Space::Local),
        ("param", Space::Parameter),
    ];
    opcode.choose(&choices).unwrap_or(Space::Generic)
}

/// The address, and the space that it lies in where its name tells.
fn address(builder: &mut Builder, operand: &Operand<'_>) -> Result<(Address, Option<Space>)> {
    let Operand::Address { base, offset } = operand else { return builder.fail("expected an address") };
    let Some(name) = base else {
        let base = builder.long_constant(offset.cast_unsigned())?.into();
        return Ok((Address { base, offset: 0 }, None));
    };
    let (base, space) = match builder.scopes.find(name) {
        Some(Symbol::Register(register, bits)) if bits >= 32 => (register, None),
        Some(Symbol::Variable(space, address)) => (builder.long_constant(address)?.into(), Some(space)),
        _ => return builder.fail(format!("'{name}' is no address")),
    };
    match i32::try_from(*offset) {
        Ok(offset) => Ok((Address { base, offset }, space)),
        Err(_) => builder.fail("an offset of more than 32 bits"),
    }
}

fn vector_length(opcode: &mut Opcode<'_>) -> u8 {
    opcode.choose(&[("v2", 2), ("v4", 4)]).unwrap_or(1)
}

/// The operands of a vector access.
fn parts<'o, 'a>(builder: &Builder, operand: &'o Operand<'a>, count: u8) -> Result<&'o [Operand<'a>]> {
    let parts = match operand {
        Operand::Vector(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    if parts.len() == usize::from(count) { Ok(parts) } else { builder.fail("wrong number of elements") }
}

fn load(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let (asked, count, value_type) = (space(opcode), vector_length(opcode), opcode.value_type()?);
    opcode.finish()?;
    let [d, from] = builder.exactly(operands)?;
    let (address, named) = address(builder, from)?;
    let space = if asked == Space::Generic { named.unwrap_or(asked) } else { asked };
    let (bytes, parts) = (value_type.bits() / 8, parts(builder, d, count)?);
    let mut extension = if value_type.is_signed() { Extension::Sign } else { Extension::Zeros };
    if value_type.bits() == 64 {
        if count > 2 {
            return opcode.unsupported();
        }
        let mut d = [Long(0); 2];
        for (d, part) in d.iter_mut().zip(parts) {
            *d = builder.target_long(part)?;
        }
        let elements = Elements { bytes, count, extension };
        builder.emit(Op::Load { space, elements, d: Vector::Longs(d), address });
        return Ok(());
    }
    let (mut d, mut wide) = ([Word(0); 4], Vec::new());
    for (d, part) in d.iter_mut().zip(parts) {
        *d = match builder.target_any(part, value_type.bits())? {
            (Register::Word(word), bits) => {
                if bits == 16 && extension == Extension::Sign {
                    extension = Extension::SignTo16;
                }
                word
            }
            // Registers may be wider than what is loaded.
            (Register::Long(long), _) => {
                let word = builder.new_word()?;
                wide.push((long, word));
                word
            }
        };
    }
    let elements = Elements { bytes, count, extension };
    builder.emit(Op::Load { space, elements, d: Vector::Words(d), address });
    for (long, word) in wide {
        let from = if value_type.is_signed() { Kind::Signed(32) } else { Kind::Unsigned(32) };
        let (to, rounding) = (Kind::Unsigned(64), Rounding::Nearest);
        let conversion = Conversion { from, to, rounding, integral: false, saturate: false, width: 64 };
        builder.emit(Op::Convert { conversion, d: long.into(), a: word.into() });
    }
    Ok(())
}

fn store(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let (asked, count, value_type) = (space(opcode), vector_length(opcode), opcode.value_type()?);
    opcode.finish()?;
    let [to, a] = builder.exactly(operands)?;
    let (address, named) = address(builder, to)?;
    let space = if asked == Space::Generic { named.unwrap_or(asked) } else { asked };
    let (bytes, parts) = (value_type.bits() / 8, parts(builder, a, count)?);
    let elements = Elements { bytes, count, extension: Extension::Zeros };
    let a = if value_type.bits() == 64 {
        if count > 2 {
            return opcode.unsupported();
        }
        let mut a = [Long(0); 2];
        for (a, part) in a.iter_mut().zip(parts) {
            *a = builder.long(part)?;
        }
        Vector::Longs(a)
    } else {
        let mut a = [Word(0); 4];
        for (a, part) in a.iter_mut().zip(parts) {
            *a = match builder.any(part, value_type.bits())? {
                Register::Word(word) => word,
                // Registers may be wider than what is stored.
                Register::Long(long) => {
                    let (low, high) = (builder.new_word()?, builder.new_word()?);
                    builder.emit(Op::Unpack { low, high, a: long });
                    low
                }
            };
        }
        Vector::Words(a)
    };
    builder.emit(Op::Store { space, elements, a, address });
    Ok(())
}

fn atomic(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let space = space(opcode);
    let name = opcode.need(&[
        ("add", "add"),
        ("and", "and"),
        ("or", "or"),
        ("xor", "xor"),
        ("min", "min"),
        ("max", "max"),
        ("exch", "exch"),
        ("cas", "cas"),
        ("inc", "inc"),
        ("dec", "dec"),
    ])?;
    let value_type = opcode.value_type()?;
    opcode.finish()?;
    let bits = value_type.bits();
    let op = match (name, value_type) {
        ("exch", _) => AtomicOp::Exchange,
        ("cas", _) => AtomicOp::CompareAndSwap,
        ("inc", Type::Unsigned(32)) => AtomicOp::Increment,
        ("dec", Type::Unsigned(32)) => AtomicOp::Decrement,
        ("add", Type::Float(32)) => AtomicOp::Word(Binary::AddFloat),
        ("add", Type::Float(64)) => AtomicOp::Long(BinaryLong::AddFloat),
        _ => match (binary_operation(name, value_type.is_signed()), bits) {
            (Some((op, _)), 32) if !value_type.is_float() => AtomicOp::Word(op),
            (Some((_, op)), 64) if !value_type.is_float() => AtomicOp::Long(op),
            _ => return opcode.unsupported(),
        },
    };
    let unwanted = Operand::Name("_");
    let (d, to, b, c) = match operands {
        [to, b] if opcode.name == "red" => (&unwanted, to, b, None),
        [d, to, b] if opcode.name == "atom" => (d, to, b, None),
        [d, to, b, c] if opcode.name == "atom" => (d, to, b, Some(c)),
        _ => return builder.fail("wrong number of operands"),
    };
    if bits < 32 || (op == AtomicOp::CompareAndSwap) != c.is_some() {
        return opcode.unsupported();
    }
    let (address, named) = address(builder, to)?;
    let space = if space == Space::Generic { named.unwrap_or(space) } else { space };
    let operand = |builder: &mut Builder, operand: &Operand<'_>| -> Result<Register> {
        Ok(if bits == 64 { builder.long(operand)?.into() } else { builder.word(operand)?.into() })
    };
    let b = operand(builder, b)?;
    let c = c.map(|c| operand(builder, c)).transpose()?.unwrap_or(b);
    let d = if bits == 64 { builder.target_long(d)?.into() } else { builder.target_word(d)?.into() };
    builder.emit(Op::Atomic { op, space, d, address, b, c });
    Ok(())
}

/// `cp.async`.
fn copy(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    #[derive(Clone, Copy)]
    enum Step {
        Commit,
        Wait,
        WaitAll,
    }
    if !opcode.take("async") {
        return opcode.unsupported();
    }
    let steps = [("commit_group", Step::Commit), ("wait_group", Step::Wait), ("wait_all", Step::WaitAll)];
    if let Some(step) = opcode.choose(&steps) {
        opcode.finish()?;
        builder.emit(match (step, operands) {
            (Step::Commit, []) => Op::CommitCopies,
            (Step::WaitAll, []) => Op::WaitAllCopies,
            (Step::Wait, [Operand::Number(Number::Integer(pending @ 0..=0xffff))]) => {
                Op::WaitCopies { pending: *pending as u16 }
            }
            _ => return builder.fail("wrong operands"),
        });
        return Ok(());
    }
    let shared = opcode.take("shared") || opcode.take("shared::cta");
    if !shared || !opcode.take("global") {
        return opcode.unsupported();
    }
    opcode.finish()?;
    let [to, from, Operand::Number(Number::Integer(bytes @ (4 | 8 | 16))), rest @ ..] = operands else {
        return opcode.unsupported();
    };
    let ((to, _), (from, _)) = (address(builder, to)?, address(builder, from)?);
    let bytes = *bytes as u8;
    let size = match rest {
        [] => builder.constant(u32::from(bytes))?,
        [size] => builder.word(size)?,
        _ => return opcode.unsupported(),
    };
    builder.emit(Op::CopyAsync { bytes, to, from, size });
    Ok(())
}

fn load_matrices(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    opcode.ignore(&["sync", "aligned", "m8n8", "shared", "shared::cta", "b16"]);
    let count = opcode.need(&[("x1", 1), ("x2", 2), ("x4", 4)])?;
    let transposed = opcode.take("trans");
    opcode.finish()?;
    let [to, from] = builder.exactly(operands)?;
    let (address, _) = address(builder, from)?;
    let mut d = [Word(0); 4];
    for (d, part) in d.iter_mut().zip(parts(builder, to, count)?) {
        *d = builder.target_word(part)?;
    }
    builder.emit(Op::LoadMatrices { d, count, transposed, address });
    Ok(())
}
