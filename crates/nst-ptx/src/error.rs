//! What can go wrong: text that is no PTX we know, memory asked for or given back wrongly, and the mistakes of kernels.

use std::fmt;

/// A failed use of the interpreter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// PTX that is malformed, or an instruction that this interpreter does not have.
    #[error("PTX line {line}: {message}")]
    Parse {
        /// The line in the module's text, from 1.
        line: u32,
        /// What is wrong there.
        message: String,
    },
    /// More memory asked for than is left.
    #[error("out of memory: {asked} bytes asked for, {in_use} of {capacity} bytes in use")]
    OutOfMemory {
        /// The size of the allocation.
        asked: u64,
        /// Bytes in live allocations.
        in_use: u64,
        /// All there is.
        capacity: u64,
    },
    /// An address that no live allocation starts at: freed twice, or never allocated.
    #[error("no live allocation starts at {address:#x}: freed before, or never allocated")]
    NotAllocated {
        /// The address given back.
        address: u64,
    },
    /// A transfer from or to bytes that no one live allocation holds.
    #[error("{bytes} bytes at {address:#x} are not within one live allocation")]
    Range {
        /// Where the bytes start.
        address: u64,
        /// How many there are.
        bytes: u64,
    },
    /// A launch whose grid, block, shared memory or parameters do not fit the kernel or the limits of a GPU.
    #[error("launch of {kernel}: {message}")]
    Launch {
        /// The kernel's name.
        kernel: String,
        /// What does not fit.
        message: String,
    },
    /// A mistake of a kernel, found while it ran.
    #[error(transparent)]
    Fault(Box<Fault>),
}

/// A mistake of a kernel: what, where in the PTX, and which thread met it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} in {kernel}, PTX line {line}, block {block:?}, thread {thread:?}: {message}")]
#[non_exhaustive]
pub struct Fault {
    /// The kernel's name.
    pub kernel: String,
    /// What sort of mistake.
    pub kind: FaultKind,
    /// The instruction's line in the module's text, from 1.
    pub line: u32,
    /// `blockIdx` (x, y, z).
    pub block: [u32; 3],
    /// `threadIdx` (x, y, z) of one thread that took part.
    pub thread: [u32; 3],
    /// Addresses and the like.
    pub message: String,
}

/// The sorts of mistakes that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// An access to an address outside every live allocation or straddling one's end, or beyond the shared, local or
    /// parameter memory there is.
    OutOfBounds,
    /// An address that is not a multiple of the access's size.
    Misaligned,
    /// Two threads of a block touch the same bytes of shared memory, one of them writing, with nothing that orders them.
    Race,
    /// A barrier that some threads of the block, or a `.sync` instruction that some lanes it names, can never arrive at.
    DivergentBarrier,
    /// A read of global or shared memory that nothing has written.
    Uninitialised,
    /// A read of shared memory that an asynchronous copy is still on its way to.
    PendingCopy,
    /// More instructions than [`Checks::budget`](crate::Checks::budget): most likely a loop that does not end.
    Endless,
    /// The kernel executed `trap`.
    Trap,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfBounds => "access out of bounds",
            Self::Misaligned => "misaligned access",
            Self::Race => "race in shared memory",
            Self::DivergentBarrier => "divergent barrier",
            Self::Uninitialised => "read of uninitialised memory",
            Self::PendingCopy => "read of a copy not yet waited for",
            Self::Endless => "endless loop",
            Self::Trap => "trap",
        })
    }
}

/// A result of the interpreter.
pub type Result<T> = std::result::Result<T, Error>;
