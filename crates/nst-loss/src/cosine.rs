//! How far an image's features point from the content image's, position by position, whatever their lengths.

use crate::{ContentScaling, Error, Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::Transpose::{No, Yes};
use nst_tensor::{Map, Tensor, Zip};

/// This part of the mean squared length of the content's features is added to squared lengths, so that a position without
/// features has a gradient.
const EPSILON: f64 = 1e-6;

/// `scale * sum over positions of 2 (1 - cos θ) m`, where θ is the angle between the features of the image and those of the
/// content at one position, and m the mean over positions of the content's squared length.
///
/// For features of the same length, `2 (1 - cos θ) m` is the squared difference that [`crate::ContentLoss`] sums: weights
/// keep their meaning. But positions count alike, however strong their features, and a change of contrast costs nothing.
#[derive(Clone, Debug)]
pub struct CosineLoss {
    scaling: ContentScaling,
    /// The content's features, of length 1.
    directions: Tensor,
    /// The mean squared length m.
    mean_square: f32,
    /// What is added to squared lengths, a scalar.
    epsilon: Tensor,
    /// A column of ones, to sum over channels and to repeat for each of them.
    ones: Tensor,
}

impl CosineLoss {
    /// The loss toward the content image's features, `[batch, height, width, channels]`.
    ///
    /// # Errors
    /// If there is no position, all features are 0, or the device fails.
    pub fn new(scaling: ContentScaling, target: &Tensor) -> Result<Self> {
        let (device, shape) = (target.device(), target.shape());
        let sum = target.map(Map::Square)?.sum()?.item()?;
        let mean_square = f64::from(sum) / shape.positions() as f64;
        if !(mean_square.is_finite() && mean_square > 0.0) {
            return Err(mismatch("a content with finite features, not all 0", mean_square.to_string()));
        }
        let epsilon = Tensor::full(device, [], (EPSILON * mean_square) as f32)?;
        let ones = Tensor::full(device, [shape.channels(), 1], 1.0)?;
        let inverse = inverse_lengths(&rows(target)?, &epsilon, &ones)?;
        let directions = rows(target)?.zip(&inverse.matmul(No, &ones, Yes)?, Zip::Mul)?.reshape(shape)?;
        Ok(Self { scaling, directions, mean_square: mean_square as f32, epsilon, ones })
    }
}

fn mismatch(expected: impl Into<String>, got: String) -> Error {
    Error::Mismatch { loss: "cosine loss", expected: expected.into(), got }
}

/// The features as a matrix of positions x channels.
fn rows(features: &Tensor) -> nst_tensor::Result<Tensor> {
    features.reshape([features.shape().positions(), features.shape().channels()])
}

/// `1 / √(|f|² + ε)` of each position: a column.
fn inverse_lengths(rows: &Tensor, epsilon: &Tensor, ones: &Tensor) -> nst_tensor::Result<Tensor> {
    let lengths = rows.map(Map::Square)?.matmul(No, ones, No)?.zip(epsilon, Zip::Add)?.map(Map::Sqrt)?;
    Tensor::full(rows.device(), lengths.shape(), 1.0)?.zip(&lengths, Zip::Div)
}

impl Loss for CosineLoss {
    /// One sum: that of `1 - cos`, each position by its weight.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let (shape, expected) = (features.value().shape().clone(), self.directions.shape());
        if &shape != expected {
            return Err(mismatch(expected.to_string(), shape.to_string()));
        }
        let (x, directions, ones) = (rows(features.value())?, rows(&self.directions)?, self.ones.clone());
        let inverse = inverse_lengths(&x, &self.epsilon, &ones)?;
        let cosines = x.zip(&directions, Zip::Mul)?.matmul(No, &ones, No)?.zip(&inverse, Zip::Mul)?;
        let unlike = cosines.map(Map::Affine { scale: -1.0, offset: 1.0 })?;
        let counted = |column: &Tensor| match guide {
            Some(guide) => guide.column(&shape)?.zip(column, Zip::Mul).map_err(Error::from),
            None => Ok(column.clone()),
        };
        let (sum, factor) = (counted(&unlike)?.sum()?, counted(&inverse)?);
        let positions = guide::positions(features, guide);
        // d cos = (t - cos f / |f|) / |f| . df
        let sum = Var::record(sum, &[features], move |cotangent, _| {
            let along = cosines.zip(&inverse, Zip::Mul)?.matmul(No, &ones, Yes)?;
            let factor = factor.matmul(No, &ones, Yes)?;
            let toward = directions.zip(&along.zip(&x, Zip::Mul)?, Zip::Sub)?;
            let gradient = toward.zip(&factor, Zip::Mul)?.zip(&cotangent.scale(-1.0)?, Zip::Mul)?;
            Ok(vec![Some(gradient.reshape(shape)?)])
        })?;
        Ok(Statistic { sums: vec![sum], positions })
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        statistic.expect("cosine loss", 1)?;
        let scale = match self.scaling {
            ContentScaling::MeanSquare => 2.0 / (statistic.positions * self.ones.shape().len() as f64) as f32,
            ContentScaling::HalfSum => 1.0,
        };
        Ok(statistic.sums[0].scale(scale * self.mean_square)?)
    }
}
