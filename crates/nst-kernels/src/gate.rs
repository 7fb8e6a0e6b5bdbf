//! What a ReLU and a pooling behind a convolution let through on the way back: one bit for each of its outputs.

use crate::plane::Plane;
use crate::pool::Pooling;

/// How a gradient gets back through the ReLU and the pooling that followed a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate<'a> {
    /// The pooling that followed, if one did: the gradient is then that of the pooled output. Each window's gradient goes
    /// to its positions whose bit is set, all four where there are no bits; of an average pooling a quarter to each.
    pub pooling: Option<Pooling>,
    /// One bit for each output of the convolution, set where the gradient passes: `[batch, height, width, channels / 8]`
    /// (rounded up), channel c in bit c % 8 of byte c / 8. None where everything passes. Bits beyond the last channel, and
    /// of a last odd row or column that a pooling leaves out, may be anything.
    pub bits: Option<&'a [u8]>,
}

/// The bits of `count` channels, at most sixteen.
///
/// # Safety
/// `from` is valid for one byte, for two where `count` is more than eight.
#[expect(unsafe_code, reason = "read in the innermost loops")]
#[inline(always)]
pub(crate) unsafe fn read(from: *const u8, count: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        let low = u32::from(*from);
        if count > 8 { low | u32::from(*from.add(1)) << 8 } else { low }
    }
}

/// Writes the bits of `count` channels, at most sixteen.
///
/// # Safety
/// `to` is valid for one byte, for two where `count` is more than eight.
#[expect(unsafe_code, reason = "written in the innermost loops")]
#[inline(always)]
pub(crate) unsafe fn write(to: *mut u8, bits: u32, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let [low, high, ..] = bits.to_le_bytes();
        *to = low;
        if count > 8 {
            *to.add(1) = high;
        }
    }
}

impl Gate<'_> {
    /// Whether everything passes unchanged.
    pub(crate) fn is_open(&self) -> bool {
        self.pooling.is_none() && self.bits.is_none()
    }

    /// Writes what comes through of `gradient`, one row of the convolution's output `row` (of all images): for
    /// convolutions that do not read through gates themselves.
    pub(crate) fn pass_row(&self, plane: Plane, gradient: &[f32], row: usize, to: &mut [f32]) {
        let Plane { height, width, channels } = plane;
        let (image, y) = (row / height, row % height);
        let stored = if self.pooling.is_some() { plane.pooled() } else { plane };
        let scale = if self.pooling == Some(Pooling::Average) { 0.25 } else { 1.0 };
        for (x, to) in to.chunks_exact_mut(channels).enumerate() {
            let (from_y, from_x) = if self.pooling.is_some() { (y / 2, x / 2) } else { (y, x) };
            if from_y >= stored.height || from_x >= stored.width {
                to.fill(0.0);
                continue;
            }
            let at = ((image * stored.height + from_y) * stored.width + from_x) * channels;
            let from = &gradient[at..at + channels];
            let Some(bits) = self.bits else {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = scale * from);
                continue;
            };
            let bits = &bits[(row * width + x) * plane.bit_bytes()..][..plane.bit_bytes()];
            for ((to, from), &bits) in to.chunks_mut(8).zip(from.chunks(8)).zip(bits) {
                for (bit, (to, from)) in to.iter_mut().zip(from).enumerate() {
                    *to = if bits >> bit & 1 == 1 { scale * from } else { 0.0 };
                }
            }
        }
    }
}
