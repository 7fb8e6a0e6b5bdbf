//! The losses of neural style transfer.
//!
//! Every loss here is a function of sums over positions. [`Loss::statistic`] takes those sums of a feature map (or of the
//! image itself); [`Loss::value`] turns them into a scalar. A style's statistics of several regions add up
//! ([`Statistic::add`]), so its features may be visited in pieces without changing the loss. A [`Guide`] says how much each
//! position counts: with it the same losses are those of a region, with soft edges if need be.
//!
//! | loss | of | statistic | from |
//! |---|---|---|---|
//! | [`ContentLoss`] | features | summed squared difference | Gatys, Ecker and Bethge 2015, eq. 1 |
//! | [`CosineLoss`] | features | summed `1 - cos` of the angle to the content's | |
//! | [`StyleLoss`] with [`StyleKind::Gram`] | features | `FᵀF` | the same, eq. 3 to 5 |
//! | [`StyleLoss`] with [`StyleKind::Covariance`] | features | `FᵀF` and the channel sums | the Gram matrix of centred features |
//! | [`MomentsLoss`] | features | the channel sums of F and F² | Li, Wang, Liu and Hou 2017 |
//! | [`WassersteinLoss`] | features | `FᵀF` and the channel sums | Olkin and Pukelsheim 1982; crowsonkb's style-transfer-pytorch |
//! | [`HistogramLoss`] | features | each channel's histogram | Risser, Wilmot and Barnes 2017 |
//! | [`VariationLoss`] | image | summed differences of neighbours | Rudin, Osher and Fatemi 1992; Mahendran and Vedaldi 2015 |
//! | [`NinePointLoss`] | image | weighted squared differences of neighbours, diagonal ones too | crowsonkb's style-transfer-pytorch |
//!
//! **What it does not know:** which network or layer the features come from, how terms are weighted, how they are
//! minimised.
//!
//! ```
//! use nst_autodiff::{Tape, Var};
//! use nst_loss::{Loss, StyleKind, StyleLoss, StyleScaling, style_descriptor};
//! use nst_tensor::{Device, Tensor};
//!
//! # fn main() -> nst_loss::Result<()> {
//! let device = Device::cpu();
//! // Features of a style image and of another, of different sizes: 2 and 3 positions, 2 channels.
//! let style = Tensor::new(&device, [1, 1, 2, 2], &[1.0, 0.0, 0.0, 2.0])?;
//! let image = Tensor::new(&device, [1, 1, 3, 2], &[1.0, 1.0, 0.0, 2.0, 1.0, 0.0])?;
//!
//! let target = style_descriptor(StyleKind::Gram, &style, None)?;
//! let loss = StyleLoss::new(StyleKind::Gram, StyleScaling::MeanSquare, target)?;
//! let tape = Tape::new();
//! let x = tape.leaf(image);
//! let value = loss.value(&loss.statistic(&x, None)?)?;
//! let gradients = tape.backward(&[(&value, Tensor::full(&device, [], 1.0)?)])?;
//! assert!(gradients.get(&x).is_some());
//! # Ok(())
//! # }
//! ```

mod content;
mod cosine;
mod error;
mod guide;
mod histogram;
mod loss;
mod matrix_root;
mod moments;
mod nine_point;
mod style;
mod transport;
mod variation;
mod wasserstein;

pub use content::{ContentLoss, ContentScaling};
pub use cosine::CosineLoss;
pub use error::{Error, Result};
pub use guide::Guide;
pub use histogram::HistogramLoss;
pub use loss::{Loss, Statistic};
pub use moments::MomentsLoss;
pub use nine_point::NinePointLoss;
pub use nst_tensor::Variation;
pub use style::{StyleKind, StyleLoss, StyleScaling, style_descriptor};
pub use variation::VariationLoss;
pub use wasserstein::WassersteinLoss;
