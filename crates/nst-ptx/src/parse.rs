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
mod operand;
mod product;
mod registers;
mod scope;
mod syntax;
mod variables;

pub(crate) use declarations::parse;
