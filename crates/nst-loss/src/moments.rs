//! How far the mean and spread of each channel are from the style image's.

use crate::{Error, Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::{Map, Tensor, Zip};

/// What batch normalisation adds to a variance (Ioffe and Szegedy 2015), so that its root has a derivative at 0.
const EPSILON: f32 = 1e-5;

/// The mean over channels of `(μ - μ_style)² + (σ - σ_style)²`, with each channel's mean μ and standard deviation
/// `σ = √(variance + 1e-5)`: the matching of batch normalisation's statistics by Li, Wang, Liu and Hou 2017
/// ("Demystifying Neural Style Transfer"), scaled as there.
///
/// It leaves correlations between channels out of the style. In the units of squared features, as the content loss: other
/// than of Gram matrices, whose loss is in fourth powers.
#[derive(Clone, Debug)]
pub struct MomentsLoss {
    mean: Tensor,
    deviation: Tensor,
}

impl MomentsLoss {
    /// The descriptor of features `[.., channels]`, to be a target: `[2, channels]`, the means above the deviations. Blend
    /// styles by averaging descriptors.
    ///
    /// # Errors
    /// If there is no position, the guide has others, or the device fails.
    pub fn descriptor(features: &Tensor, guide: Option<&Guide>) -> Result<Tensor> {
        let (mean, deviation) = moments(&sums(&Var::constant(features.clone()), guide)?)?;
        let rows = Tensor::download(&[mean.value(), deviation.value()])?;
        let channels = features.shape().channels();
        Ok(Tensor::new(features.device(), [2, channels], &rows.concat())?)
    }

    /// The loss toward a style's descriptor.
    ///
    /// # Errors
    /// If the descriptor has another shape than [`MomentsLoss::descriptor`]'s, or the device fails.
    pub fn new(target: &Tensor) -> Result<Self> {
        let [2, channels] = *target.shape().dims() else {
            return Err(mismatch("a descriptor [2, channels]", target.shape().to_string()));
        };
        let values = target.to_vec()?;
        let row = |row: usize| {
            Tensor::new(target.device(), [channels], &values[row * channels..(row + 1) * channels])
        };
        Ok(Self { mean: row(0)?, deviation: row(1)? })
    }
}

fn mismatch(expected: impl Into<String>, got: String) -> Error {
    Error::Mismatch { loss: "moments loss", expected: expected.into(), got }
}

/// The sums over positions of F and of F².
fn sums(features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
    let rooted = guide::rooted(features, guide)?;
    let x = rooted.value().clone();
    // In one step, so that the way back does not hold the squares' gradient besides.
    let squares = Var::record(x.map(Map::Square)?.channel_sums()?, &[&rooted], move |cotangent, _| {
        Ok(vec![Some(x.zip(&cotangent.scale(2.0)?, Zip::Mul)?)])
    })?;
    let sums = vec![guide::weighted(features, guide)?.channel_sums()?, squares];
    Ok(Statistic { sums, positions: guide::positions(features, guide) })
}

/// Each channel's mean and standard deviation.
fn moments(statistic: &Statistic) -> Result<(Var, Var)> {
    statistic.expect("moments loss", 2)?;
    let per_position = 1.0 / statistic.positions as f32;
    let mean = statistic.sums[0].scale(per_position)?;
    // Rounding may make the variance of a constant channel negative.
    let variance = statistic.sums[1].scale(per_position)?.sub(&mean.square()?)?.relu()?;
    let epsilon = Var::constant(Tensor::full(mean.value().device(), [], EPSILON)?);
    let deviation = variance.add(&epsilon)?.sqrt()?;
    Ok((mean, deviation))
}

impl Loss for MomentsLoss {
    /// Two sums for each channel: of its values and of their squares.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let (shape, channels) = (features.value().shape(), self.mean.shape().len());
        if shape.channels() != channels {
            return Err(mismatch(format!("{channels} channels"), shape.to_string()));
        }
        sums(features, guide)
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        let (mean, deviation) = moments(statistic)?;
        let squares = |x: &Var, target: &Tensor| x.sub(&Var::constant(target.clone()))?.square()?.sum();
        let sum = squares(&mean, &self.mean)?.add(&squares(&deviation, &self.deviation)?)?;
        Ok(sum.scale(1.0 / self.mean.shape().len() as f32)?)
    }
}
