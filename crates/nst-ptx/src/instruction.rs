//! Decoded instructions: what the parser makes and the machine executes.
//!
//! Operands are rows of the register file, one value per lane: immediates and special registers have rows of their own, which
//! are filled before a warp starts. So an instruction has no operand that is not a row.

use crate::values::{Binary, BinaryLong, Conversion, Directed, Ternary, Test, Unary, UnaryLong};

/// A row of 32-bit values; narrower ones are kept zero-extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Word(pub(crate) u16);

/// A row of 64-bit values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Long(pub(crate) u16);

/// A predicate: one bit per lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Predicate(pub(crate) u16);

impl Predicate {
    /// Holds in all lanes.
    pub(crate) const TRUE: Self = Self(0);
    /// Holds in none.
    pub(crate) const FALSE: Self = Self(1);
}

/// A row of either width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Register {
    Word(Word),
    Long(Long),
}

impl From<Word> for Register {
    fn from(word: Word) -> Self {
        Self::Word(word)
    }
}

impl From<Long> for Register {
    fn from(long: Long) -> Self {
        Self::Long(long)
    }
}

/// `[base + offset]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) base: Register,
    pub(crate) offset: i32,
}

/// State spaces (PTX ISA 8.0, section 5.1). Constants lie in global memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    Global,
    Shared,
    Local,
    Parameter,
    Generic,
}

/// Where shared memory appears to generic addresses; no address of a process is as high as any of these.
pub(crate) const SHARED_WINDOW: u64 = 1 << 56;
/// Where a thread's local memory appears to generic addresses.
pub(crate) const LOCAL_WINDOW: u64 = 2 << 56;
/// Where parameters appear to generic addresses.
pub(crate) const PARAMETER_WINDOW: u64 = 3 << 56;
/// The size of each of these windows.
pub(crate) const WINDOW: u64 = 1 << 56;

/// How a narrow element fills its register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    Zeros,
    Sign,
    /// The sign, up to 16 bits.
    SignTo16,
}

/// The shape of a load or store: `count` elements of `bytes` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elements {
    pub(crate) bytes: u8,
    pub(crate) count: u8,
    /// For loads of elements of less than 4 bytes.
    pub(crate) extension: Extension,
}

impl Elements {
    /// Bytes of the whole access.
    pub(crate) fn total(self) -> u32 {
        u32::from(self.bytes) * u32::from(self.count)
    }
}

/// The registers of a load or store; as many as there are elements count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vector {
    Words([Word; 4]),
    Longs([Long; 2]),
}

/// How a shuffle picks its source lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shuffle {
    Up,
    Down,
    Butterfly,
    Index,
}

/// What a vote tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vote {
    All,
    Any,
    Uniform,
}

/// Logic on predicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logic {
    And,
    Or,
    Xor,
    /// Of `a` alone.
    Not,
    /// `a` itself.
    Copy,
}

/// Atomic operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtomicOp {
    Exchange,
    CompareAndSwap,
    Increment,
    Decrement,
    /// Any function of the old value and the operand, in 32 or 64 bits.
    Word(Binary),
    Long(BinaryLong),
}

/// The operands of `mma.sync.aligned.m16n8k{4,8}.row.col.f32.tf32.tf32.f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matrices {
    pub(crate) d: [Word; 4],
    /// The first two alone for k = 4.
    pub(crate) a: [Word; 4],
    /// The first alone for k = 4.
    pub(crate) b: [Word; 2],
    pub(crate) c: [Word; 4],
    /// 4 or 8.
    pub(crate) k: u8,
}

