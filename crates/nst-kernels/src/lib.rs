//! Kernels of a convolutional network on the CPU: slices in, slices out.
//!
//! This is the bottom of the house. It holds the loops that take nearly all the time of a style transfer:
//! convolution and its two gradients, matrix products, the Gram matrix, histograms, pooling, total variation, sums; and what
//! pictures, tiles and masks need: resizing, crops, borders.
//!
//! **What it does not know:** no tensor, no device, no tape, no network. A routine takes slices and a small geometry
//! struct, checks that the lengths fit (and panics if they do not: that is a defect of the caller), and returns slices or
//! sums. Callers who take shapes from users check them first.
//!
//! **Layouts.** Images and feature maps are NHWC (channels last), filters OIHW, matrices row-major.
//!
//! **Speed.** Convolutions with 3x3 filters between many channels take a quarter of the multiplications, by Winograd's
//! algorithm; all others, the matrix product and the Gram matrix are built on a register-blocked inner routine. [`Isa`]
//! chooses AVX-512, AVX2+FMA or a portable version of each at run time. Work is split over the current rayon pool, and
//! scratch memory is kept in a [`Workspace`] from call to call.
//!
//! **Determinism.** Every sum is taken in an order that depends on the shapes and the [`Isa`] alone, never on the number
//! of threads.
//!
//! ```
//! use nst_kernels::{Conv2d, Epilogue, Isa, PackedFilter, Workspace};
//!
//! // One 3x3 filter of ones over a 4x4 image of ones: each inner pixel sees nine, each corner four.
//! let conv = Conv2d { batch: 1, height: 4, width: 4, in_channels: 1, out_channels: 1, kernel: [3, 3], padding: 1 };
//! let filter = PackedFilter::new(Isa::best(), &conv, &[1.0; 9]);
//! let mut output = vec![0.0; conv.output_len()];
//! conv.forward(&Workspace::new(), &[1.0; 16], &filter, Epilogue::default(), &mut output, None);
//! assert_eq!(output[5], 9.0);
//! assert_eq!(output[0], 4.0);
//! ```

#![expect(
    clippy::inline_always,
    reason = "a SIMD routine must be inlined into the function that enables its instructions"
)]

mod arena;
mod conv2d;
mod crop;
mod filter;
mod gate;
mod gram;
mod histogram;
mod isa;
mod long_vectors;
mod matmul;
mod pad;
mod peak;
mod plane;
mod pool;
mod reduce;
pub mod reference;
mod region;
mod resize;
mod rows;
mod taps;
mod tile;
mod total_variation;
mod vector;
mod winograd;
mod workspace;

pub use arena::{Arena, Block};
pub use conv2d::{Activation, Conv2d, Epilogue};
pub use crop::{Region, add_region, crop};
pub use filter::PackedFilter;
pub use gate::Gate;
pub use gram::{Update, gram, gram_backward};
pub use histogram::{Bins, histogram, histogram_backward};
pub use isa::Isa;
pub use long_vectors::{dots, linear_combination};
pub use matmul::{Transpose, matmul};
pub use pad::{Border, Padding, pad};
pub use peak::peak_flops;
pub use pool::{Pool2d, Pooling};
pub use reduce::{channel_sums, sum};
pub use resize::resize;
pub use taps::{Interpolation, Taps};
pub use total_variation::{Variation, total_variation, total_variation_backward};
pub use workspace::Workspace;
