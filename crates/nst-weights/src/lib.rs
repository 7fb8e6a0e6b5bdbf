//! The weights of VGG-16 and VGG-19, as plain numbers.
//!
//! [`Weights`] holds a network's convolutions with what one must know to use them: the architecture and the pixels it
//! was trained on. They come from the box ([`Weights::embedded`]), from a file ([`Weights::read`]: safetensors, or a
//! `.pth` of torch, which is read as data and never run), or from their publishers ([`fetch`], by a [`Manifest`],
//! verified).
//!
//! The crate knows no tensor, no layer and no image: what to do with the numbers is `nst-vgg`'s affair. It prints
//! nothing, and takes every folder as an argument.
//!
//! ```
//! # fn main() -> nst_weights::Result<()> {
//! use nst_weights::{Architecture, Pixels, Weights};
//!
//! let weights = Weights::embedded()?;
//! assert_eq!((weights.architecture, weights.pixels), (Architecture::Vgg16, Pixels::Bgr255));
//! assert_eq!(weights.convolutions.len(), 13);
//!
//! let conv1_1 = &weights.convolutions[0];
//! assert_eq!(conv1_1.shape, [64, 3, 3, 3]);
//! assert!((conv1_1.bias[0] - 0.73429835).abs() < 5e-4);
//! # Ok(())
//! # }
//! ```

mod architecture;
mod checksum;
mod download;
mod dtype;
mod error;
mod fetch;
mod folder;
mod header;
mod manifest;
mod pixels;
mod pth;
mod safetensors_file;
mod tensor_file;
mod weights;

pub use architecture::Architecture;
pub use checksum::Checksum;
pub use dtype::Dtype;
pub use error::{Error, Result};
pub use fetch::{ConvertOptions, FetchOptions, Fetched, Progress, Proxy, convert, fetch};
pub use folder::{Found, find, list};
pub use manifest::{Entry, Manifest};
pub use pixels::Pixels;
pub use weights::{Convolution, ReadOptions, Weights};
