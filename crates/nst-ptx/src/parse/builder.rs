//! Gathers the code of one kernel.

use std::collections::HashMap;

use super::lexer::fail;
use super::opcode::Opcode;
use super::registers::Count;
use super::scope::{Scopes, Symbol};
use super::syntax::{Number, Operand, Statement};
use super::{arithmetic, control, conversion, exchange, floating, memory};
use crate::Result;
use crate::instruction::{Instruction, Logic, Long, Op, Predicate, Register, Space, Word};
use crate::program::{Class, Special};

/// The code so far, in terms of as many registers as the text names: [`super::registers`] makes them few.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) scopes: Scopes,
    pub(super) code: Vec<Instruction>,
    pub(super) lines: Vec<u32>,
    pub(super) classes: Vec<Class>,
    words: usize,
    longs: usize,
    predicates: usize,
    pub(super) word_constants: HashMap<u32, Word>,
    pub(super) long_constants: HashMap<u64, Long>,
    pub(super) specials: HashMap<Special, Word>,
    labels: HashMap<String, u32>,
    /// Branches whose target is not known yet.
    jumps: Vec<(usize, String)>,
    carry: Option<Word>,
    guard: (Predicate, bool),
    pub(super) line: u32,
}

impl Builder {
    pub(super) fn new(scopes: Scopes) -> Self {
        Self {
            scopes,
            code: Vec::new(),
            lines: Vec::new(),
            classes: Vec::new(),
            words: 0,
            longs: 0,
            // TRUE and FALSE.
            predicates: 2,
            word_constants: HashMap::new(),
            long_constants: HashMap::new(),
            specials: HashMap::new(),
            labels: HashMap::new(),
            jumps: Vec::new(),
            carry: None,
            guard: (Predicate::TRUE, false),
            line: 0,
        }
    }

    /// The registers there are.
    pub(super) fn count(&self) -> Count {
        Count { words: self.words, longs: self.longs, predicates: self.predicates }
    }

    /// Decodes a statement.
    pub(super) fn statement(&mut self, statement: &Statement<'_>) -> Result<()> {
        self.line = statement.line;
        self.guard = match statement.guard {
            Some((name, negated)) => (self.predicate_named(name)?, negated),
            None => (Predicate::TRUE, false),
        };
        let start = self.code.len();
        let mut opcode = Opcode::new(statement.line, statement.opcode);
        let operands = &statement.operands;
        match opcode.name {
            "fma" | "rcp" | "sqrt" | "rsqrt" | "ex2" | "lg2" | "sin" | "cos" | "tanh" | "copysign"
            | "testp" => {
                let value_type = opcode.value_type()?;
                floating::lower(self, &mut opcode, value_type, operands)
            }
            "mov" | "cvt" | "cvta" | "setp" | "selp" | "slct" | "set" => {
                conversion::lower(self, &mut opcode, operands)
            }
            "ld" | "ldu" | "st" | "atom" | "red" | "cp" | "ldmatrix" | "prefetch" | "prefetchu" => {
                memory::lower(self, &mut opcode, operands)
            }
            "bra" | "ret" | "exit" | "trap" | "bar" | "barrier" | "membar" | "fence" | "nanosleep" => {
                control::lower(self, &mut opcode, operands)
            }
            "shfl" | "vote" | "activemask" | "match" | "mma" => exchange::lower(self, &mut opcode, operands),
            _ => arithmetic::lower(self, &mut opcode, operands),
        }?;
        self.classify(start);
        Ok(())
    }

    /// Of the parts of an instruction, the one that says most about it counts.
    fn classify(&mut self, start: usize) {
        let found: Vec<Class> = self.code[start..].iter().map(|instruction| instruction.op.class()).collect();
        let counted = found.iter().position(|class| *class != Class::Arithmetic).unwrap_or(0);
        let kept = found.into_iter().enumerate();
        self.classes.extend(kept.map(|(i, class)| if i == counted { class } else { Class::Hidden }));
    }

