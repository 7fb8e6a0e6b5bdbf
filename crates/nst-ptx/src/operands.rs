//! Which rows each operation reads and writes, and what it counts as.

use crate::instruction::{Address, Long, Op, Predicate, Register, Space, Vector, Word};
use crate::program::Class;

/// One operand, to be looked at or given another row.
#[derive(Debug)]
pub(crate) enum Slot<'a> {
    Word(&'a mut Word),
    Long(&'a mut Long),
    Predicate(&'a mut Predicate),
}

/// What an operation does with an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Read,
    Write,
}

/// Gathers operands: reads before writes.
struct Visit<'f, F: FnMut(Slot<'_>, Role)>(&'f mut F);

impl<F: FnMut(Slot<'_>, Role)> Visit<'_, F> {
    fn read<const N: usize>(&mut self, slots: [Slot<'_>; N]) -> &mut Self {
        for slot in slots {
            (self.0)(slot, Role::Read);
        }
        self
    }

    fn write<const N: usize>(&mut self, slots: [Slot<'_>; N]) -> &mut Self {
        for slot in slots {
            (self.0)(slot, Role::Write);
        }
        self
    }
}

impl<'a> From<&'a mut Word> for Slot<'a> {
    fn from(word: &'a mut Word) -> Self {
        Slot::Word(word)
    }
}

impl<'a> From<&'a mut Long> for Slot<'a> {
    fn from(long: &'a mut Long) -> Self {
        Slot::Long(long)
    }
}

impl<'a> From<&'a mut Predicate> for Slot<'a> {
    fn from(predicate: &'a mut Predicate) -> Self {
        Slot::Predicate(predicate)
    }
}

impl<'a> From<&'a mut Register> for Slot<'a> {
    fn from(register: &'a mut Register) -> Self {
        match register {
            Register::Word(word) => Slot::Word(word),
            Register::Long(long) => Slot::Long(long),
        }
    }
}

impl<'a> From<&'a mut Address> for Slot<'a> {
    fn from(address: &'a mut Address) -> Self {
        Slot::from(&mut address.base)
    }
}

impl Vector {
    /// The first `count` registers.
    fn slots(&mut self, count: u8) -> Vec<Slot<'_>> {
        match self {
            Self::Words(words) => words.iter_mut().take(usize::from(count)).map(Slot::Word).collect(),
            Self::Longs(longs) => longs.iter_mut().take(usize::from(count)).map(Slot::Long).collect(),
        }
    }
}

