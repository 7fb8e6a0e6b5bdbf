//! Where tensors live.

use crate::cpu::Cpu;
use crate::{Backend, Memory, Result};
use std::fmt;
use std::sync::Arc;

/// A handle on a [`Backend`]. Cloning it is cheap; two clones are the same device, two calls of [`Device::cpu`] are not:
/// each keeps its own account of memory.
#[derive(Clone)]
pub struct Device(Arc<dyn Backend>);

impl Device {
    /// The device of a backend.
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self(Arc::new(backend))
    }

    /// The CPU, with rayon's current thread pool. From a thread outside the pool, each operation is handed over to the pool, which on small
    /// tensors takes longer than the operation itself; a program avoids that by making its thread one of the pool
    /// (`use_current_thread` of rayon's `ThreadPoolBuilder`), as the `nst` binary does.
    pub fn cpu() -> Self {
        Self::new(Cpu::new())
    }

    /// The CPU, with a pool of `threads` threads of its own. Results do not depend on their number.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub fn cpu_with_threads(threads: usize) -> Result<Self> {
        Ok(Self::new(Cpu::with_threads(threads)?))
    }

    /// The device, in words.
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// The most floating-point operations per second that it can do, measured for a moment: multiply-adds, of two
    /// operations each, of which the CPU does nothing but in registers on all of this device's threads.
    ///
    /// # Errors
    /// If the device fails.
    pub fn peak_flops(&self) -> Result<f64> {
        self.0.peak_flops()
    }

    /// Memory held by tensors on it.
    pub fn memory(&self) -> Memory {
        self.0.memory()
    }

    /// Does work that will be repeated, with the same operations on the same shapes each time: an evaluation of a network,
    /// say. A device may then plan its memory; the CPU gives every tensor that lives within one round a place in one
    /// region, from the second round on, and asks the system for nothing more. It keeps that region as long as it lives. One
    /// thread's rounds are planned at a time; work of others meanwhile is not. Results are the same.
    ///
    /// ```
    /// # fn main() -> Result<(), nst_tensor::Error> {
    /// use nst_tensor::{Device, Tensor};
    ///
    /// let device = Device::cpu();
    /// for round in 0..3 {
    ///     let sum = device.repeated(|| Tensor::full(&device, [512, 3], 0.5)?.gram()?.sum()?.item())?;
    ///     assert_eq!(sum, 9.0 * 512.0 * 0.25, "in round {round}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn repeated<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Ends the round also if the work panics.
        struct Round<'a>(&'a dyn Backend);
        impl Drop for Round<'_> {
            fn drop(&mut self) {
                self.0.end_repeated();
            }
        }
        self.0.begin_repeated();
        let _round = Round(self.backend());
        work()
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.0
    }

    /// The backend itself, for decorators.
    pub(crate) fn shared(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.0)
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Device {}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
