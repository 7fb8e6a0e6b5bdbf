//! From PTX text to decoded instructions.

mod arithmetic;
mod builder;
mod control;
mod conversion;
mod declarations;
mod exchange;
mod floating;
mod lexer;
mod memory;
mod opcode;
mod registers;
mod scope;
mod syntax;

pub(crate) use declarations::parse;
