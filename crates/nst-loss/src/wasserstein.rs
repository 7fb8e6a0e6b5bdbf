//! How far the Gaussian of an image's features is from the style image's: the cost of moving one into the other.

use crate::matrix_root::{square_root, trace_of_root};
use crate::{Error, Guide, Loss, Result, Statistic, StyleKind};
use nst_autodiff::Var;
use nst_tensor::Tensor;

/// The squared 2-Wasserstein distance of two Gaussians (Olkin and Pukelsheim 1982), over the number of channels:
///
/// `mean over channels of (μ - μ_s)² + mean of the diagonal of (C + C_s - 2 (C_s^½ C C_s^½)^½)`
///
/// with the means μ and the covariances C of the channels, a *ridge* (1e-4, say) added to the diagonals of both
/// (crowsonkb's style-transfer-pytorch). In the units of squared features, as the content loss.
///
/// The trace of that root depends on the eigenvalues of `C C_s` alone. Any L with `L Lᵀ = C_s` will do for `C_s^½`, so it is
/// Cholesky's factor, taken once, on the host and in double precision. On the device, products of matrices give
/// `tr (Lᵀ C L)^½` and its derivative with respect to C, `½ L (Lᵀ C L)^-½ Lᵀ`. The iteration for them finds roots down to
/// 1e-3 of the greatest and what lies below only in part, which makes the distance greater, by 0.1 % or less on layers of
/// VGG-16. Value and gradient are always those of one function.
#[derive(Clone, Debug)]
pub struct WassersteinLoss {
    ridge: Tensor,
    identity: Tensor,
    mean: Tensor,
    /// The trace of the style's covariance, a scalar.
    trace: Tensor,
    factor: Tensor,
    factor_transposed: Tensor,
}

impl WassersteinLoss {
    /// crowsonkb's ridge, for a network that sees pixels of about unit variance.
    pub const RIDGE: f64 = 1e-4;

    /// The descriptor of features `[.., channels]`, to be a target: `[channels + 1, channels]`, the means above the second
    /// moments `FᵀF / M`. Blend styles by averaging descriptors.
    ///
    /// # Errors
    /// If there is no position, the guide has others, or the device fails.
    pub fn descriptor(features: &Tensor, guide: Option<&Guide>) -> Result<Tensor> {
        let statistic = StyleKind::Covariance.statistic(&Var::constant(features.clone()), guide)?;
        statistic.expect(NAME, 2)?;
        let values = Tensor::download(&[statistic.sums[1].value(), statistic.sums[0].value()])?;
        let channels = features.shape().channels();
        let descriptor = Tensor::new(features.device(), [channels + 1, channels], &values.concat())?;
        Ok(descriptor.scale(1.0 / statistic.positions as f32)?)
    }

    /// The loss toward a style's descriptor. The ridge is in the features' units, squared.
    ///
    /// # Errors
    /// If the descriptor has another shape than [`WassersteinLoss::descriptor`]'s, the ridge is not above 0 and finite, or
    /// the device fails.
    pub fn new(target: &Tensor, ridge: f64) -> Result<Self> {
        let channels = target.shape().channels();
        if *target.shape().dims() != [channels + 1, channels] {
            return Err(mismatch("a descriptor [channels + 1, channels]", target.shape().to_string()));
        }
        if !(ridge.is_finite() && ridge > 0.0) {
            return Err(mismatch("a ridge above 0 and finite", ridge.to_string()));
        }
        let device = target.device();
        let values = target.to_vec()?;
        let (mean, second) = values.split_at(channels);
        let diagonal = |at: usize| at / channels == at % channels;
        let covariance: Vec<f64> = second
            .iter()
            .enumerate()
            .map(|(at, &second)| {
                let means = f64::from(mean[at / channels]) * f64::from(mean[at % channels]);
                f64::from(second) - means + if diagonal(at) { ridge } else { 0.0 }
            })
            .collect();
        let trace: f64 = covariance.iter().step_by(channels + 1).sum();
        let greatest = second.iter().fold(0.0f32, |greatest, value| greatest.max(value.abs()));
        let factor = square_root(covariance, channels, ridge, ROUNDING * f64::from(greatest));
        let square = |value: &dyn Fn(usize) -> f64| -> Result<Tensor> {
            let values: Vec<f32> = (0..channels * channels).map(|at| value(at) as f32).collect();
            Ok(Tensor::new(device, [channels, channels], &values)?)
        };
        let identity = square(&|at| f64::from(u8::from(diagonal(at))))?;
        Ok(Self {
            ridge: identity.scale(ridge as f32)?,
            identity,
            mean: Tensor::new(device, [channels], mean)?,
            trace: Tensor::full(device, [], trace as f32)?,
            factor: square(&|at| factor[at])?,
            factor_transposed: square(&|at| factor[at % channels * channels + at / channels])?,
        })
    }
}

/// The error of second moments in single precision, relative to the greatest, some roundings together.
const ROUNDING: f64 = 1e-6;

const NAME: &str = "Wasserstein loss";

fn mismatch(expected: impl Into<String>, got: String) -> Error {
    Error::Mismatch { loss: NAME, expected: expected.into(), got }
}

impl Loss for WassersteinLoss {
    /// The sum of products of channels, and the channels' sums.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let (shape, channels) = (features.value().shape(), self.mean.shape().len());
        if shape.channels() != channels {
            return Err(mismatch(format!("{channels} channels"), shape.to_string()));
        }
        StyleKind::Covariance.statistic(features, guide)
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        statistic.expect(NAME, 2)?;
        let constant = |tensor: &Tensor| Var::constant(tensor.clone());
        let channels = self.mean.shape().len();
        let mean = statistic.sums[1].scale(1.0 / statistic.positions as f32)?;
        let covariance = StyleKind::Covariance.descriptor(statistic)?.add(&constant(&self.ridge))?;
        let product =
            constant(&self.factor_transposed).matmul(&covariance)?.matmul(&constant(&self.factor))?;
        let roots = trace_of_root(&product, &self.identity)?;
        let traces = covariance.mul(&constant(&self.identity))?.sum()?.add(&constant(&self.trace))?;
        let means = mean.sub(&constant(&self.mean))?.square()?.sum()?;
        Ok(means.add(&traces.sub(&roots.scale(2.0)?)?)?.scale(1.0 / channels as f32)?)
    }
}