    /// Appends an instruction under the statement's guard.
    pub(super) fn emit(&mut self, op: Op) {
        let (guard, negated) = self.guard;
        self.code.push(Instruction { op, guard, negated });
        self.lines.push(self.line);
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        fail(self.line, message)
    }

    /// Ends the code and gives branches their targets.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.guard = (Predicate::TRUE, false);
        self.emit(Op::Exit);
        self.classes.push(Class::Hidden);
        for (at, label) in std::mem::take(&mut self.jumps) {
            let Some(target) = self.labels.get(&label) else {
                return fail(self.lines[at], format!("no label '{label}'"));
            };
            self.code[at].op = Op::Branch { target: *target };
        }
        Ok(())
    }

    pub(super) fn label(&mut self, name: &str) {
        self.labels.insert(name.to_owned(), self.code.len() as u32);
    }

    pub(super) fn jump(&mut self, label: &str) {
        self.jumps.push((self.code.len(), label.to_owned()));
        self.emit(Op::Branch { target: 0 });
    }

    // Registers.

    fn number<T>(&self, count: usize, row: impl Fn(u16) -> T) -> Result<T> {
        match u16::try_from(count) {
            Ok(index) => Ok(row(index)),
            Err(_) => self.fail("a kernel with more than 65536 registers"),
        }
    }

    pub(super) fn new_word(&mut self) -> Result<Word> {
        self.words += 1;
        self.number(self.words - 1, Word)
    }

    pub(super) fn new_long(&mut self) -> Result<Long> {
        self.longs += 1;
        self.number(self.longs - 1, Long)
    }

    pub(super) fn new_predicate(&mut self) -> Result<Predicate> {
        self.predicates += 1;
        self.number(self.predicates - 1, Predicate)
    }

    pub(super) fn constant(&mut self, value: u32) -> Result<Word> {
        if let Some(word) = self.word_constants.get(&value) {
            return Ok(*word);
        }
        let word = self.new_word()?;
        self.word_constants.insert(value, word);
        Ok(word)
    }

    pub(super) fn long_constant(&mut self, value: u64) -> Result<Long> {
        if let Some(long) = self.long_constants.get(&value) {
            return Ok(*long);
        }
        let long = self.new_long()?;
        self.long_constants.insert(value, long);
        Ok(long)
    }

    /// The carry flag `CC.CF`.
    pub(super) fn carry(&mut self) -> Result<Word> {
        if let Some(word) = self.carry {
            return Ok(word);
        }
        let word = self.new_word()?;
        self.carry = Some(word);
        Ok(word)
    }

    fn special(&mut self, name: &str) -> Result<Option<Word>> {
        let axis = |name: &str| "xyz".find(name.strip_prefix('.')?).map(|axis| axis as u8);
        let group = |prefix: &str| name.strip_prefix(prefix).and_then(axis);
        let special = match name {
            "%laneid" => Special::Lane,
            "%warpid" => Special::Warp,
            "%nwarpid" => Special::Warps,
            "%lanemask_eq" => Special::LanesEqual,
            "%lanemask_lt" => Special::LanesBelow,
            "%lanemask_le" => Special::LanesUpTo,
            "%lanemask_gt" => Special::LanesAbove,
            "%lanemask_ge" => Special::LanesFrom,
            "%dynamic_smem_size" => Special::DynamicShared,
            "%total_smem_size" => Special::TotalShared,
            _ => {
                let thread = group("%tid").map(Special::Thread);
                let threads = group("%ntid").map(Special::Threads);
                let block = group("%ctaid").map(Special::Block);
                let blocks = group("%nctaid").map(Special::Blocks);
                match thread.or(threads).or(block).or(blocks) {
                    Some(special) => special,
                    None => return Ok(None),
                }
            }
        };
        if let Some(word) = self.specials.get(&special) {
            return Ok(Some(*word));
        }
        let word = self.new_word()?;
        self.specials.insert(special, word);
        Ok(Some(word))
    }

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

    fn predicate_named(&self, name: &str) -> Result<Predicate> {
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
