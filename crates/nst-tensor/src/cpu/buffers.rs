//! How the backend makes and reads its buffers.

use super::Cpu;
use super::array::Array;
use super::filter::Filter;
use super::store::Element;
use crate::backend::Buffer;
use crate::{Conv2d, Error, Result, Tensor};
use nst_kernels::PackedFilter;
use std::sync::Arc;

impl Cpu {
    pub(super) fn foreign(&self, operation: &'static str) -> Error {
        use crate::Backend;
        Error::Backend { operation, device: self.name(), message: "a buffer of another backend".into() }
    }

    pub(super) fn values<'a>(&self, tensor: &'a Tensor) -> Result<&'a [f32]> {
        let array: Option<&Array> = tensor.buffer().downcast_ref();
        Ok(array.ok_or_else(|| self.foreign("read a tensor"))?.values())
    }

    pub(super) fn optional<'a>(&self, tensor: Option<&'a Tensor>) -> Result<Option<&'a [f32]>> {
        tensor.map(|tensor| self.values(tensor)).transpose()
    }

    pub(super) fn filter<'a>(&self, filter: &'a Buffer) -> Result<&'a Filter> {
        filter.downcast_ref().ok_or_else(|| self.foreign("read a filter"))
    }

    /// A filter (OIHW), packed.
    pub(super) fn packed(&self, oihw: &Tensor) -> Result<Buffer> {
        let &[out_channels, in_channels, height, width] = oihw.shape().dims() else {
            return Err(Error::shape(
                "pack_filter",
                "[out channels, in channels, height, width]",
                oihw.shape(),
            ));
        };
        let conv = Conv2d {
            batch: 0,
            height,
            width,
            in_channels,
            out_channels,
            kernel: [height, width],
            padding: 0,
        };
        let values = self.values(oihw)?;
        let packed = self.run(|| PackedFilter::new(self.isa, &conv, values));
        Ok(Arc::new(Filter::new(packed, &self.store)))
    }

    /// An array of any values. An error instead of an abort where the system refuses so much memory.
    pub(super) fn array<T: Element>(&self, len: usize) -> Result<Array<T>> {
        use crate::Backend;
        Array::new(&self.store, len).ok_or_else(|| Error::Backend {
            operation: "allocate",
            device: self.name(),
            message: format!("out of memory: a tensor of {len} values does not fit; use smaller pictures"),
        })
    }

    /// A new buffer of `len` values that `write` fills.
    pub(super) fn written(&self, len: usize, write: impl FnOnce(&mut [f32]) + Send) -> Result<Buffer> {
        let mut array = self.array(len)?;
        let values = array.values_mut();
        self.run(|| write(values));
        Ok(Arc::new(array))
    }

    /// The tensor's values as `update` changes them: in place where nobody else holds them.
    pub(super) fn updated(&self, tensor: Tensor, update: impl FnOnce(&mut [f32]) + Send) -> Result<Buffer> {
        let mut buffer = tensor.into_buffer();
        let in_place = Arc::get_mut(&mut buffer).and_then(|buffer| buffer.downcast_mut::<Array>());
        if let Some(array) = in_place {
            self.run(|| update(array.values_mut()));
            return Ok(buffer);
        }
        let array: &Array = buffer.downcast_ref().ok_or_else(|| self.foreign("read a tensor"))?;
        self.written(array.values().len(), |output| {
            output.copy_from_slice(array.values());
            update(output);
        })
    }

    pub(super) fn scalar(&self, value: f64) -> Result<Buffer> {
        self.written(1, |output| output.fill(value as f32))
    }
}
