//! Values on the CPU.

use super::plan::Ticket;
use super::store::{Element, Room, Store};
use std::sync::Arc;

/// Values in row-major order (of a tensor), or the bits of a gate, booked in their device's account while they live. The
/// shape is the tensor's affair: two tensors of different shapes may share one array.
pub(super) struct Array<T: Element = f32> {
    /// None only while it is dropped.
    room: Option<Room<T>>,
    ticket: Option<Ticket>,
    store: Arc<Store>,
}

impl<T: Element> Array<T> {
    /// `len` values, whatever they are. None where the system refuses so much memory.
    pub(super) fn new(store: &Arc<Store>, len: usize) -> Option<Self> {
        let (room, ticket) = store.take(len)?;
        store.book(len * size_of::<T>());
        Some(Self { room: Some(room), ticket, store: Arc::clone(store) })
    }

    pub(super) fn values(&self) -> &[T] {
        match &self.room {
            Some(Room::Heap(values)) => values,
            Some(Room::Lent(block)) => T::of(block),
            None => &[],
        }
    }

    pub(super) fn values_mut(&mut self) -> &mut [T] {
        match &mut self.room {
            Some(Room::Heap(values)) => values,
            Some(Room::Lent(block)) => T::of_mut(block),
            None => &mut [],
        }
    }
}

impl<T: Element> Drop for Array<T> {
    fn drop(&mut self) {
        self.store.strike(size_of_val(self.values()));
        if let Some(room) = self.room.take() {
            self.store.give_back(room, self.ticket.take());
        }
    }
}
