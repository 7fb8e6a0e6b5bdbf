//! The values of a tensor on the CPU, and the account of the memory they take.

use crate::backend::Memory;
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

/// Values in row-major order, booked in their device's account while they live. The shape is the tensor's affair: two
/// tensors of different shapes may share one array.
pub(crate) struct Array {
    values: Vec<f32>,
    account: Arc<Account>,
}

impl Array {
    pub(crate) fn new(values: Vec<f32>, account: &Arc<Account>) -> Self {
        account.take(values.len() * size_of::<f32>());
        Self { values, account: Arc::clone(account) }
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        self.account.give_back(self.values.len() * size_of::<f32>());
    }
}

/// The bits of a gate, booked like an [`Array`].
pub(crate) struct Bits {
    values: Vec<u8>,
    account: Arc<Account>,
}

impl Bits {
    pub(crate) fn new(len: usize, account: &Arc<Account>) -> Self {
        account.take(len);
        Self { values: vec![0; len], account: Arc::clone(account) }
    }

    pub(crate) fn values(&self) -> &[u8] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [u8] {
        &mut self.values
    }
}

impl Drop for Bits {
    fn drop(&mut self) {
        self.account.give_back(self.values.len());
    }
}
