//! Gathers the code of one kernel.

use std::collections::HashMap;

use super::lexer::fail;
use super::opcode::Opcode;
use super::registers::Count;
use super::scope::Scopes;
use super::syntax::Statement;
use super::{arithmetic, control, conversion, exchange, floating, memory};
use crate::Result;
use crate::instruction::{Instruction, Long, Op, Predicate, Word};
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

    pub(super) fn special(&mut self, name: &str) -> Result<Option<Word>> {
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
}