/// What an instruction does. `d` is written, the others are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Move { d: Word, a: Word },
    MoveLong { d: Long, a: Long },
    Unary { op: Unary, d: Word, a: Word },
    Binary { op: Binary, d: Word, a: Word, b: Word },
    // On 16-bit values, which are extended before and cut after.
    Narrow { op: Binary, signed: bool, d: Word, a: Word, b: Word },
    Ternary { op: Ternary, d: Word, a: Word, b: Word, c: Word },
    // `bfi`: the low `length` bits of `a` into `b` from bit `position` on.
    Insert { d: Word, a: Word, b: Word, position: Word, length: Word },
    // f32 arithmetic rounded another way than to nearest.
    Directed { op: Directed, d: Word, a: Word, b: Word, c: Word },
    UnaryLong { op: UnaryLong, d: Long, a: Long },
    BinaryLong { op: BinaryLong, d: Long, a: Long, b: Long },
    // `a * b + c` in f64, rounded once.
    FusedLong { d: Long, a: Long, b: Long, c: Long },
    // Shifts of 64-bit values by 32-bit amounts.
    ShiftLong { op: Binary, d: Long, a: Long, b: Word },
    ExtractLong { signed: bool, d: Long, a: Long, position: Word, length: Word },
    InsertLong { d: Long, a: Long, b: Long, position: Word, length: Word },
    // Counts of bits: `clz.b64`, `popc.b64`.
    CountLong { op: Unary, d: Word, a: Long },
    // `mul.wide`, `mad.wide` on 32-bit factors.
    Wide { signed: bool, d: Long, a: Word, b: Word },
    WideSum { signed: bool, d: Long, a: Word, b: Word, c: Long },
    Convert { conversion: Conversion, d: Register, a: Register },
    Pack { d: Long, low: Word, high: Word },
    Unpack { low: Word, high: Word, a: Long },
    Compare { test: Test, d: Predicate, a: Word, b: Word },
    CompareLong { test: Test, d: Predicate, a: Long, b: Long },
    Logic { op: Logic, d: Predicate, a: Predicate, b: Predicate },
    Select { d: Word, a: Word, b: Word, p: Predicate },
    SelectLong { d: Long, a: Long, b: Long, p: Predicate },
    Load { space: Space, elements: Elements, d: Vector, address: Address },
    Store { space: Space, elements: Elements, a: Vector, address: Address },
    // `atom` and `red`; `c` is the value to swap in, `b` the one compared with.
    Atomic { op: AtomicOp, space: Space, d: Register, address: Address, b: Register, c: Register },
    // `cp.async` of `bytes`, of which the first `size` come from global memory and the rest are zeros.
    CopyAsync { bytes: u8, to: Address, from: Address, size: Word },
    CommitCopies,
    // Waits until at most `pending` groups of copies are on their way.
    WaitCopies { pending: u16 },
    WaitAllCopies,
    // `ldmatrix`: 8x8 matrices of 16-bit elements.
    LoadMatrices { d: [Word; 4], count: u8, transposed: bool, address: Address },
    MultiplyMatrices(Box<Matrices>),
    Shuffle { mode: Shuffle, d: Word, p: Predicate, a: Word, b: Word, c: Word, lanes: Word },
    // `vote.all`, `.any`, `.uni`.
    Vote { mode: Vote, d: Predicate, a: Predicate, lanes: Word },
    // `vote.ballot`; `lanes` is read only for a `.sync` instruction.
    Ballot { d: Word, a: Predicate, lanes: Word },
    ActiveMask { d: Word },
    // `match.any`, or `match.all` with its predicate.
    Match { all: bool, d: Word, p: Predicate, a: Register, lanes: Word },
    Branch { target: u32 },
    // A barrier of the block, number `id`.
    Barrier { id: u8 },
    // `bar.red`: a barrier that also counts the threads in which `a` holds.
    CountingBarrier { id: u8, d: Word, a: Predicate },
    WarpBarrier { lanes: Word },
    Fence,
    Exit,
    Trap,
}

/// An instruction with its guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) op: Op,
    pub(crate) guard: Predicate,
    /// Whether lanes take part in which the guard does not hold.
    pub(crate) negated: bool,
}
