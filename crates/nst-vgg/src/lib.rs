//! VGG-16 and VGG-19 (Simonyan and Zisserman 2014) as differentiable feature extractors.
//!
//! [`Vgg::features`] runs an image through the network up to the deepest layer asked for and returns the activations of
//! the layers named: `conv4_2` before the ReLU, `relu4_2` after it, `pool4` after the fourth pooling. The image is a
//! variable; the weights are constants, so a backward pass computes the gradient of the image and nothing else.
//!
//! The network sees the pixels its weights were trained on ([`Pixels`]); a [`PixelMap`] makes them from others.
//!
//! **What it does not know:** no losses, no optimizer, no files (`nst-weights` reads those).
//!
//! ```
//! use nst_autodiff::Var;
//! use nst_tensor::{Device, Pooling, Tensor};
//! use nst_vgg::{PixelMap, Vgg};
//! use nst_weights::Weights;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = Device::cpu();
//! let weights = Weights::embedded()?;
//! let layers = ["relu1_2".parse()?, "conv2_1".parse()?];
//! let vgg = Vgg::load(&weights, &device, Pooling::Max, &layers)?;
//!
//! let grey = Tensor::full(&device, [1, 16, 24, 3], 0.5)?; // RGB in 0..1
//! let image = PixelMap::from_rgb(vgg.pixels()).on(&device)?.apply(&Var::constant(grey))?;
//! let features = vgg.features(&image, &layers)?;
//! assert_eq!(features[0].value().shape().dims(), [1, 16, 24, 64]);
//! assert_eq!(features[1].value().shape().dims(), [1, 8, 12, 128]);
//! # Ok(())
//! # }
//! ```

mod error;
mod layer;
mod pixels;
mod vgg;

pub use error::{Error, Result};
pub use layer::Layer;
pub use nst_weights::{Architecture, Pixels};
pub use pixels::{PixelConversion, PixelMap};
pub use vgg::Vgg;
