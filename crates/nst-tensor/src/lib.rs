//! Tensors on devices: the numeric ground that everything else in the house stands on.
//!
//! - A [`Tensor`] is a dense row-major array of `f32` on a [`Device`]: no strides, no views. Images and feature maps are
//!   NHWC (`[batch, height, width, channels]`), filters OIHW, a scalar has the empty shape.
//! - A [`Device`] holds a [`Backend`], the trait that lists every operation a device must have; [`Device::cpu`] is the one
//!   that comes with this crate (ndarray and rayon over nst-kernels). Others implement the trait in their own crates.
//!   A decorator (counting, timing, checking) is a backend that holds another; [`Counting`] is one.
//! - Operations check shapes and devices and return [`Error`]s that say what was expected and what came.
//!
//! **What it does not know:** no gradients as a concept (an operation's backward is just another operation), no network,
//! no image files.
//!
//! **Determinism.** On the CPU the same operation on the same values gives the same bytes, whatever the number of threads.
//!
//! ```
//! use nst_tensor::{Device, Tensor};
//!
//! # fn main() -> Result<(), nst_tensor::Error> {
//! let device = Device::cpu();
//! let features = Tensor::new(&device, [1, 1, 3, 2], &[1.0, 0.0, 2.0, 1.0, 0.0, 3.0])?;
//! let gram = features.gram()?; // 2 x 2: the sum over positions of the products of channels
//! assert_eq!(gram.to_vec()?, [5.0, 2.0, 2.0, 10.0]);
//! # Ok(())
//! # }
//! ```

mod backend;
mod counting;
mod cpu;
mod device;
mod error;
mod filter;
mod gate;
mod ops;
mod shape;
mod tensor;

pub use backend::{Backend, Buffer, Map, Memory, Zip};
pub use counting::Counting;
pub use device::Device;
pub use error::{Error, Result};
pub use filter::Filter;
pub use gate::{Epilogue, Gate};
pub use nst_kernels::{
    Activation, Border, Conv2d, Interpolation, Padding, Pool2d, Pooling, Region, Taps, Transpose, Variation,
};
pub use ops::Binning;
pub use shape::Shape;
pub use tensor::Tensor;
