//! The extents of one image or feature map.

/// `[height, width, channels]` of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Plane {
    pub(crate) fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// What a pooling over 2x2 windows makes of it.
    pub(crate) fn pooled(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2, ..self }
    }

    /// Bytes of a gate's bits for one position.
    pub(crate) fn bit_bytes(self) -> usize {
        self.channels.div_ceil(8)
    }
}
