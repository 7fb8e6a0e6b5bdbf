//! Neural style transfer as a library: a picture with the content of one and the style of another.
//!
//! [`stylize`] takes a [`Config`], the opened [`Inputs`] and a device, tells an observer of each evaluation ([`Event`]),
//! and returns the best picture found ([`Outcome`]). The method is that of Gatys, Ecker and Bethge, "A Neural Algorithm of
//! Artistic Style" (arXiv 1508.06576): a content loss on a deep layer of VGG and a Gram-matrix loss on several layers,
//! minimised over the pixels with L-BFGS. A [`Preset`] follows the conventions of a published system exactly.
//!
//! **What it does not know:** command lines, terminals, progress bars, the network (weights come opened). It prints
//! nothing and reads no file but the pictures it is told to.
//!
//! ```
//! use nst::{Config, Device, Inputs, Picture, Weights, stylize};
//! use std::ops::ControlFlow;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stripes = (0..32 * 32 * 3).map(|i| (i / 12 % 2) as f32).collect();
//! let inputs = Inputs {
//!     content: Some(Picture::new(32, 32, vec![0.5; 32 * 32 * 3], None)?),
//!     styles: vec![Picture::new(32, 32, stripes, None)?],
//!     init: None,
//!     weights: Weights::embedded()?,
//! };
//! let config = Config { size: 32, iterations: 3, ..Config::default() };
//! let outcome = stylize(&config, inputs, &Device::cpu(), &mut |event| {
//!     println!("{}: {}", event.evaluation.evaluation, event.evaluation.total);
//!     ControlFlow::Continue(())
//! })?;
//! assert!(outcome.best.total < outcome.initial.total);
//! assert_eq!((outcome.picture.width(), outcome.picture.height()), (32, 32));
//! # Ok(())
//! # }
//! ```

mod adam;
mod areas;
mod bands;
mod bench;
mod carry;
mod choices;
pub mod color;
pub mod config;
mod error;
mod event;
mod flat_color;
mod jpeg;
mod kept;
mod layer_weights;
mod mask;
mod minimise;
mod network;
mod objective;
mod picture;
mod picture_file;
mod prepare;
mod preset;
mod pyramid;
mod regions;
mod run;
mod scales;
mod stop;
mod studio;
mod style_losses;
mod style_terms;
mod term;
mod view;
mod whole_file;

pub use bench::{BenchReport, PartTime, bench, random_weights};
pub use config::Config;
pub use error::{Error, Result};
pub use event::{Evaluation, Event};
pub use flat_color::FlatColor;
pub use layer_weights::LayerWeights;
pub use mask::Mask;
pub use nst_tensor::Device;
pub use nst_weights::Weights;
pub use objective::Objective;
pub use picture::Picture;
pub use preset::Preset;
pub use run::{End, Inputs, Outcome, stylize};
pub use studio::{Pictures, Studio, Styles};
pub use term::{Contribution, Part};
pub use whole_file::WholeFile;
