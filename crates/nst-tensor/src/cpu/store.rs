//! Where a device's buffers come from and go back to.

use super::plan::{Planner, Ticket};
use crate::backend::Memory;
use nst_kernels::Block;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Spare vectors at most. An iteration of L-BFGS makes and drops a handful of vectors as long as the image, and for each frequency band of it
/// another handful.
const SPARES: usize = 48;

/// The account of a device's memory, the plan for repeated work, and a few vectors that the last of their holders dropped.
/// Plan and spare vectors stay as long as the device.
#[derive(Debug, Default)]
pub(super) struct Store {
    in_use: AtomicUsize,
    peak: AtomicUsize,
    planner: Planner,
    /// Dropped outside of planned work, the oldest first: kept because a loop soon asks for the same length again.
    spares: Mutex<Vec<Vec<f32>>>,
}

/// What the store gives.
pub(super) enum Room<T> {
    /// Values from the heap.
    Heap(Vec<T>),
    /// A part of the arena for planned work.
    Lent(Block),
}

impl Store {
    /// Bytes held by all arrays and filters.
    pub(super) fn memory(&self) -> Memory {
        Memory { in_use: self.in_use.load(Ordering::Relaxed), peak: self.peak.load(Ordering::Relaxed) }
    }

    /// Books bytes.
    pub(super) fn book(&self, bytes: usize) {
        let in_use = self.in_use.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(in_use, Ordering::Relaxed);
    }

    /// Strikes booked bytes off.
    pub(super) fn strike(&self, bytes: usize) {
        self.in_use.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Repeated work begins.
    pub(super) fn begin(&self) {
        if self.planner.begin() {
            // Nothing is planned yet: what was dropped before the loop began will hardly be asked for again.
            self.spares().clear();
        }
    }

    /// Repeated work ends.
    pub(super) fn end(&self) {
        self.planner.end();
    }

    /// Room for `len` values, whatever they are, and a ticket to give back with it. None where the system refuses so much.
    pub(super) fn take<T: Element>(&self, len: usize) -> Option<(Room<T>, Option<Ticket>)> {
        let (block, ticket) = self.planner.ask(len.checked_mul(size_of::<T>())?);
        if let Some(block) = block {
            return Some((Room::Lent(block), ticket));
        }
        if let Some(spare) = T::spare(self, len) {
            return Some((Room::Heap(spare), ticket));
        }
        Vec::<T>::new().try_reserve_exact(len).ok()?;
        Some((Room::Heap(vec![T::default(); len]), ticket))
    }

    /// Takes room back.
    pub(super) fn give_back<T: Element>(&self, room: Room<T>, ticket: Option<Ticket>) {
        let planned = ticket.is_some_and(|ticket| self.planner.give_back(ticket));
        match room {
            Room::Heap(values) if !planned => T::keep(self, values),
            Room::Heap(_) | Room::Lent(_) => {}
        }
    }

    fn spares(&self) -> std::sync::MutexGuard<'_, Vec<Vec<f32>>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an array may hold.
pub(super) trait Element: Copy + Default {
    fn of(block: &Block) -> &[Self];
    fn of_mut(block: &mut Block) -> &mut [Self];
    /// A spare vector of this length.
    fn spare(store: &Store, len: usize) -> Option<Vec<Self>>;
    /// Keeps a vector as a spare one.
    fn keep(store: &Store, values: Vec<Self>);
}

impl Element for f32 {
    fn of(block: &Block) -> &[Self] {
        block.floats()
    }

    fn of_mut(block: &mut Block) -> &mut [Self] {
        block.floats_mut()
    }

    fn spare(store: &Store, len: usize) -> Option<Vec<Self>> {
        let mut spares = store.spares();
        let index = spares.iter().position(|spare| spare.len() == len)?;
        Some(spares.remove(index))
    }

    fn keep(store: &Store, values: Vec<Self>) {
        let mut spares = store.spares();
        if spares.len() == SPARES {
            spares.remove(0);
        }
        spares.push(values);
    }
}

/// The bits of a gate, which live within planned work.
impl Element for u8 {
    fn of(block: &Block) -> &[Self] {
        block.bytes()
    }

    fn of_mut(block: &mut Block) -> &mut [Self] {
        block.bytes_mut()
    }

    fn spare(_: &Store, _: usize) -> Option<Vec<Self>> {
        None
    }

    fn keep(_: &Store, _: Vec<Self>) {}
}

#[cfg(test)]
mod tests {
    use super::{Room, SPARES, Store};

    #[test]
    fn a_loop_outside_of_planned_work_gets_its_own_vectors_again() {
        let store = Store::default();
        let address = |room: &Room<f32>| match room {
            Room::Heap(values) => values.as_ptr(),
            Room::Lent(_) => panic!("nothing is planned"),
        };
        let (room, ticket) = store.take::<f32>(1000).unwrap();
        let first = address(&room);
        store.give_back(room, ticket);
        assert_ne!(address(&store.take::<f32>(999).unwrap().0), first);
        let (room, ticket) = store.take::<f32>(1000).unwrap();
        assert_eq!(address(&room), first);
        store.give_back(room, ticket);
        for len in 0..SPARES {
            store.give_back(Room::Heap(vec![0.0; len]), None);
        }
        assert_eq!(store.spares().iter().map(Vec::len).collect::<Vec<_>>(), (0..SPARES).collect::<Vec<_>>());
        store.begin();
        assert!(store.spares().is_empty());
        store.end();
    }
}
