//! The form of a statement, before names mean anything.

use super::lexer::{Token, Tokens, fail};
use crate::Result;

/// `@guard opcode operands;`
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) line: u32,
    /// The guard, and whether it is negated.
    pub(super) guard: Option<(&'a str, bool)>,
    pub(super) opcode: &'a str,
    pub(super) operands: Vec<Operand<'a>>,
}

/// What stands between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand<'a> {
    Name(&'a str),
    /// `!p`
    Not(&'a str),
    Number(Number),
    /// `[base + offset]`; a number as base is an offset from nothing.
    Address {
        base: Option<&'a str>,
        offset: i64,
    },
    /// `{a, b}`
    Vector(Vec<Operand<'a>>),
    /// `d|p`
    Pair(Box<Operand<'a>>, Box<Operand<'a>>),
}

/// An immediate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Any integer from -2^63 to 2^64 - 1, as 64 bits.
    Integer(u64),
    /// `0f3F800000`, as bits.
    F32(u32),
    /// `0d3FF0000000000000` or `1.5`, as bits.
    F64(u64),
}

/// An immediate, if the word is one.
pub(super) fn number(word: &str) -> Option<Number> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(bits) = word.strip_prefix("0f").or(word.strip_prefix("0F")) {
        return u32::from_str_radix(bits, 16).ok().map(Number::F32);
    }
    if let Some(bits) = word.strip_prefix("0d").or(word.strip_prefix("0D")) {
        return u64::from_str_radix(bits, 16).ok().map(Number::F64);
    }
    let plain = word.trim_end_matches('U');
    let integer = if let Some(digits) = plain.strip_prefix("0x").or(plain.strip_prefix("0X")) {
        u64::from_str_radix(digits, 16)
    } else if let Some(digits) = plain.strip_prefix("0b") {
        u64::from_str_radix(digits, 2)
    } else if plain.len() > 1 && plain.starts_with('0') && !plain.contains('.') {
        u64::from_str_radix(&plain[1..], 8)
    } else {
        plain.parse()
    };
    integer.map(Number::Integer).ok().or_else(|| word.parse::<f64>().ok().map(|x| Number::F64(x.to_bits())))
}

impl Number {
    fn negated(self) -> Self {
        match self {
            Self::Integer(bits) => Self::Integer(bits.wrapping_neg()),
            Self::F32(bits) => Self::F32(bits ^ 1 << 31),
            Self::F64(bits) => Self::F64(bits ^ 1 << 63),
        }
    }
}

/// A number with its sign.
pub(super) fn signed_number(tokens: &mut Tokens<'_>) -> Result<Number> {
    let negative = tokens.accept('-');
    let line = tokens.line();
    let word = tokens.word()?;
    let Some(number) = number(word) else { return fail(line, format!("'{word}' is not a number")) };
    Ok(if negative { number.negated() } else { number })
}

/// An unsigned integer of 32 bits.
pub(super) fn integer(tokens: &mut Tokens<'_>) -> Result<u32> {
    let line = tokens.line();
    match signed_number(tokens)? {
        Number::Integer(value) if u32::try_from(value).is_ok() => Ok(value as u32),
        _ => fail(line, "expected an unsigned integer of 32 bits"),
    }
}

/// An instruction up to its semicolon.
pub(super) fn statement<'a>(tokens: &mut Tokens<'a>) -> Result<Statement<'a>> {
    let line = tokens.line();
    let mut guard = None;
    if tokens.accept('@') {
        let negated = tokens.accept('!');
        guard = Some((tokens.word()?, negated));
    }
    let opcode = tokens.word()?;
    if opcode == "call" || opcode.starts_with("call.") {
        return fail(line, "calls of functions are not supported");
    }
    let mut operands = Vec::new();
    while !tokens.accept(';') {
        if !operands.is_empty() {
            tokens.expect(',')?;
        }
        operands.push(operand(tokens)?);
    }
    Ok(Statement { line, guard, opcode, operands })
}

fn operand<'a>(tokens: &mut Tokens<'a>) -> Result<Operand<'a>> {
    let first = simple_operand(tokens)?;
    if tokens.accept('|') {
        return Ok(Operand::Pair(Box::new(first), Box::new(simple_operand(tokens)?)));
    }
    Ok(first)
}

fn simple_operand<'a>(tokens: &mut Tokens<'a>) -> Result<Operand<'a>> {
    if tokens.accept('!') {
        return Ok(Operand::Not(tokens.word()?));
    }
    if tokens.accept('{') {
        let mut elements = Vec::new();
        while !tokens.accept('}') {
            if !elements.is_empty() {
                tokens.expect(',')?;
            }
            elements.push(simple_operand(tokens)?);
        }
        return Ok(Operand::Vector(elements));
    }
    if tokens.accept('[') {
        return address(tokens);
    }
    match tokens.peek() {
        Some(Token::Word(word)) if number(word).is_none() => {
            tokens.next()?;
            Ok(Operand::Name(word))
        }
        _ => Ok(Operand::Number(signed_number(tokens)?)),
    }
}

/// What follows `[`.
fn address<'a>(tokens: &mut Tokens<'a>) -> Result<Operand<'a>> {
    let line = tokens.line();
    let base = match tokens.peek() {
        Some(Token::Word(word)) if number(word).is_none() => {
            tokens.next()?;
            Some(word)
        }
        _ => None,
    };
    let mut offset = 0_i64;
    if base.is_none() || tokens.accept('+') || tokens.peek() == Some(Token::Sign('-')) {
        match signed_number(tokens)? {
            Number::Integer(value) => offset = value.cast_signed(),
            _ => return fail(line, "an offset must be an integer"),
        }
    }
    tokens.expect(']')?;
    Ok(Operand::Address { base, offset })
}
