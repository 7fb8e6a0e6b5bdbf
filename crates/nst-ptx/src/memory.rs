//! Global memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::allocation::Allocation;
use crate::{Error, Result};

/// The global memory of a device: allocations at real addresses of this process, multiples of 512.
///
/// Because the addresses are real, the same parameters also suit the same kernel compiled for the host. Bytes of a new
/// allocation count as uninitialised until something writes them. All methods may be called from several threads.
#[derive(Debug)]
pub struct Memory {
    capacity: u64,
    state: RwLock<State>,
    /// Held by each 64-bit atomic operation: the words are 32 bits wide.
    pub(crate) wide_atomics: std::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    allocations: BTreeMap<u64, Arc<Allocation>>,
    in_use: u64,
    peak: u64,
}

impl Memory {
    /// A memory of `capacity` bytes, none of them allocated.
    pub fn new(capacity: u64) -> Self {
        Self { capacity, state: RwLock::default(), wide_atomics: std::sync::Mutex::default() }
    }

    /// Allocates `bytes`, at least one, and gives their address, a multiple of 512.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] when fewer are left; nothing is rounded up or lost to fragmentation.
    pub fn allocate(&self, bytes: u64) -> Result<u64> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = bytes.max(1);
        if bytes > self.capacity - state.in_use {
            return Err(Error::OutOfMemory { asked: bytes, in_use: state.in_use, capacity: self.capacity });
        }
        let allocation = Arc::new(Allocation::new(bytes));
        let address = allocation.base();
        state.allocations.insert(address, allocation);
        state.in_use += bytes;
        state.peak = state.peak.max(state.in_use);
        Ok(address)
    }

    /// Frees the allocation that starts at `address`. A launch that is running goes on with what was there when it started.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllocated`] when none starts there: a double free.
    pub fn free(&self, address: u64) -> Result<()> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let allocation = state.allocations.remove(&address).ok_or(Error::NotAllocated { address })?;
        state.in_use -= allocation.bytes();
        Ok(())
    }

    /// Writes bytes from `address` on.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] when they are not all within one live allocation.
    pub fn write(&self, address: u64, data: &[u8]) -> Result<()> {
        let (allocation, offset) = self.locate(address, data.len() as u64)?;
        allocation.write(offset, data);
        Ok(())
    }

    /// Reads bytes from `address` on, initialised or not: the host may copy what it likes.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] when they are not all within one live allocation.
    pub fn read(&self, address: u64, data: &mut [u8]) -> Result<()> {
        let (allocation, offset) = self.locate(address, data.len() as u64)?;
        allocation.read(offset, data);
        Ok(())
    }

    /// Writes `bytes` times the byte `value`.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] when they are not all within one live allocation.
    pub fn fill(&self, address: u64, value: u8, bytes: u64) -> Result<()> {
        let (allocation, offset) = self.locate(address, bytes)?;
        let chunk = [value; 4096];
        for start in (0..bytes).step_by(chunk.len()) {
            let n = (bytes - start).min(chunk.len() as u64) as usize;
            allocation.write(offset + start, &chunk[..n]);
        }
        Ok(())
    }

    /// Copies `bytes` from one address to another; the two ranges must not overlap. The copies of uninitialised bytes count as
    /// initialised, as with [`read`](Self::read) and [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// [`Error::Range`] when either range is not within one live allocation.
    pub fn copy(&self, from: u64, to: u64, bytes: u64) -> Result<()> {
        let (source, source_offset) = self.locate(from, bytes)?;
        let (target, target_offset) = self.locate(to, bytes)?;
        let mut chunk = [0; 4096];
        for start in (0..bytes).step_by(chunk.len()) {
            let n = (bytes - start).min(chunk.len() as u64) as usize;
            source.read(source_offset + start, &mut chunk[..n]);
            target.write(target_offset + start, &chunk[..n]);
        }
        Ok(())
    }

    /// Bytes in live allocations.
    pub fn in_use(&self) -> u64 {
        self.state.read().unwrap_or_else(PoisonError::into_inner).in_use
    }

    /// The most bytes that were ever in use.
    pub fn peak(&self) -> u64 {
        self.state.read().unwrap_or_else(PoisonError::into_inner).peak
    }

    /// All bytes there are.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Address and bytes of each live allocation, by address. What is left at the end has leaked.
    pub fn allocations(&self) -> Vec<(u64, u64)> {
        self.snapshot().iter().map(|allocation| (allocation.base(), allocation.bytes())).collect()
    }

    /// The live allocations, by address.
    pub(crate) fn snapshot(&self) -> Vec<Arc<Allocation>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).allocations.values().cloned().collect()
    }

    /// The allocation that holds all of `bytes` at `address`, and the offset in it.
    fn locate(&self, address: u64, bytes: u64) -> Result<(Arc<Allocation>, u64)> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let found = state.allocations.range(..=address).next_back().and_then(|(_, allocation)| {
            // A transfer of no bytes may stand at the very end.
            let offset = allocation.offset(address, bytes);
            let end = bytes == 0 && address == allocation.base() + allocation.bytes();
            offset.or(end.then_some(allocation.bytes())).map(|offset| (Arc::clone(allocation), offset))
        });
        found.ok_or(Error::Range { address, bytes })
    }
}
