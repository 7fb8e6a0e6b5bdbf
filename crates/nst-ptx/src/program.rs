//! A kernel as the machine executes it.

use std::sync::Arc;

use crate::allocation::Allocation;
use crate::instruction::{Instruction, Long, Word};

/// What a class of instructions counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Fma,
    Mma,
    Arithmetic,
    LoadGlobal,
    StoreGlobal,
    LoadShared,
    StoreShared,
    OtherMemory,
    Control,
    /// Part of an instruction that another part counts for.
    Hidden,
}

/// Registers that the machine sets before a warp starts (PTX ISA 8.0, section 10). The number is 0 for x, 1 for y, 2 for z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    Thread(u8),
    Threads(u8),
    Block(u8),
    Blocks(u8),
    Lane,
    Warp,
    Warps,
    LanesEqual,
    LanesBelow,
    LanesUpTo,
    LanesAbove,
    LanesFrom,
    DynamicShared,
    TotalShared,
}

/// Decoded code and what it needs.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) code: Vec<Instruction>,
    /// The line of each instruction.
    pub(crate) lines: Vec<u32>,
    pub(crate) classes: Vec<Class>,
    /// Rows of the register file.
    pub(crate) words: u16,
    pub(crate) longs: u16,
    pub(crate) predicates: u16,
    /// Rows that hold immediates and special registers.
    pub(crate) word_constants: Vec<(Word, u32)>,
    pub(crate) long_constants: Vec<(Long, u64)>,
    pub(crate) specials: Vec<(Word, Special)>,
    /// Bytes of static shared memory; dynamic shared memory follows.
    pub(crate) shared_bytes: u32,
    /// Bytes of each thread's local memory.
    pub(crate) local_bytes: u32,
    pub(crate) parameter_bytes: usize,
    /// Whether some access to shared memory is narrower than 4 bytes.
    pub(crate) narrow_shared: bool,
    /// The module's global and constant variables.
    pub(crate) variables: Arc<[Arc<Allocation>]>,
}
