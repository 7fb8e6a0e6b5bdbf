//! Branches, barriers, fences and ends (PTX ISA 8.0, sections 9.7.11 and 9.7.12).

use super::builder::Builder;
use super::opcode::Opcode;
use super::syntax::{Number, Operand};
use crate::Result;
use crate::instruction::{Logic, Op, Predicate};
use crate::values::{Comparison, Domain, Test};

pub(super) fn lower(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    match (opcode.name, operands) {
        ("bra", [Operand::Name(label)]) => {
            opcode.ignore(&["uni"]);
            opcode.finish()?;
            builder.jump(label);
        }
        ("ret" | "exit", []) => {
            opcode.ignore(&["uni"]);
            opcode.finish()?;
            builder.emit(Op::Exit);
        }
        ("trap", []) => builder.emit(Op::Trap),
        ("membar" | "fence", []) => builder.emit(Op::Fence),
        ("nanosleep", [_]) => {}
        ("bar" | "barrier", operands) => return barrier(builder, opcode, operands),
        _ => return opcode.unsupported(),
    }
    Ok(())
}

/// `bar.sync`, `bar.red` and `bar.warp.sync`; those for a number of threads are not supported.
fn barrier(builder: &mut Builder, opcode: &mut Opcode<'_>, operands: &[Operand<'_>]) -> Result<()> {
    #[derive(Clone, Copy, PartialEq)]
    enum Reduction {
        Count,
        And,
        Or,
    }
    opcode.ignore(&["cta", "aligned"]);
    if opcode.take("warp") {
        opcode.ignore(&["sync"]);
        opcode.finish()?;
        let [lanes] = builder.exactly(operands)?;
        let lanes = builder.word(lanes)?;
        builder.emit(Op::WarpBarrier { lanes });
        return Ok(());
    }
    if opcode.take("sync") {
        opcode.finish()?;
        let [id] = builder.exactly(operands)?;
        let id = barrier_number(builder, id)?;
        builder.emit(Op::Barrier { id });
        return Ok(());
    }
    if !opcode.take("red") {
        return opcode.unsupported();
    }
    let choices = [("popc", Reduction::Count), ("and", Reduction::And), ("or", Reduction::Or)];
    let reduction = opcode.need(&choices)?;
    opcode.value_type()?;
    opcode.finish()?;
    let [to, id, a] = builder.exactly(operands)?;
    let (id, mut a) = (barrier_number(builder, id)?, builder.predicate(a)?);
    if reduction == Reduction::Count {
        let d = builder.target_word(to)?;
        builder.emit(Op::CountingBarrier { id, d, a });
        return Ok(());
    }
    // It holds in all threads where it fails in none, and in some where in more than none.
    let comparison = if reduction == Reduction::And {
        let fails = builder.new_predicate()?;
        builder.emit(Op::Logic { op: Logic::Not, d: fails, a, b: Predicate::FALSE });
        a = fails;
        Comparison::Equal
    } else {
        Comparison::NotEqual
    };
    let (count, zero, d) = (builder.new_word()?, builder.constant(0)?, builder.target_predicate(to)?);
    builder.emit(Op::CountingBarrier { id, d: count, a });
    let test = Test { comparison, domain: Domain::Unsigned, or_unordered: false };
    builder.emit(Op::Compare { test, d, a: count, b: zero });
    Ok(())
}

fn barrier_number(builder: &Builder, operand: &Operand<'_>) -> Result<u8> {
    match operand {
        Operand::Number(Number::Integer(id @ 0..16)) => Ok(*id as u8),
        _ => builder.fail("the number of a barrier must be a constant of 0 to 15"),
    }
}
