//! Variables: their declarations, and where the shared ones of a kernel lie (PTX ISA 8.0, section 5).

use std::collections::{HashMap, HashSet};

use super::lexer::{Token, Tokens, fail};
use super::opcode::Type;
use super::syntax::{Number, integer, signed_number};
use crate::Result;

/// A declared variable.
pub(super) struct Variable<'a> {
    pub(super) name: &'a str,
    pub(super) align: u32,
    /// `None` for `name[]`.
    pub(super) bytes: Option<u32>,
    pub(super) initial: Vec<u8>,
}

/// A variable after its space, with its semicolon.
pub(super) fn variable<'a>(tokens: &mut Tokens<'a>) -> Result<Variable<'a>> {
    let (mut variable, element) = declarator(tokens)?;
    if tokens.accept('=') {
        initial(tokens, element, &mut variable.initial)?;
    }
    tokens.expect(';')?;
    Ok(variable)
}

/// `.align 4 .b8 name[16]`, and the type of the elements.
pub(super) fn declarator<'a>(tokens: &mut Tokens<'a>) -> Result<(Variable<'a>, Type)> {
    let mut align = None;
    let mut element = None;
    let line = tokens.line();
    let name = loop {
        match tokens.word()? {
            ".align" => align = Some(integer(tokens)?),
            // What a pointer parameter points to says nothing about the parameter.
            ".ptr" => {
                while let Some(Token::Word(".global" | ".const" | ".shared" | ".local")) = tokens.peek() {
                    tokens.next()?;
                }
                if tokens.accept_word(".align") {
                    integer(tokens)?;
                }
            }
            word if word.starts_with('.') => match Type::named(&word[1..]) {
                Some(found) => element = Some(found),
                None => return fail(line, format!("unsupported declaration '{word}'")),
            },
            name => break name,
        }
    };
    let Some(element) = element else { return fail(line, "a declaration without a type") };
    let size = u32::from(element.bits().div_ceil(8));
    let mut bytes = Some(size);
    while tokens.accept('[') {
        if tokens.accept(']') {
            bytes = None;
            continue;
        }
        let length = integer(tokens)?;
        tokens.expect(']')?;
        match bytes.map(|bytes| bytes.checked_mul(length)) {
            Some(None) => return fail(line, "a variable of 4 GiB or more"),
            product => bytes = product.flatten(),
        }
    }
    Ok((Variable { name, align: align.unwrap_or(size).max(1), bytes, initial: Vec::new() }, element))
}

/// Initial values, lists within lists one after the other.
fn initial(tokens: &mut Tokens<'_>, element: Type, bytes: &mut Vec<u8>) -> Result<()> {
    if tokens.accept('{') {
        while !tokens.accept('}') {
            initial(tokens, element, bytes)?;
            tokens.accept(',');
        }
        return Ok(());
    }
    let bits = match (signed_number(tokens)?, element) {
        (Number::Integer(bits) | Number::F64(bits), _) => bits,
        (Number::F32(bits), _) => u64::from(bits),
    };
    bytes.extend(&bits.to_le_bytes()[..usize::from(element.bits().div_ceil(8))]);
    Ok(())
}

/// Where a kernel's shared variables lie: static ones first, dynamic ones all at their end.
#[derive(Default)]
pub(super) struct Shared<'a> {
    pub(super) addresses: HashMap<&'a str, u32>,
    pub(super) bytes: u32,
}

impl<'a> Shared<'a> {
    /// Reads ahead through the body, because the place of dynamic variables depends on all static ones.
    pub(super) fn lay_out(tokens: &mut Tokens<'a>, outside: &[Variable<'a>]) -> Result<Self> {
        let mut words = HashSet::new();
        let mut own = Vec::new();
        let mut depth = 0;
        loop {
            match tokens.next()? {
                Token::Sign('{') => depth += 1,
                Token::Sign('}') if depth == 1 => break,
                Token::Sign('}') => depth -= 1,
                Token::Word(".shared") => own.push(variable(tokens)?),
                Token::Word(word) => drop(words.insert(word)),
                _ => {}
            }
        }
        let named = outside.iter().filter(|variable| words.contains(variable.name));
        let all: Vec<&Variable<'a>> = own.iter().chain(named).collect();
        let mut shared = Self::default();
        for variable in &all {
            if let Some(bytes) = variable.bytes {
                let start = shared.bytes.next_multiple_of(variable.align);
                shared.addresses.insert(variable.name, start);
                shared.bytes = start + bytes;
            }
        }
        for variable in all.iter().filter(|variable| variable.bytes.is_none()) {
            shared.bytes = shared.bytes.next_multiple_of(variable.align);
        }
        for variable in all.iter().filter(|variable| variable.bytes.is_none()) {
            shared.addresses.insert(variable.name, shared.bytes);
        }
        Ok(shared)
    }
}
