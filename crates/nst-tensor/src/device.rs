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

    /// The CPU, with rayon's current thread pool.
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

    /// Memory held by tensors on it.
    pub fn memory(&self) -> Memory {
        self.0.memory()
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.0
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
