//! Opcodes: a name and its modifiers.

use super::lexer::fail;
use crate::Result;
use crate::values::{Kind, Rounding};

/// The types of operands (PTX ISA 8.0, section 5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Predicate,
    /// Bits without a meaning, integers and floats, with their number of bits.
    Bits(u8),
    Unsigned(u8),
    Signed(u8),
    Float(u8),
    Tf32,
}

impl Type {
    /// The type that a modifier names.
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == "pred" {
            return Some(Self::Predicate);
        }
        if name == "tf32" {
            return Some(Self::Tf32);
        }
        let bits = match name.get(1..)? {
            "8" => 8,
            "16" => 16,
            "32" => 32,
            "64" => 64,
            _ => return None,
        };
        match name.as_bytes()[0] {
            b'b' => Some(Self::Bits(bits)),
            b'u' => Some(Self::Unsigned(bits)),
            b's' => Some(Self::Signed(bits)),
            b'f' => Some(Self::Float(bits)),
            _ => None,
        }
    }

    pub(super) fn bits(self) -> u8 {
        match self {
            Self::Predicate => 1,
            Self::Bits(bits) | Self::Unsigned(bits) | Self::Signed(bits) | Self::Float(bits) => bits,
            Self::Tf32 => 32,
        }
    }

    pub(super) fn is_signed(self) -> bool {
        matches!(self, Self::Signed(_))
    }

    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// As a type of values; `None` for predicates and f16.
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Self::Bits(bits) | Self::Unsigned(bits) => Some(Kind::Unsigned(bits)),
            Self::Signed(bits) => Some(Kind::Signed(bits)),
            Self::Float(32) => Some(Kind::F32),
            Self::Float(64) => Some(Kind::F64),
            Self::Tf32 => Some(Kind::Tf32),
            Self::Predicate | Self::Float(_) => None,
        }
    }
}

/// An opcode taken apart. What it holds must be taken by whoever understands it; [`Opcode::finish`] refuses the rest, so no
/// modifier is overlooked.
#[derive(Debug)]
pub(super) struct Opcode<'a> {
    pub(super) line: u32,
    pub(super) text: &'a str,
    pub(super) name: &'a str,
    modifiers: Vec<&'a str>,
}

impl<'a> Opcode<'a> {
    pub(super) fn new(line: u32, text: &'a str) -> Self {
        let mut parts = text.split('.');
        let name = parts.next().unwrap_or_default();
        Self { line, text, name, modifiers: parts.collect() }
    }

    /// Takes a modifier if it is there.
    pub(super) fn take(&mut self, modifier: &str) -> bool {
        let position = self.modifiers.iter().position(|other| *other == modifier);
        position.map(|position| self.modifiers.remove(position)).is_some()
    }

    /// Takes each of several modifiers that change nothing here.
    pub(super) fn ignore(&mut self, modifiers: &[&str]) {
        self.modifiers.retain(|modifier| !modifiers.contains(modifier));
    }

    /// Takes modifiers that start with a text and change nothing here.
    pub(super) fn ignore_prefix(&mut self, prefix: &str) {
        self.modifiers.retain(|modifier| !modifier.starts_with(prefix));
    }

    /// Takes the first of several modifiers that is there, and gives what it stands for.
    pub(super) fn choose<T: Copy>(&mut self, choices: &[(&str, T)]) -> Option<T> {
        let position = self.modifiers.iter().position(|one| choices.iter().any(|(name, _)| name == one))?;
        let found = self.modifiers.remove(position);
        choices.iter().find(|(name, _)| *name == found).map(|(_, value)| *value)
    }

    /// Like [`Opcode::choose`], where one must be there.
    pub(super) fn need<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T> {
        match self.choose(choices) {
            Some(value) => Ok(value),
            None => self.unsupported(),
        }
    }

    /// Takes the first type.
    pub(super) fn value_type(&mut self) -> Result<Type> {
        let found = self.modifiers.iter().enumerate().find_map(|(i, name)| Some((i, Type::named(name)?)));
        let Some((position, value_type)) = found else { return self.unsupported() };
        self.modifiers.remove(position);
        Ok(value_type)
    }

    /// Takes a rounding of floats; to nearest where none is given.
    pub(super) fn rounding(&mut self) -> Rounding {
        let choices = [
            ("rn", Rounding::Nearest),
            ("rz", Rounding::Zero),
            ("rm", Rounding::Down),
            ("rp", Rounding::Up),
            ("rna", Rounding::Away),
        ];
        self.choose(&choices).unwrap_or(Rounding::Nearest)
    }

    /// Refuses modifiers that nothing has taken.
    pub(super) fn finish(&self) -> Result<()> {
        if self.modifiers.is_empty() { Ok(()) } else { self.unsupported() }
    }

    pub(super) fn unsupported<T>(&self) -> Result<T> {
        fail(self.line, format!("unsupported instruction '{}'", self.text))
    }
}
