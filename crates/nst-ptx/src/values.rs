//! Operations on the values of one lane: their names and what they compute (PTX ISA 8.0, sections 9.7.1 to 9.7.9).
//!
//! Flushing of denormals (`.ftz`) and clamping to 0..1 (`.sat`) are operations of their own, [`Function::Flush`] and
//! [`Function::Saturate`], that the parser puts before and after.

mod compare;
mod convert;
mod float;
mod long;
mod ternary;
mod word;

pub(crate) use compare::{Comparison, Domain, Test};
pub(crate) use convert::{Conversion, Kind, to_tf32};
pub(crate) use float::{Directed, Rounding};
pub(crate) use long::{BinaryLong, UnaryLong, extract_long, insert_long};
pub(crate) use ternary::{Ternary, insert};
pub(crate) use word::{Binary, Function, Unary};
