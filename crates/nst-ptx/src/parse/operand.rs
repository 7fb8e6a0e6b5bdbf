//! Operands as registers: those that are read may be numbers, those that are written may be unwanted.

use super::builder::Builder;
use super::scope::Symbol;
use super::syntax::{Number, Operand};
use crate::Result;
use crate::instruction::{Logic, Long, Op, Predicate, Register, Space, Word};

impl Builder {
    // Operands that are read.

    pub(super) fn word(&mut self, operand: &Operand<'_>) -> Result<Word> {
        match operand {
            Operand::Number(Number::Integer(value)) => self.constant(*value as u32),
            Operand::Number(Number::F32(bits)) => self.constant(*bits),
            Operand::Number(Number::F64(bits)) => self.constant((f64::from_bits(*bits) as f32).to_bits()),
            Operand::Name("WARP_SZ") => self.constant(32),
            Operand::Name(name) => match self.scopes.find(name) {
                Some(Symbol::Register(Register::Word(word), _)) => Ok(word),
                Some(Symbol::Variable(space, address)) if space != Space::Global => {
                    self.constant(address as u32)
                }
                Some(_) => self.fail(format!("'{name}' is not a 32-bit register")),
                None => match self.special(name)? {
                    Some(word) => Ok(word),
                    None => self.fail(format!("unknown or unsupported name '{name}'")),
                },
            },
            _ => self.fail("expected a 32-bit register or number"),
        }
    }

    pub(super) fn long(&mut self, operand: &Operand<'_>) -> Result<Long> {
        match operand {
            Operand::Number(Number::Integer(value) | Number::F64(value)) => self.long_constant(*value),
            Operand::Name(name) => match self.scopes.find(name) {
                Some(Symbol::Register(Register::Long(long), _)) => Ok(long),
                Some(Symbol::Variable(_, address)) => self.long_constant(address),
                _ => self.fail(format!("'{name}' is not a 64-bit register")),
            },
            _ => self.fail("expected a 64-bit register or number"),
        }
    }

    /// A register of whatever width it has, or a number of `bits`.
    pub(super) fn any(&mut self, operand: &Operand<'_>, bits: u8) -> Result<Register> {
        let long = match operand {
            Operand::Name(name) => match self.scopes.find(name) {
                Some(Symbol::Register(register, _)) => return Ok(register),
                _ => bits == 64,
            },
            _ => bits == 64,
        };
        Ok(if long { Register::Long(self.long(operand)?) } else { Register::Word(self.word(operand)?) })
    }

    /// A predicate, negated by an instruction of its own where the operand is.
    pub(super) fn predicate(&mut self, operand: &Operand<'_>) -> Result<Predicate> {
        match operand {
            Operand::Name(name) => self.predicate_named(name),
            Operand::Not(name) => {
                let (a, d) = (self.predicate_named(name)?, self.new_predicate()?);
                self.emit(Op::Logic { op: Logic::Not, d, a, b: Predicate::FALSE });
                Ok(d)
            }
            Operand::Number(Number::Integer(0)) => Ok(Predicate::FALSE),
            Operand::Number(Number::Integer(_)) => Ok(Predicate::TRUE),
            _ => self.fail("expected a predicate"),
        }
    }

    pub(super) fn predicate_named(&self, name: &str) -> Result<Predicate> {
        match self.scopes.find(name) {
            Some(Symbol::Predicate(predicate)) => Ok(predicate),
            _ => self.fail(format!("'{name}' is not a predicate")),
        }
    }

    // Operands that are written; `_` takes what nobody wants.

    pub(super) fn target_word(&mut self, operand: &Operand<'_>) -> Result<Word> {
        match operand {
            Operand::Name("_") => self.new_word(),
            Operand::Name(name) => match self.scopes.find(name) {
                Some(Symbol::Register(Register::Word(word), _)) => Ok(word),
                _ => self.fail(format!("'{name}' is not a 32-bit register")),
            },
            _ => self.fail("expected a 32-bit register"),
        }
    }

    pub(super) fn target_long(&mut self, operand: &Operand<'_>) -> Result<Long> {
        match operand {
            Operand::Name("_") => self.new_long(),
            Operand::Name(name) => match self.scopes.find(name) {
                Some(Symbol::Register(Register::Long(long), _)) => Ok(long),
                _ => self.fail(format!("'{name}' is not a 64-bit register")),
            },
            _ => self.fail("expected a 64-bit register"),
        }
    }

    pub(super) fn target_predicate(&mut self, operand: &Operand<'_>) -> Result<Predicate> {
        match operand {
            Operand::Name("_") => self.new_predicate(),
            Operand::Name(name) => self.predicate_named(name),
            _ => self.fail("expected a predicate"),
        }
    }

    /// A register of whatever width it has, and its declared bits.
    pub(super) fn target_any(&mut self, operand: &Operand<'_>, bits: u8) -> Result<(Register, u8)> {
        match operand {
            Operand::Name("_") if bits == 64 => Ok((Register::Long(self.new_long()?), 64)),
            Operand::Name("_") => Ok((Register::Word(self.new_word()?), 32)),
            Operand::Name(name) => match self.scopes.find(name) {
                Some(Symbol::Register(register, bits)) => Ok((register, bits)),
                _ => self.fail(format!("'{name}' is not a register")),
            },
            _ => self.fail("expected a register"),
        }
    }

    /// The operands, when there are as many as there should be.
    pub(super) fn exactly<'o, 'a, const N: usize>(
        &self,
        operands: &'o [Operand<'a>],
    ) -> Result<&'o [Operand<'a>; N]> {
        match operands.try_into() {
            Ok(operands) => Ok(operands),
            Err(_) => self.fail(format!("expected {N} operands, found {}", operands.len())),
        }
    }
}
