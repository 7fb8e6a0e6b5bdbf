//! How far an image's feature correlations are from the style image's.

use crate::{Error, Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::Tensor;

/// Which correlations of channels describe a style. Each is a `channels x channels` matrix, the *descriptor*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StyleKind {
    /// The Gram matrix over the number of positions M: `FᵀF / M`. (The paper's eq. 3 is the sum; dividing by M makes
    /// images of different sizes comparable, and every system does it.)
    Gram,
    /// The covariance of channels, `FᵀF / M - μᵀμ` with the channels' means μ: the Gram matrix of centred features, which
    /// leaves the mean activation out of the style (Li, Wang, Liu and Hou 2017, "Demystifying Neural Style Transfer").
    Covariance,
}

/// How the summed squared difference of descriptors (D, of C channels) is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StyleScaling {
    /// The mean over all C² entries of `(ΔD / C)²`, hence `sum ΔD² / C⁴` (jcjohnson's neural-style and the PyTorch
    /// tutorial, which divide the Gram matrix by C M).
    MeanSquare,
    /// `sum ΔD² / (4 C²)` (Gatys, Ecker and Bethge 2015, eq. 4, each Gram matrix over its own M).
    Gatys,
}

/// The descriptor of features `[.., channels]`, of all positions or by the weights of a guide, to be a target; blend styles by
/// adding descriptors up.
///
/// # Errors
/// If there is no position, the guide has others, or the device fails.
pub fn style_descriptor(kind: StyleKind, features: &Tensor, guide: Option<&Guide>) -> Result<Tensor> {
    let statistic = kind.statistic(&Var::constant(features.clone()), guide)?;
    Ok(kind.descriptor(&statistic)?.value().clone())
}

impl StyleKind {
    pub(crate) fn statistic(self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let gram = guide::rooted(features, guide)?.gram()?;
        let sums = match self {
            Self::Gram => vec![gram],
            Self::Covariance => vec![gram, guide::weighted(features, guide)?.channel_sums()?],
        };
        Ok(Statistic { sums, positions: guide::positions(features, guide) })
    }

    pub(crate) fn descriptor(self, statistic: &Statistic) -> Result<Var> {
        statistic.expect("style loss", if self == Self::Gram { 1 } else { 2 })?;
        let per_position = 1.0 / statistic.positions as f32;
        let gram = statistic.sums[0].scale(per_position)?;
        match self {
            Self::Gram => Ok(gram),
            Self::Covariance => {
                let mean = statistic.sums[1].scale(per_position)?;
                let channels = mean.value().shape().len();
                let outer = mean.reshape([channels, 1])?.matmul(&mean.reshape([1, channels])?)?;
                Ok(gram.sub(&outer)?)
            }
        }
    }
}

/// `scale * sum over pairs of channels of (D - D_style)²`.
#[derive(Clone, Debug)]
pub struct StyleLoss {
    kind: StyleKind,
    scaling: StyleScaling,
    target: Tensor,
    channels: usize,
}

impl StyleLoss {
    /// The loss toward a style's descriptor of the same kind.
    ///
    /// # Errors
    /// If the descriptor is no square matrix.
    pub fn new(kind: StyleKind, scaling: StyleScaling, target: Tensor) -> Result<Self> {
        match *target.shape().dims() {
            [rows, columns] if rows == columns => Ok(Self { kind, scaling, target, channels: rows }),
            _ => Err(mismatch("a square matrix as descriptor", target.shape().to_string())),
        }
    }
}

fn mismatch(expected: impl Into<String>, got: String) -> Error {
    Error::Mismatch { loss: "style loss", expected: expected.into(), got }
}

impl Loss for StyleLoss {
    /// The sum of products of channels; for the covariance also the channels' sums.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let shape = features.value().shape();
        if shape.channels() != self.channels {
            return Err(mismatch(format!("{} channels", self.channels), shape.to_string()));
        }
        self.kind.statistic(features, guide)
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        let channels = self.channels as f32;
        let scale = match self.scaling {
            StyleScaling::MeanSquare => channels.powi(-4),
            StyleScaling::Gatys => 0.25 * channels.powi(-2),
        };
        let difference = self.kind.descriptor(statistic)?.sub(&Var::constant(self.target.clone()))?;
        Ok(difference.square()?.sum()?.scale(scale)?)
    }
}
