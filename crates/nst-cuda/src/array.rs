//! What the backend keeps in nst-tensor's buffers.

use crate::allocator::Block;
use cudarc::driver::sys::CUdeviceptr;

/// A tensor's elements, or the bits of a gate.
pub(crate) struct Array(pub(crate) Block);

impl Array {
    pub(crate) fn pointer(&self) -> CUdeviceptr {
        self.0.pointer()
    }
}

/// A packed filter, for both directions.
pub(crate) struct Filter {
    pub(crate) forward: Block,
    pub(crate) backward: Block,
}