impl Op {
    /// Visits each operand: those that are read first.
    #[expect(clippy::too_many_lines, reason = "one line for each operation")]
    pub(crate) fn visit(&mut self, f: &mut impl FnMut(Slot<'_>, Role)) {
        let mut visit = Visit(f);
        match self {
            Self::Move { d, a } | Self::Unary { d, a, .. } => {
                visit.read([a.into()]).write([d.into()]);
            }
            Self::MoveLong { d, a } | Self::UnaryLong { d, a, .. } => {
                visit.read([a.into()]).write([d.into()]);
            }
            Self::Binary { d, a, b, .. } | Self::Narrow { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::Ternary { d, a, b, c, .. } | Self::Directed { d, a, b, c, .. } => {
                visit.read([a.into(), b.into(), c.into()]).write([d.into()]);
            }
            Self::Insert { d, a, b, position, length } => {
                visit.read([a.into(), b.into(), position.into(), length.into()]).write([d.into()]);
            }
            Self::BinaryLong { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::FusedLong { d, a, b, c } => {
                visit.read([a.into(), b.into(), c.into()]).write([d.into()]);
            }
            Self::ShiftLong { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::ExtractLong { d, a, position, length, .. } => {
                visit.read([a.into(), position.into(), length.into()]).write([d.into()]);
            }
            Self::InsertLong { d, a, b, position, length } => {
                visit.read([a.into(), b.into(), position.into(), length.into()]).write([d.into()]);
            }
            Self::CountLong { d, a, .. } => {
                visit.read([a.into()]).write([d.into()]);
            }
            Self::Wide { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::WideSum { d, a, b, c, .. } => {
                visit.read([a.into(), b.into(), c.into()]).write([d.into()]);
            }
            Self::Convert { d, a, .. } => {
                visit.read([a.into()]).write([d.into()]);
            }
            Self::Pack { d, low, high } => {
                visit.read([low.into(), high.into()]).write([d.into()]);
            }
            Self::Unpack { low, high, a } => {
                visit.read([a.into()]).write([low.into(), high.into()]);
            }
            Self::Compare { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::CompareLong { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::Logic { d, a, b, .. } => {
                visit.read([a.into(), b.into()]).write([d.into()]);
            }
            Self::Select { d, a, b, p } => {
                visit.read([a.into(), b.into(), p.into()]).write([d.into()]);
            }
            Self::SelectLong { d, a, b, p } => {
                visit.read([a.into(), b.into(), p.into()]).write([d.into()]);
            }
            Self::Load { elements, d, address, .. } => {
                visit.read([address.into()]);
                d.slots(elements.count).into_iter().for_each(|slot| f(slot, Role::Write));
            }
            Self::Store { elements, a, address, .. } => {
                visit.read([address.into()]);
                a.slots(elements.count).into_iter().for_each(|slot| f(slot, Role::Read));
            }
            Self::Atomic { d, address, b, c, .. } => {
                visit.read([address.into(), b.into(), c.into()]).write([d.into()]);
            }
            Self::CopyAsync { to, from, size, .. } => {
                visit.read([to.into(), from.into(), size.into()]);
            }
            Self::LoadMatrices { d, count, address, .. } => {
                visit.read([address.into()]);
                d.iter_mut().take(usize::from(*count)).for_each(|word| f(word.into(), Role::Write));
            }
            Self::MultiplyMatrices(matrices) => {
                let half = usize::from(matrices.k / 4);
                let a = matrices.a.iter_mut().take(2 * half);
                let sources = a.chain(matrices.b.iter_mut().take(half)).chain(&mut matrices.c);
                sources.for_each(|word| f(word.into(), Role::Read));
                matrices.d.iter_mut().for_each(|word| f(word.into(), Role::Write));
            }
            Self::Shuffle { d, p, a, b, c, lanes, .. } => {
                visit.read([a.into(), b.into(), c.into(), lanes.into()]).write([d.into(), p.into()]);
            }
            Self::Vote { d, a, lanes, .. } => {
                visit.read([a.into(), lanes.into()]).write([d.into()]);
            }
            Self::Ballot { d, a, lanes } => {
                visit.read([a.into(), lanes.into()]).write([d.into()]);
            }
            Self::ActiveMask { d } => {
                visit.write([d.into()]);
            }
            Self::Match { d, p, a, lanes, .. } => {
                visit.read([a.into(), lanes.into()]).write([d.into(), p.into()]);
            }
            Self::CountingBarrier { d, a, .. } => {
                visit.read([a.into()]).write([d.into()]);
            }
            Self::WarpBarrier { lanes } => {
                visit.read([lanes.into()]);
            }
            Self::CommitCopies
            | Self::WaitCopies { .. }
            | Self::WaitAllCopies
            | Self::Branch { .. }
            | Self::Barrier { .. }
            | Self::Fence
            | Self::Exit
            | Self::Trap => {}
        }
    }

    /// What the operation counts as. Generic addresses count as global ones.
    pub(crate) fn class(&self) -> Class {
        use crate::values::{Directed, Ternary};
        match self {
            Self::Ternary { op: Ternary::FusedFloat, .. }
            | Self::Directed { op: Directed::Fused(_), .. }
            | Self::FusedLong { .. } => Class::Fma,
            Self::MultiplyMatrices(_) => Class::Mma,
            Self::Load { space, .. } => match space {
                Space::Global | Space::Generic => Class::LoadGlobal,
                Space::Shared => Class::LoadShared,
                Space::Local | Space::Parameter => Class::OtherMemory,
            },
            Self::Store { space, .. } | Self::Atomic { space, .. } => match space {
                Space::Global | Space::Generic => Class::StoreGlobal,
                Space::Shared => Class::StoreShared,
                Space::Local | Space::Parameter => Class::OtherMemory,
            },
            Self::CopyAsync { .. } => Class::LoadGlobal,
            Self::LoadMatrices { .. } => Class::LoadShared,
            Self::CommitCopies
            | Self::WaitCopies { .. }
            | Self::WaitAllCopies
            | Self::Shuffle { .. }
            | Self::Vote { .. }
            | Self::Ballot { .. }
            | Self::ActiveMask { .. }
            | Self::Match { .. }
            | Self::Branch { .. }
            | Self::Barrier { .. }
            | Self::CountingBarrier { .. }
            | Self::WarpBarrier { .. }
            | Self::Fence
            | Self::Exit
            | Self::Trap => Class::Control,
            _ => Class::Arithmetic,
        }
    }
}
