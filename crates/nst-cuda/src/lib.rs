//! The CUDA device of nst-tensor: every operation of [`nst_tensor::Backend`] as kernels of our own, through NVIDIA's driver
//! alone.
//!
//! - [`open`] makes a [`nst_tensor::Device`] of a GPU; [`gpus`] lists what is there, or says why there is nothing.
//! - Each kernel is a `.cu` file beside its launcher in `kernels/`; the PTX made of it is part of this crate, and the driver
//!   (525 or newer) translates it for the GPU at hand. Nothing of CUDA's toolkit is needed, neither to build nor to run; on a
//!   machine without a driver this crate builds and [`open`] fails.
//! - All memory comes from one caching allocator; work goes to one stream, and the host waits only where
//!   values go there or come back.
//!
//! **What it does not know:** gradients as a concept, networks, images: it knows what a backend must do, and GPUs.
//!
//! **Determinism.** Grids are fixed by extents alone and no kernel uses floating-point atomics: the same operation on the
//! same values gives the same bytes on the same GPU.
//!
//! ```
//! use nst_cuda::{Precision, gpus, open};
//! use nst_tensor::Tensor;
//!
//! # fn main() -> Result<(), nst_tensor::Error> {
//! match open(0, Precision::Float32) {
//!     Ok(device) => assert_eq!(Tensor::full(&device, [3, 2], 2.0)?.sum()?.item()?, 12.0),
//!     Err(error) => println!("no GPU: {error}; {:?}", gpus()),
//! }
//! # Ok(())
//! # }
//! ```

mod allocator;
mod array;
mod backend;
mod cuda;
mod error;
mod gpus;
mod kernels;
mod stream;

pub use error::{Error, Result};
pub use gpus::{Gpu, gpus};

use nst_tensor::Device;

/// How convolutions multiply. Either way, sums over tensors and combinations of them are computed in f64, products of matrices
/// in f32, of which Gram matrices add those over many positions up in f64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// In f32 throughout.
    #[default]
    Float32,
    /// The factors rounded to TF32 (10 bits of mantissa), the sums in f32, by tensor cores: compute capability 8.0.
    TensorFloat32,
}

impl Precision {
    /// `"f32"` or `"tf32"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "f32",
            Self::TensorFloat32 => "tf32",
        }
    }

    /// The least compute capability, major and minor, of a GPU that can do so.
    pub fn needs(self) -> (i32, i32) {
        match self {
            Self::Float32 => (7, 5),
            Self::TensorFloat32 => (8, 0),
        }
    }
}

/// The GPU of this number, as [`gpus`] lists them.
///
/// # Errors
/// If there is no driver, no such GPU, the GPU is too old ([`Precision::needs`]), or the driver fails.
pub fn open(ordinal: usize, precision: Precision) -> Result<Device> {
    Ok(Device::new(cuda::Cuda::open(ordinal, precision)?))
}
