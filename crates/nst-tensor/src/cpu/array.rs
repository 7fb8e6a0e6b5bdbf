//! Buffers on the CPU, and the account of the memory they take.

use super::plan::Ticket;
use crate::backend::Memory;
use nst_kernels::Block;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes held by all arrays and filters of a device.
#[derive(Debug, Default)]
pub(crate) struct Account {
    in_use: AtomicUsize,
    peak: AtomicUsize,
}

impl Account {
    pub(crate) fn memory(&self) -> Memory {
        Memory { in_use: self.in_use.load(Ordering::Relaxed), peak: self.peak.load(Ordering::Relaxed) }
    }

    pub(super) fn take(&self, bytes: usize) {
        let in_use = self.in_use.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(in_use, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.in_use.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Where an array's values lie.
enum Storage<T> {
    Heap(Vec<T>),
    Lent(Block),
}

/// What an array may hold.
pub(super) trait Element: Copy + Default {
    fn of(block: &Block) -> &[Self];
    fn of_mut(block: &mut Block) -> &mut [Self];
}

impl Element for f32 {
    fn of(block: &Block) -> &[Self] {
        block.floats()
    }

    fn of_mut(block: &mut Block) -> &mut [Self] {
        block.floats_mut()
    }
}

impl Element for u8 {
    fn of(block: &Block) -> &[Self] {
        block.bytes()
    }

    fn of_mut(block: &mut Block) -> &mut [Self] {
        block.bytes_mut()
    }
}

/// Values in row-major order (of a tensor), or the bits of a gate, booked in their device's account while they live. The
/// shape is the tensor's affair: two tensors of different shapes may share one array.
pub(super) struct Array<T: Element = f32> {
    /// Given back before the ticket says so.
    storage: Storage<T>,
    account: Arc<Account>,
    _ticket: Option<Ticket>,
}

impl<T: Element> Array<T> {
    pub(super) fn on_heap(values: Vec<T>, account: &Arc<Account>, ticket: Option<Ticket>) -> Self {
        Self::booked(Storage::Heap(values), account, ticket)
    }

    /// In a part of an arena, with whatever values were there before.
    pub(super) fn lent(block: Block, account: &Arc<Account>, ticket: Option<Ticket>) -> Self {
        Self::booked(Storage::Lent(block), account, ticket)
    }

    fn booked(storage: Storage<T>, account: &Arc<Account>, ticket: Option<Ticket>) -> Self {
        let array = Self { storage, account: Arc::clone(account), _ticket: ticket };
        account.take(size_of_val(array.values()));
        array
    }

    pub(super) fn values(&self) -> &[T] {
        match &self.storage {
            Storage::Heap(values) => values,
            Storage::Lent(block) => T::of(block),
        }
    }

    pub(super) fn values_mut(&mut self) -> &mut [T] {
        match &mut self.storage {
            Storage::Heap(values) => values,
            Storage::Lent(block) => T::of_mut(block),
        }
    }
}

impl<T: Element> Drop for Array<T> {
    fn drop(&mut self) {
        self.account.give_back(size_of_val(self.values()));
    }
}
