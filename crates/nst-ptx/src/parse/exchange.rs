//! Shuffles, votes, matches and matrix products (PTX ISA 8.0, sections 9.7.8.6, 9.7.12 and 9.7.13).

use super::builder::Builder;
use super::opcode::{Opcode, Type};
use super::syntax::Operand;
use crate::Result;
use crate::instruction::{Matrices, Op, Shuffle, Vote, Word};

pub(super) fn lower(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    match opcode.name {
        "activemask" => {
            opcode.ignore(&["b32"]);
            opcode.finish()?;
            let [d] = builder.exactly(operands)?;
            let d = builder.target_word(d)?;
            builder.emit(Op::ActiveMask { d });
            Ok(())
        }
        "mma" => multiply(builder, opcode, operands),
        name => {
            // Without `.sync` they are not there on compute capability 7.0 and up.
            if !opcode.take("sync") {
                return opcode.unsupported();
            }
            match name {
                "shfl" => shuffle(builder, opcode, operands),
                "vote" => vote(builder, opcode, operands),
                _ => matching(builder, opcode, operands),
            }
        }
    }
}

/// A register, and a predicate that may be there or not.
fn pair(builder: &mut Builder, operand: &Operand<'_>) -> Result<(Word, crate::instruction::Predicate)> {
    match operand {
        Operand::Pair(d, p) => Ok((builder.target_word(d)?, builder.target_predicate(p)?)),
        d => Ok((builder.target_word(d)?, builder.new_predicate()?)),
    }
}

fn shuffle(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let mode = opcode.need(&[
        ("up", Shuffle::Up),
        ("down", Shuffle::Down),
        ("bfly", Shuffle::Butterfly),
        ("idx", Shuffle::Index),
    ])?;
    opcode.ignore(&["b32"]);
    opcode.finish()?;
    let [to, a, b, c, lanes] = builder.exactly(operands)?;
    let (a, b, c, lanes) = (builder.word(a)?, builder.word(b)?, builder.word(c)?, builder.word(lanes)?);
    let (d, p) = pair(builder, to)?;
    builder.emit(Op::Shuffle { mode, d, p, a, b, c, lanes });
    Ok(())
}

fn vote(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let ballot = opcode.take("ballot");
    let mode = opcode.choose(&[("all", Vote::All), ("any", Vote::Any), ("uni", Vote::Uniform)]);
    opcode.ignore(&["pred", "b32"]);
    opcode.finish()?;
    let [to, a, lanes] = builder.exactly(operands)?;
    let (a, lanes) = (builder.predicate(a)?, builder.word(lanes)?);
    match mode {
        Some(mode) if !ballot => {
            let d = builder.target_predicate(to)?;
            builder.emit(Op::Vote { mode, d, a, lanes });
        }
        None if ballot => {
            let d = builder.target_word(to)?;
            builder.emit(Op::Ballot { d, a, lanes });
        }
        _ => return opcode.unsupported(),
    }
    Ok(())
}

fn matching(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let all = opcode.need(&[("all", true), ("any", false)])?;
    let value_type = opcode.value_type()?;
    opcode.finish()?;
    let [to, a, lanes] = builder.exactly(operands)?;
    let (a, lanes) = (builder.any(a, value_type.bits())?, builder.word(lanes)?);
    let (d, p) = pair(builder, to)?;
    builder.emit(Op::Match { all, d, p, a, lanes });
    Ok(())
}

/// `mma.sync.aligned.m16n8k{4,8}.row.col.f32.tf32.tf32.f32`.
fn multiply(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    let k = opcode.need(&[("m16n8k4", 4), ("m16n8k8", 8)])?;
    if !["sync", "aligned", "row", "col"].iter().all(|modifier| opcode.take(modifier)) {
        return opcode.unsupported();
    }
    let types = [opcode.value_type()?, opcode.value_type()?, opcode.value_type()?, opcode.value_type()?];
    opcode.finish()?;
    if types != [Type::Float(32), Type::Tf32, Type::Tf32, Type::Float(32)] {
        return opcode.unsupported();
    }
    let [Operand::Vector(d), Operand::Vector(a), Operand::Vector(b), Operand::Vector(c)] = operands else {
        return builder.fail("expected four vectors of registers");
    };
    let counts = [d.len(), a.len(), b.len(), c.len()];
    if counts != if k == 8 { [4, 4, 2, 4] } else { [4, 2, 1, 4] } {
        return builder.fail("wrong number of registers");
    }
    let mut matrices = Matrices { d: [Word(0); 4], a: [Word(0); 4], b: [Word(0); 2], c: [Word(0); 4], k };
    for (row, operand) in matrices.a.iter_mut().zip(a) {
        *row = builder.word(operand)?;
    }
    for (row, operand) in matrices.b.iter_mut().zip(b) {
        *row = builder.word(operand)?;
    }
    for (row, operand) in matrices.c.iter_mut().zip(c) {
        *row = builder.word(operand)?;
    }
    for (row, operand) in matrices.d.iter_mut().zip(d) {
        *row = builder.target_word(operand)?;
    }
    builder.emit(Op::MultiplyMatrices(Box::new(matrices)));
    Ok(())
}
