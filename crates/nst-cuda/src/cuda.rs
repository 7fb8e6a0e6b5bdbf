//! The device itself: its stream, and how it keeps tensors.

use crate::allocator::Block;
use crate::array::Array;
use crate::kernels::histogram::Bins;
use crate::stream::Stream;
use crate::{Precision, Result};
use nst_tensor::{Binning, Buffer, Tensor};
use std::sync::Arc;

/// A GPU.
#[derive(Debug)]
pub(crate) struct Cuda {
    pub(crate) stream: Stream,
    pub(crate) precision: Precision,
}

/// A result of an operation.
pub(crate) type Done<T> = nst_tensor::Result<T>;

impl Cuda {
    pub(crate) fn open(ordinal: usize, precision: Precision) -> Result<Self> {
        Ok(Self { stream: Stream::open(ordinal, precision)?, precision })
    }

    /// What is kept of a tensor.
    pub(crate) fn array<'a>(&self, tensor: &'a Tensor) -> Done<&'a Array> {
        self.found(tensor.buffer(), "read a tensor")
    }

    /// How values are counted, as the kernels want it.
    pub(crate) fn bins<'a>(&self, binning: &'a Binning) -> Done<Bins<'a>> {
        let weights = binning.weights.as_ref().map(|weights| self.array(weights)).transpose()?;
        Ok(Bins { count: binning.bins, grid: self.array(&binning.grid)?, weights })
    }

    /// What is kept in a buffer.
    pub(crate) fn found<'a, T: 'static>(&self, buffer: &'a Buffer, operation: &'static str) -> Done<&'a T> {
        buffer
            .downcast_ref()
            .ok_or_else(|| self.stream.failed(operation, "its storage was made by another kind of device"))
    }

    /// The tensor as `update` changes it: in place where nobody else holds it.
    pub(crate) fn updated(
        &self,
        operation: &'static str,
        tensor: Tensor,
        update: impl FnOnce(&Block) -> Done<()>,
    ) -> Done<Buffer> {
        let len = tensor.shape().len();
        let mut held = tensor.into_buffer();
        let sole = Arc::get_mut(&mut held).is_some();
        let array: &Array = self.found(&held, operation)?;
        if sole {
            update(&array.0)?;
            return Ok(held);
        }
        let copy = self.stream.floats(operation, len)?;
        #[expect(unsafe_code, reason = "a copy between device addresses")]
        // SAFETY: both have the tensor's shape.
        unsafe {
            self.stream.copy(operation, array.pointer(), copy.pointer(), size_of::<f32>() * len)?;
        }
        update(&copy)?;
        Ok(buffer(copy))
    }
}

/// A buffer of nst-tensor.
pub(crate) fn buffer(block: Block) -> Buffer {
    Arc::new(Array(block))
}
