//! Filters laid out for the routines that multiply them: panels as wide as a register tile, of `tile` and `winograd` alike.

use crate::{Conv2d, Isa};
use rayon::prelude::*;
use std::sync::OnceLock;

/// The filter of a convolution, packed once for one [`Isa`] and used by many passes.
///
/// Layout: panels of as many output channels as a tile has columns, the last panel with zeros behind; each `[tap][input channel][column]`, or
/// `[input channel][tap][column]` for Winograd's algorithm, which takes all taps of a channel at a time. The layout for the gradient with
/// respect to the data is made when it is first needed.
pub struct PackedFilter {
    isa: Isa,
    winograd: bool,
    taps: usize,
    in_channels: usize,
    out_channels: usize,
    forward: Vec<f32>,
    backward: OnceLock<Vec<f32>>,
}

impl PackedFilter {
    /// Packs `oihw`, of shape `[out_channels, in_channels, kernel height, kernel width]`.
    ///
    /// # Panics
    /// If the length of `oihw` does not fit `conv`, or there are no channels on either side.
    pub fn new(isa: Isa, conv: &Conv2d, oihw: &[f32]) -> Self {
        let taps = conv.kernel[0] * conv.kernel[1];
        let (in_channels, out_channels) = (conv.in_channels, conv.out_channels);
        assert_eq!(oihw.len(), out_channels * in_channels * taps, "filter of {conv:?}");
        assert!(in_channels > 0 && out_channels > 0, "filter of {conv:?}");
        let columns = isa.tile_kernel().columns;
        let winograd = conv.by_winograd();
        let forward = panels(winograd, [out_channels, taps, in_channels], columns, |o, tap, i| {
            oihw[(o * in_channels + i) * taps + tap]
        });
        Self { isa, winograd, taps, in_channels, out_channels, forward, backward: OnceLock::new() }
    }

    /// The instruction set it was packed for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Bytes it holds at present.
    pub fn bytes(&self) -> usize {
        (self.forward.len() + self.backward.get().map_or(0, Vec::len)) * size_of::<f32>()
    }

    /// Whether it belongs to a convolution of this geometry.
    pub(crate) fn fits(&self, conv: &Conv2d) -> bool {
        (self.winograd, self.taps, self.in_channels, self.out_channels)
            == (conv.by_winograd(), conv.kernel[0] * conv.kernel[1], conv.in_channels, conv.out_channels)
    }

    /// Panels of output channels.
    pub(crate) fn forward(&self) -> &[f32] {
        &self.forward
    }

    /// Panels of input channels over the rotated filter with its channels swapped: the gradient with respect to the data
    /// is the convolution of the output's gradient with it.
    pub(crate) fn backward(&self) -> &[f32] {
        if let Some(packed) = self.backward.get() {
            return packed;
        }
        // Packed outside `get_or_init`: a thread that waits for parallel work may take up another convolution with this
        // filter, and would wait for itself inside. Two threads at once pack the same values; one packing is kept.
        let columns = self.isa.tile_kernel().columns;
        let panel = self.taps * self.in_channels * columns;
        let packed =
            panels(self.winograd, [self.in_channels, self.taps, self.out_channels], columns, |i, tap, o| {
                let rotated = self.taps - 1 - tap;
                let row = row(self.winograd, [self.taps, self.in_channels], rotated, i);
                self.forward[o / columns * panel + row * columns + o % columns]
            });
        self.backward.get_or_init(|| packed)
    }
}

/// Which row of a panel belongs to a tap and an input channel.
fn row(winograd: bool, [taps, inputs]: [usize; 2], tap: usize, input: usize) -> usize {
    if winograd { input * taps + tap } else { tap * inputs + input }
}

/// Panels of `columns` outputs, from a function of `(output, tap, input)`.
fn panels(
    winograd: bool,
    [outputs, taps, inputs]: [usize; 3],
    columns: usize,
    value: impl Fn(usize, usize, usize) -> f32 + Sync,
) -> Vec<f32> {
    let panel = taps * inputs * columns;
    let mut packed = vec![0.0; outputs.div_ceil(columns) * panel];
    packed.par_chunks_exact_mut(panel.max(1)).enumerate().for_each(|(index, to)| {
        let first = index * columns;
        for tap in 0..taps {
            for input in 0..inputs {
                let row = &mut to[row(winograd, [taps, inputs], tap, input) * columns..][..columns];
                for (to, output) in row.iter_mut().zip(first..outputs) {
                    *to = value(output, tap, input);
                }
            }
        }
    });
    packed
}
