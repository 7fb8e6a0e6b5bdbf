//! How far an image's features are from the content image's, position by position.

use crate::{Error, Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::Tensor;

/// How the summed squared difference of features is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentScaling {
    /// The mean over all elements (jcjohnson's neural-style, the PyTorch tutorial).
    MeanSquare,
    /// Half the sum (Gatys, Ecker and Bethge 2015, eq. 1).
    HalfSum,
}

/// `scale * sum over positions and channels of (F - F_content)²`.
#[derive(Clone, Debug)]
pub struct ContentLoss {
    scaling: ContentScaling,
    target: Tensor,
}

impl ContentLoss {
    /// The loss toward the content image's features, `[batch, height, width, channels]`.
    pub fn new(scaling: ContentScaling, target: Tensor) -> Self {
        Self { scaling, target }
    }
}

impl Loss for ContentLoss {
    /// One sum: that of the squared differences.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let (got, expected) = (features.value().shape(), self.target.shape());
        if got != expected {
            let (expected, got) = (expected.to_string(), got.to_string());
            return Err(Error::Mismatch { loss: "content loss", expected, got });
        }
        let difference = features.sub(&Var::constant(self.target.clone()))?;
        let sum = guide::rooted(&difference, guide)?.square()?.sum()?;
        Ok(Statistic { sums: vec![sum], positions: guide::positions(features, guide) })
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        statistic.expect("content loss", 1)?;
        let elements = statistic.positions * self.target.shape().channels() as f64;
        let scale = match self.scaling {
            ContentScaling::MeanSquare => 1.0 / elements as f32,
            ContentScaling::HalfSum => 0.5,
        };
        Ok(statistic.sums[0].scale(scale)?)
    }
}
