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
    order: Order,
    kernel: [usize; 2],
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
        let &Conv2d { kernel, in_channels, out_channels, .. } = conv;
        let taps = kernel[0] * kernel[1];
        assert_eq!(oihw.len(), out_channels * in_channels * taps, "filter of {conv:?}");
        assert!(in_channels > 0 && out_channels > 0, "filter of {conv:?}");
        let order = if conv.by_winograd() { Order::InputFirst } else { Order::TapFirst };
        let columns = isa.tile_kernel().columns;
        let forward = order.panels([out_channels, taps, in_channels], columns, |o, tap, i| {
            oihw[(o * in_channels + i) * taps + tap]
        });
        Self { isa, order, kernel, in_channels, out_channels, forward, backward: OnceLock::new() }
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
        (self.kernel, self.in_channels, self.out_channels)
            == (conv.kernel, conv.in_channels, conv.out_channels)
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
        let (columns, taps) = (self.isa.tile_kernel().columns, self.kernel[0] * self.kernel[1]);
        let panel = taps * self.in_channels * columns;
        let packed = self.order.panels([self.in_channels, taps, self.out_channels], columns, |i, tap, o| {
            let row = self.order.row([taps, self.in_channels], taps - 1 - tap, i);
            self.forward[o / columns * panel + row * columns + o % columns]
        });
        self.backward.get_or_init(|| packed)
    }
}

/// How the rows of a panel follow each other.
#[derive(Clone, Copy)]
enum Order {
    TapFirst,
    InputFirst,
}

impl Order {
    /// The row of a tap and an input channel.
    fn row(self, [taps, inputs]: [usize; 2], tap: usize, input: usize) -> usize {
        match self {
            Self::TapFirst => tap * inputs + input,
            Self::InputFirst => input * taps + tap,
        }
    }

    /// Panels of `columns` outputs, from a function of `(output, tap, input)`.
    fn panels(
        self,
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
                    let to = &mut to[self.row([taps, inputs], tap, input) * columns..][..columns];
                    for (to, output) in to.iter_mut().zip(first..outputs) {
                        *to = value(output, tap, input);
                    }
                }
            }
        });
        packed
    }
}
