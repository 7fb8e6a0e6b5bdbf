//! Modules: variables, kernels and their declarations (PTX ISA 8.0, sections 5 and 11).

use std::sync::Arc;

use super::builder::Builder;
use super::lexer::{Token, Tokens, fail};
use super::opcode::Type;
use super::registers::allocate;
use super::scope::{Scopes, Symbol};
use super::syntax::{integer, statement};
use super::variables::{Shared, Variable, declarator, variable};
use crate::allocation::Allocation;
use crate::instruction::{Op, Register, Space};
use crate::operands::Slot;
use crate::program::Program;
use crate::{Kernel, Parameter, Result};

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
    let shared = Shared::lay_out(&mut tokens.clone(), &globals.shared)?;
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
