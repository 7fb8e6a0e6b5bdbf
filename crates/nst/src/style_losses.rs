//! The style losses that the settings ask for, and how they are balanced between layers.

use crate::config::{self, Config, LayerBalance};
use crate::{Error, Result};
use nst_autodiff::Var;
use nst_loss::{
    Guide, HistogramLoss, Loss, MomentsLoss, StyleKind, StyleLoss, StyleScaling, WassersteinLoss,
    style_descriptor,
};
use nst_tensor::{Device, Tensor};
use nst_vgg::Pixels;
use std::sync::Arc;

/// One layer's style loss, before it is balanced with the others'.
pub(crate) struct Unbalanced {
    weight: f64,
    loss: Arc<dyn Loss>,
    /// Measured where it counts.
    energy: f64,
}

/// Makes descriptors of styles, and losses toward them.
pub(crate) struct StyleLosses {
    kind: config::StyleLoss,
    scaling: StyleScaling,
    balance: LayerBalance,
    /// [`WassersteinLoss::RIDGE`] in the units of this network's features.
    ridge: f64,
}

impl StyleLosses {
    /// Of this kind, otherwise as the settings say, for a network that sees `pixels`.
    pub(crate) fn new(kind: config::StyleLoss, config: &Config, pixels: Pixels) -> Self {
        // Trained on pixels of unit variance or on the same times 255: features and their squares grow with them.
        let unit: f64 = match pixels {
            Pixels::Rgb01 => 1.0,
            Pixels::Bgr255 => 255.0 * 0.226,
        };
        let scaling = match config.loss_scaling {
            config::LossScaling::MeanSquare => StyleScaling::MeanSquare,
            config::LossScaling::Gatys => StyleScaling::Gatys,
        };
        let ridge = WassersteinLoss::RIDGE * unit * unit;
        Self { kind, scaling, balance: config.layer_balance, ridge }
    }

    /// A style's descriptor in one layer, or of a part of it; descriptors of several styles are averaged by their shares.
    pub(crate) fn descriptor(&self, features: &Tensor, guide: Option<&Guide>) -> Result<Tensor> {
        Ok(match self.kind {
            config::StyleLoss::Gram => style_descriptor(StyleKind::Gram, features, guide)?,
            config::StyleLoss::Covariance => style_descriptor(StyleKind::Covariance, features, guide)?,
            config::StyleLoss::Moments => MomentsLoss::descriptor(features, guide)?,
            config::StyleLoss::Wasserstein => WassersteinLoss::descriptor(features, guide)?,
            config::StyleLoss::Histogram => HistogramLoss::descriptor(features, guide)?,
        })
    }

    /// The loss toward a descriptor, in a layer of this weight.
    pub(crate) fn toward(&self, descriptor: Tensor, weight: f64) -> Result<Unbalanced> {
        let (device, channels) = (descriptor.device().clone(), descriptor.shape().channels());
        let of_matrix = |kind, descriptor| StyleLoss::new(kind, self.scaling, descriptor);
        let loss: Arc<dyn Loss> = match self.kind {
            config::StyleLoss::Gram => Arc::new(of_matrix(StyleKind::Gram, descriptor)?),
            config::StyleLoss::Covariance => Arc::new(of_matrix(StyleKind::Covariance, descriptor)?),
            config::StyleLoss::Moments => Arc::new(MomentsLoss::new(&descriptor)?),
            config::StyleLoss::Wasserstein => Arc::new(WassersteinLoss::new(&descriptor, self.ridge)?),
            config::StyleLoss::Histogram => Arc::new(HistogramLoss::new(&descriptor)?),
        };
        let energy = match self.balance {
            LayerBalance::None => 1.0,
            LayerBalance::Energy => energy(loss.as_ref(), &device, channels)?,
        };
        Ok(Unbalanced { weight, loss, energy })
    }

    /// The losses with their final weights, of the style as a whole: [`LayerBalance`].
    pub(crate) fn balanced(&self, terms: Vec<Unbalanced>) -> Result<Vec<(f64, Arc<dyn Loss>)>> {
        let weights: Vec<f64> = match self.balance {
            LayerBalance::None => terms.iter().map(|term| term.weight).collect(),
            LayerBalance::Energy => {
                balance(&terms.iter().map(|term| (term.weight, term.energy)).collect::<Vec<_>>())
            }
        };
        if let Some(weight) = weights.iter().find(|&&weight| !(weight as f32).is_normal()) {
            let problem = format!("makes a layer's weight {weight:e}, which single precision cannot hold");
            return Err(Error::Setting { setting: "layer-balance", problem });
        }
        Ok(weights.into_iter().zip(terms).map(|(weight, term)| (weight, term.loss)).collect())
    }
}

/// The loss of features that are 0 everywhere.
fn energy(loss: &dyn Loss, device: &Device, channels: usize) -> Result<f64> {
    let nothing = Var::constant(Tensor::full(device, [1, 1, 1, channels], 0.0)?);
    Ok(f64::from(loss.value(&loss.statistic(&nothing, None)?)?.value().item()?))
}

/// From weights and energies, weights over energies, times the mean energy: the sum of weight times energy stays.
fn balance(layers: &[(f64, f64)]) -> Vec<f64> {
    let alive = || layers.iter().filter(|(_, energy)| *energy > 0.0);
    let sum: f64 = alive().map(|(weight, energy)| weight * energy).sum();
    let mean = sum / alive().map(|(weight, _)| weight).sum::<f64>();
    layers
        .iter()
        .map(|&(weight, energy)| if energy > 0.0 { weight * mean / energy } else { weight })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{StyleLosses, balance};
    use crate::Config;
    use crate::config::{LayerBalance, StyleLoss};
    use nst_tensor::{Device, Tensor};
    use nst_vgg::Pixels;

    #[test]
    fn balanced_layers_share_the_energy_by_their_weights() {
        let layers = [(1.0, 1e6), (3.0, 10.0), (2.0, 0.0)];
        let weights = balance(&layers);
        let shares: Vec<f64> =
            weights.iter().zip(layers).map(|(weight, (_, energy))| weight * energy).collect();
        assert!((shares[1] / shares[0] - 3.0).abs() < 1e-12);
        assert!((shares[0] + shares[1] - (1e6 + 30.0)).abs() < 1e-6);
        assert_eq!(weights[2], 2.0);
    }

    /// Of a Gram matrix the energy is its squared norm, scaled; of the others the mean of F² but for what keeps roots smooth.
    #[test]
    fn the_energy_is_the_style_s_own_norm() {
        let device = Device::cpu();
        let features = Tensor::new(&device, [1, 1, 2, 2], &[1.0, 2.0, 3.0, -2.0]).unwrap();
        for (style_loss, expected) in [
            // FᵀF / M = [5, -2; -2, 4], its squares over C⁴.
            (StyleLoss::Gram, (25.0 + 4.0 + 4.0 + 16.0) / 16.0),
            // Less the means' products [4, 0; 0, 0].
            (StyleLoss::Covariance, (1.0 + 4.0 + 4.0 + 16.0) / 16.0),
            (StyleLoss::Moments, 4.5),
            (StyleLoss::Wasserstein, 4.5),
            (StyleLoss::Histogram, 4.5),
        ] {
            let config = Config { style_loss, layer_balance: LayerBalance::Energy, ..Config::default() };
            let losses = StyleLosses::new(style_loss, &config, Pixels::Rgb01);
            let term = losses.toward(losses.descriptor(&features, None).unwrap(), 1.0).unwrap();
            assert!((term.energy / expected - 1.0).abs() < 1e-2, "{style_loss}: {}", term.energy);
        }
    }
}
