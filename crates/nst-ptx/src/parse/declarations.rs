//! Modules: variables, kernels and their declarations (PTX ISA 8.0, sections 5 and 11).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::builder::Builder;
use super::lexer::{Token, Tokens, fail};
use super::opcode::Type;
use super::registers::allocate;
use super::scope::{Scopes, Symbol};
use super::syntax::{Number, integer, signed_number, statement};
use crate::allocation::Allocation;
use crate::instruction::{Op, Register, Space};
use crate::operands::Slot;
use crate::program::Program;
use crate::{Kernel, Parameter, Result};

/// A declared variable.
struct Variable<'a> {
    name: &'a str,
    align: u32,
    /// `None` for `name[]`.
    bytes: Option<u32>,
    initial: Vec<u8>,
}

/// What a module's kernels share.
#[derive(Default)]
struct Globals<'a> {
    /// Global and constant variables, by address.
    symbols: Vec<(&'a str, Symbol)>,
    allocations: Vec<Arc<Allocation>>,
    /// Shared variables outside kernels, of which each kernel has what it names.
    shared: Vec<Variable<'a>>,
}

/// All kernels of a module.
pub(crate) fn parse(text: &str) -> Result<Vec<Kernel>> {
    let mut tokens = Tokens::new(text)?;
    let mut globals = Globals::default();
    let mut kernels = Vec::new();
    while tokens.peek().is_some() {
        let line = tokens.line();
        match tokens.word()? {
            ".version" | ".address_size" | ".target" | ".file" => tokens.skip_line(),
            ".visible" | ".extern" | ".weak" | ".common" => {}
            ".global" | ".const" => {
                let variable = variable(&mut tokens)?;
                let Some(bytes) = variable.bytes else { return fail(line, "a variable without a size") };
                let allocation = Allocation::new(u64::from(bytes.max(1)));
                let mut initial = variable.initial;
                initial.resize(bytes as usize, 0);
                allocation.write(0, &initial);
                let symbol = Symbol::Variable(Space::Global, allocation.base());
                globals.symbols.push((variable.name, symbol));
                globals.allocations.push(Arc::new(allocation));
            }
            ".shared" => globals.shared.push(variable(&mut tokens)?),
            ".entry" => kernels.push(kernel(&mut tokens, &globals)?),
            ".func" => function(&mut tokens)?,
            ".section" => {
                tokens.word()?;
                tokens.skip_balanced('{', '}')?;
            }
            ".pragma" => {
                tokens.next()?;
                tokens.expect(';')?;
            }
            other => return fail(line, format!("unsupported directive '{other}'")),
        }
    }
    let variables: Arc<[Arc<Allocation>]> = globals.allocations.into();
    for kernel in &mut kernels {
        kernel.program.variables = Arc::clone(&variables);
    }
    Ok(kernels)
}

/// Skips a function: a kernel that calls one is refused at the call.
fn function(tokens: &mut Tokens<'_>) -> Result<()> {
    loop {
        match tokens.peek() {
            Some(Token::Sign('(')) => tokens.skip_balanced('(', ')')?,
            Some(Token::Sign('{')) => return tokens.skip_balanced('{', '}'),
            Some(Token::Sign(';')) => return tokens.expect(';'),
            _ => drop(tokens.next()?),
        }
    }
}

/// A variable after its space, with its semicolon.
fn variable<'a>(tokens: &mut Tokens<'a>) -> Result<Variable<'a>> {
    let (mut variable, element) = declarator(tokens)?;
    if tokens.accept('=') {
        initial(tokens, element, &mut variable.initial)?;
    }
    tokens.expect(';')?;
    Ok(variable)
}

