//! An interpreter of NVIDIA PTX, for tests: it runs the kernels that a GPU would run on the CPU, and reports their mistakes.

mod allocation;
mod counts;
mod error;
mod instruction;
mod launch;
mod machine;
mod memory;
mod module;
mod operands;
mod parse;
mod program;
mod values;

pub use counts::{Counts, GlobalCounts, Mix, SharedCounts};
pub use error::{Error, Fault, FaultKind, Result};
pub use launch::{Checks, Launch, run};
pub use memory::Memory;
pub use module::{Kernel, Module, Parameter};
