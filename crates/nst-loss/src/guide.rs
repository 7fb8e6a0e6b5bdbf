//! How much each position counts.

use crate::{Error, Result};
use nst_autodiff::Var;
use nst_tensor::Transpose::No;
use nst_tensor::{Device, Map, Shape, Tensor, Zip};

/// A weight for each position of a feature map: what Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017 ("Controlling
/// Perceptual Factors in Neural Style Transfer", section 4) call a guidance channel. A statistic under a guide is the weighted
/// sum over positions, so that statistics of one picture under guides that add up to 1 add up to the statistic of the whole.
///
/// (The paper multiplies features by the channel T, hence products of features by T²: these weights are T².)
#[derive(Clone, Debug)]
pub struct Guide {
    /// `[positions, 1]`.
    weights: Tensor,
    roots: Tensor,
    total: f64,
}

impl Guide {
    /// From a weight of 0 or more for each position, row by row.
    ///
    /// # Errors
    /// If a weight is negative or not finite, all are 0, or the device fails.
    pub fn new(device: &Device, weights: &[f32]) -> Result<Self> {
        let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        let fits = total.is_finite() && total > 0.0 && weights.iter().all(|&weight| weight >= 0.0);
        if !fits {
            let expected = "finite weights of 0 or more, not all 0".into();
            return Err(Error::Mismatch { loss: "guide", expected, got: format!("a sum of {total}") });
        }
        let weights = Tensor::new(device, [weights.len(), 1], weights)?;
        Ok(Self { roots: weights.map(Map::Sqrt)?, weights, total })
    }

    /// The sum of the weights: how many whole positions count.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The weights of features of this shape, as a column.
    pub(crate) fn column(&self, features: &Shape) -> Result<&Tensor> {
        fitting(&self.weights, features)
    }

    /// The features, each position times its weight.
    pub(crate) fn weighted(&self, features: &Var) -> Result<Var> {
        scaled(features, &self.weights)
    }

    /// The features, each position times the root of its weight: squares and products of these are weighted.
    pub(crate) fn rooted(&self, features: &Var) -> Result<Var> {
        scaled(features, &self.roots)
    }
}

/// What counts of features: all of them, or by a guide's weights.
pub(crate) fn weighted(features: &Var, guide: Option<&Guide>) -> Result<Var> {
    guide.map_or_else(|| Ok(features.clone()), |guide| guide.weighted(features))
}

/// As [`weighted`], for what will be squared.
pub(crate) fn rooted(features: &Var, guide: Option<&Guide>) -> Result<Var> {
    guide.map_or_else(|| Ok(features.clone()), |guide| guide.rooted(features))
}

/// How many positions count.
pub(crate) fn positions(features: &Var, guide: Option<&Guide>) -> f64 {
    guide.map_or_else(|| features.value().shape().positions() as f64, Guide::total)
}

/// Refuses a guide, for a loss that is no sum over positions.
pub(crate) fn refuse(guide: Option<&Guide>, loss: &'static str) -> Result<()> {
    let (expected, got) = ("the whole image".into(), "a guide".into());
    guide.map_or(Ok(()), |_| Err(Error::Mismatch { loss, expected, got }))
}

/// Features times a factor for each position. The factors are repeated for every channel anew where they are needed, because
/// kept they would take as much memory as the features.
fn scaled(features: &Var, factors: &Tensor) -> Result<Var> {
    let factors = fitting(factors, features.value().shape())?.clone();
    let apply = move |x: &Tensor| {
        let ones = Tensor::full(factors.device(), [1, x.shape().channels()], 1.0)?;
        x.zip(&factors.matmul(No, &ones, No)?.reshape(x.shape())?, Zip::Mul)
    };
    let value = apply(features.value())?;
    Ok(Var::record(value, &[features], move |cotangent, _| Ok(vec![Some(apply(&cotangent)?)]))?)
}

/// The column, if it has a factor for each position of `features`.
fn fitting<'a>(column: &'a Tensor, features: &Shape) -> Result<&'a Tensor> {
    let rows = column.shape().len();
    if features.positions() == rows {
        return Ok(column);
    }
    let (expected, got) = (format!("features of {rows} positions"), features.to_string());
    Err(Error::Mismatch { loss: "guide", expected, got })
}