/// `.align 4 .b8 name[16]`, and the type of the elements.
fn declarator<'a>(tokens: &mut Tokens<'a>) -> Result<(Variable<'a>, Type)> {
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

/// A kernel after `.entry`.
fn kernel(tokens: &mut Tokens<'_>, globals: &Globals<'_>) -> Result<Kernel> {
    let name = tokens.word()?.to_owned();
    let mut scopes = Scopes::default();
    scopes.enter();
    for (name, symbol) in &globals.symbols {
        scopes.declare((*name).to_owned(), *symbol);
    }
    scopes.enter();
    let mut parameters = Vec::new();
    let mut parameter_bytes = 0_usize;
    if tokens.accept('(') {
        while !tokens.accept(')') {
            let line = tokens.line();
            if tokens.word()? != ".param" {
                return fail(line, "expected a parameter");
            }
            let (variable, _) = declarator(tokens)?;
            let size = variable.bytes.unwrap_or(0) as usize;
            let offset = parameter_bytes.next_multiple_of(variable.align as usize);
            scopes.declare(variable.name.to_owned(), Symbol::Variable(Space::Parameter, offset as u64));
            parameters.push(Parameter { offset, size });
            parameter_bytes = offset + size;
            tokens.accept(',');
        }
    }
    // Bounds on threads and blocks are for the compiler of the device.
    while tokens.peek() != Some(Token::Sign('{')) {
        tokens.next()?;
    }
    let shared = Shared::lay_out(&mut tokens.clone(), globals)?;
    let mut builder = Builder::new(scopes);
    let local_bytes = body(tokens, &mut builder, &shared)?;
    builder.finish()?;
    let mut program = program(builder);
    program.shared_bytes = shared.bytes;
    program.local_bytes = local_bytes;
    program.parameter_bytes = parameter_bytes;
    Ok(Kernel { name, parameters, program })
}

/// The statements of a kernel; gives the bytes of its local variables.
fn body(tokens: &mut Tokens<'_>, builder: &mut Builder, shared: &Shared<'_>) -> Result<u32> {
    let mut depth = 0;
    let mut local_bytes = 0_u32;
    loop {
        let line = tokens.line();
        match (tokens.peek(), tokens.peek_second()) {
            (Some(Token::Sign('{')), _) => {
                tokens.next()?;
                builder.scopes.enter();
                if depth == 0 {
                    for (name, address) in &shared.addresses {
                        let symbol = Symbol::Variable(Space::Shared, u64::from(*address));
                        builder.scopes.declare((*name).to_owned(), symbol);
                    }
                }
                depth += 1;
            }
            (Some(Token::Sign('}')), _) => {
                tokens.next()?;
                builder.scopes.leave();
                depth -= 1;
                if depth == 0 {
                    return Ok(local_bytes);
                }
            }
            (Some(Token::Word(name)), Some(Token::Sign(':'))) => {
                tokens.next()?;
                tokens.next()?;
                builder.label(name);
            }
            (Some(Token::Word(word)), _) if word.starts_with('.') => {
                tokens.next()?;
                match word {
                    ".reg" => registers(tokens, builder)?,
                    // Shared variables have their places, and parameters of a call need none.
                    ".shared" | ".param" => drop(variable(tokens)?),
                    ".local" => {
                        let variable = variable(tokens)?;
                        let start = local_bytes.next_multiple_of(variable.align);
                        let symbol = Symbol::Variable(Space::Local, u64::from(start));
                        builder.scopes.declare(variable.name.to_owned(), symbol);
                        local_bytes = start + variable.bytes.unwrap_or(0);
                    }
                    ".pragma" => {
                        tokens.next()?;
                        tokens.expect(';')?;
                    }
                    ".loc" => tokens.skip_line(),
                    _ => return fail(line, format!("unsupported directive '{word}'")),
                }
            }
            _ => builder.statement(&statement(tokens)?)?,
        }
    }
}

/// `.reg .b32 %r<12>;`
fn registers(tokens: &mut Tokens<'_>, builder: &mut Builder) -> Result<()> {
    let line = tokens.line();
    let word = tokens.word()?;
    let Some(register_type) = word.strip_prefix('.').and_then(Type::named) else {
        return fail(line, format!("unsupported register type '{word}'"));
    };
    while !tokens.accept(';') {
        let prefix = tokens.word()?;
        let names = if tokens.accept('<') {
            let count = integer(tokens)?;
            tokens.expect('>')?;
            (0..count).map(|i| format!("{prefix}{i}")).collect()
        } else {
            vec![prefix.to_owned()]
        };
        for name in names {
            let symbol = match register_type {
                Type::Predicate => Symbol::Predicate(builder.new_predicate()?),
                other if other.bits() == 64 => Symbol::Register(Register::Long(builder.new_long()?), 64),
                other => Symbol::Register(Register::Word(builder.new_word()?), other.bits()),
            };
            builder.scopes.declare(name, symbol);
        }
        tokens.accept(',');
    }
    Ok(())
}

/// Where a kernel's shared variables lie: static ones first, dynamic ones all at their end.
#[derive(Default)]
struct Shared<'a> {
    addresses: HashMap<&'a str, u32>,
    bytes: u32,
}

impl<'a> Shared<'a> {
    /// Reads ahead through the body, because the place of dynamic variables depends on all static ones.
    fn lay_out(tokens: &mut Tokens<'a>, globals: &Globals<'a>) -> Result<Self> {
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
        let named = globals.shared.iter().filter(|variable| words.contains(variable.name));
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

fn program(builder: Builder) -> Program {
    let count = builder.count();
    let Builder { mut code, lines, classes, word_constants, long_constants, specials, .. } = builder;
    let (mut words, mut longs) = (Vec::new(), Vec::new());
    words.extend(word_constants.values().chain(specials.values()).copied());
    longs.extend(long_constants.values().copied());
    let mut fixed: Vec<Slot<'_>> = words.iter_mut().map(Slot::Word).collect();
    fixed.extend(longs.iter_mut().map(Slot::Long));
    let rows = allocate(&mut code, count, &fixed);
    let word = |word: crate::instruction::Word| crate::instruction::Word(rows.words[usize::from(word.0)]);
    let long = |long: crate::instruction::Long| crate::instruction::Long(rows.longs[usize::from(long.0)]);
    let narrow_shared = code.iter().any(|instruction| match &instruction.op {
        Op::Load { space: Space::Shared | Space::Generic, elements, .. }
        | Op::Store { space: Space::Shared | Space::Generic, elements, .. } => elements.bytes < 4,
        _ => false,
    });
    Program {
        code,
        lines,
        classes,
        words: rows.count.words as u16,
        longs: rows.count.longs as u16,
        predicates: rows.count.predicates as u16,
        word_constants: word_constants.iter().map(|(value, row)| (word(*row), *value)).collect(),
        long_constants: long_constants.iter().map(|(value, row)| (long(*row), *value)).collect(),
        specials: specials.iter().map(|(special, row)| (word(*row), *special)).collect(),
        narrow_shared,
        ..Program::default()
    }
}
