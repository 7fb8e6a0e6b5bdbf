//! The caching allocator: memory that was given back is kept for the next that asks for about as much.
//!
//! All work goes to one stream, so memory may be handed on while kernels that use it still wait for their turn: what uses it
//! next waits behind them.

use crate::error::said;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DriverError, sys};
use nst_tensor::Memory;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sizes are rounded up to this many bytes.
const GRAIN: usize = 512;

/// A device's memory.
pub(crate) struct Allocator {
    stream: Arc<CudaStream>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What nobody holds, by size.
    spare: BTreeMap<usize, Vec<CudaSlice<u8>>>,
    account: Memory,
}

/// Memory that is held; it goes back to its allocator when dropped.
pub(crate) struct Block {
    slice: Option<CudaSlice<u8>>,
    pointer: sys::CUdeviceptr,
    allocator: Arc<Allocator>,
}

impl Allocator {
    pub(crate) fn new(stream: &Arc<CudaStream>) -> Arc<Self> {
        Arc::new(Self { stream: Arc::clone(stream), state: Mutex::default() })
    }

    pub(crate) fn memory(&self) -> Memory {
        self.state().account
    }

    /// At least `bytes` bytes of unknown content.
    ///
    /// # Errors
    /// If the device has no more, also after everything spare was given back to it; in words.
    pub(crate) fn allocate(self: &Arc<Self>, bytes: usize) -> Result<Block, String> {
        let Some(size) = bytes.max(1).checked_next_multiple_of(GRAIN) else {
            return Err(self.exhausted(bytes));
        };
        let spare = self.state().take(size);
        let slice = match spare {
            Some(slice) => slice,
            None => self.fresh(size).or_else(|_| self.trim().and_then(|()| self.fresh(size))).map_err(
                |error| {
                    if error.0 == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY {
                        self.exhausted(size)
                    } else {
                        said(error)
                    }
                },
            )?,
        };
        let mut state = self.state();
        state.account.in_use += slice.len();
        state.account.peak = state.account.peak.max(state.account.in_use);
        let pointer = slice.device_ptr(&self.stream).0;
        Ok(Block { pointer, slice: Some(slice), allocator: Arc::clone(self) })
    }

    #[expect(unsafe_code, reason = "memory of unknown content")]
    fn fresh(&self, size: usize) -> Result<CudaSlice<u8>, DriverError> {
        // SAFETY: any bytes are valid as u8; whoever takes the block writes before it reads.
        unsafe { self.stream.alloc::<u8>(size) }
    }

    /// Gives everything spare back to the device, which is done when this returns.
    fn trim(&self) -> Result<(), DriverError> {
        let spare = std::mem::take(&mut self.state().spare);
        drop(spare);
        self.stream.synchronize()
    }

    fn exhausted(&self, size: usize) -> String {
        let mebibytes = |bytes: usize| bytes.div_ceil(1 << 20);
        let free = self.stream.context().mem_get_info().map_or(0, |(free, _)| free);
        format!(
            "out of memory: {} MiB more were needed, {} MiB are in use here and {} MiB free; make the picture smaller, or close \
             other programs that use the GPU",
            mebibytes(size),
            mebibytes(self.memory().in_use),
            mebibytes(free)
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Allocator {
    /// Freeing wants the context current in the thread that happens to hold the last tensor; else the memory would be lost.
    fn drop(&mut self) {
        // An error here leaves nothing to do.
        let _ = self.stream.context().bind_to_thread();
    }
}

impl State {
    /// The smallest spare memory that is large enough and not much larger.
    fn take(&mut self, size: usize) -> Option<CudaSlice<u8>> {
        let (&found, slices) = self.spare.range_mut(size..=size.saturating_add(size / 4)).next()?;
        let slice = slices.pop();
        if slices.is_empty() {
            self.spare.remove(&found);
        }
        slice
    }
}

impl Block {
    /// Its address on the device.
    pub(crate) fn pointer(&self) -> sys::CUdeviceptr {
        self.pointer
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let Some(slice) = self.slice.take() else { return };
        let mut state = self.allocator.state();
        state.account.in_use -= slice.len();
        state.spare.entry(slice.len()).or_default().push(slice);
    }
}

impl fmt::Debug for Allocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Allocator {:?}", self.memory())
    }
}
