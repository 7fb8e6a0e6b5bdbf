//! The filter of a convolution, packed for a device.

use crate::{Buffer, Device, Result, Tensor};
use std::fmt;

/// A convolution's filter, laid out once as the device wants it and used by many passes. Cloning shares it.
#[derive(Clone)]
pub struct Filter {
    device: Device,
    packed: Buffer,
    out_channels: usize,
    in_channels: usize,
    kernel: [usize; 2],
}

impl Filter {
    /// Packs a filter of shape `[out channels, in channels, height, width]`.
    ///
    /// # Errors
    /// If it has another rank or a side of zero, or the device fails.
    pub fn new(oihw: &Tensor) -> Result<Self> {
        let &[out_channels, in_channels, height, width] = oihw.shape().dims() else {
            return Err(crate::Error::shape(
                "filter",
                "[out channels, in channels, height, width]",
                oihw.shape(),
            ));
        };
        if oihw.shape().is_empty() {
            return Err(crate::Error::shape("filter", "no extent of zero", oihw.shape()));
        }
        let packed = oihw.device().backend().pack_filter(oihw)?;
        Ok(Self { device: oihw.device().clone(), packed, out_channels, in_channels, kernel: [height, width] })
    }

    /// Where it lives.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Channels of the output.
    pub fn out_channels(&self) -> usize {
        self.out_channels
    }

    /// Channels of the input.
    pub fn in_channels(&self) -> usize {
        self.in_channels
    }

    /// Height and width.
    pub fn kernel(&self) -> [usize; 2] {
        self.kernel
    }

    pub(crate) fn packed(&self) -> &Buffer {
        &self.packed
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { out_channels, in_channels, kernel: [height, width], device, .. } = self;
        write!(f, "Filter [{out_channels}, {in_channels}, {height}, {width}] on {device:?}")
    }
}
