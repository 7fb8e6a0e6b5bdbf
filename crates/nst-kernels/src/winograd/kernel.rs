//! The routines of each instruction set.

#![expect(unsafe_code, reason = "each routine is compiled for its instruction set")]

use super::filter;
use super::input::{self, Source};
use super::output::{self, Destination};
use super::product::{self, Extents};
use crate::vector::{Portable, Vector};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
use std::ops::Range;

/// The routines of one instruction set, and the shape of their register tile.
#[derive(Clone, Copy)]
pub(crate) struct WinogradKernel {
    /// Channels of one register.
    pub(super) lanes: usize,
    /// Tiles of one product.
    pub(super) rows: usize,
    /// Outputs of one product: a panel of the packed filter.
    pub(super) columns: usize,
    /// [`filter::transform`].
    pub(super) transform_filter: unsafe fn(*const f32, usize, usize, *mut f32, usize),
    /// [`input::transform`].
    pub(super) transform_input: unsafe fn(&Source<'_>, Range<usize>, *mut f32, usize),
    /// [`product::multiply`] of at least as many tiles and outputs as it is told.
    pub(super) multiply: unsafe fn(Extents, *const f32, *const f32, *mut f32),
    /// [`output::transform`].
    pub(super) transform_output: unsafe fn(&Destination<'_>, Range<usize>, usize, *const f32, usize),
}

/// A constructor of the routines on registers `$vector`: products of `$rows` tiles (`$two_thirds` or `$third` of them
/// where no more are left) and `$wide` registers of outputs.
macro_rules! kernel {
    ($name:ident, $vector:ty, [$rows:literal, $two_thirds:literal, $third:literal], $wide:literal $(, $features:literal)?) => {
        pub(crate) fn $name() -> Self {
            // SAFETY of all four: passed on to the caller; the features are those of the vector.
            $(#[target_feature(enable = $features)])?
            unsafe fn transform_filter(panel: *const f32, inputs: usize, row: usize, to: *mut f32, slab: usize) {
                // SAFETY: as above.
                unsafe { filter::transform::<$vector, $wide>(panel, inputs, row, to, slab) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn transform_input(source: &Source<'_>, tiles: Range<usize>, to: *mut f32, slab: usize) {
                // SAFETY: as above.
                unsafe { input::transform::<$vector, $rows>(source, tiles, to, slab) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn multiply(extents: Extents, v: *const f32, u: *const f32, sums: *mut f32) {
                let Extents { tiles, inputs, outputs } = extents;
                // SAFETY: as above.
                unsafe {
                    match (outputs > <$vector>::LANES, tiles) {
                        (false, 0..=$third) => product::multiply::<$vector, $rows, $third, $wide, 1>(v, u, inputs, sums),
                        (false, _) => product::multiply::<$vector, $rows, $rows, $wide, 1>(v, u, inputs, sums),
                        (true, 0..=$third) => product::multiply::<$vector, $rows, $third, $wide, $wide>(v, u, inputs, sums),
                        (true, 0..=$two_thirds) => product::multiply::<$vector, $rows, $two_thirds, $wide, $wide>(v, u, inputs, sums),
                        (true, _) => product::multiply::<$vector, $rows, $rows, $wide, $wide>(v, u, inputs, sums),
                    }
                }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn transform_output(to: &Destination<'_>, tiles: Range<usize>, panel: usize, sums: *const f32, slab: usize) {
                // SAFETY: as above.
                unsafe { output::transform::<$vector, $wide>(to, tiles, panel, sums, slab) }
            }
            let lanes = <$vector>::LANES;
            Self { lanes, rows: $rows, columns: $wide * lanes, transform_filter, transform_input, multiply, transform_output }
        }
    };
}

impl WinogradKernel {
    #[cfg(test)]
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    kernel!(portable, Portable, [4, 3, 2], 1);
    #[cfg(target_arch = "x86_64")]
    kernel!(avx2, __m256, [6, 4, 2], 2, "avx2,fma");
    #[cfg(target_arch = "x86_64")]
    kernel!(avx512, __m512, [12, 8, 4], 2, "avx512f");
}
