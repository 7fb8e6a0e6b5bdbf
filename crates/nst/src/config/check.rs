//! What settings may be.

use super::Config;
use crate::picture::MAX_SIDE;
use crate::{Error, LayerWeights, Result};

/// The greatest deviation of initial noise: far more than the range of colors, far less than single precision's.
const MAX_NOISE: f64 = 1e4;

impl Config {
    /// Checks what can be checked without pictures and weights.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first setting out of range.
    pub fn check(&self) -> Result<()> {
        for (setting, side) in [("size", Some(self.size)), ("style-size", self.style_size)] {
            if side.is_some_and(|side| side == 0 || side > MAX_SIDE) {
                return Err(Error::Setting { setting, problem: format!("must be 1 to {MAX_SIDE} pixels") });
            }
        }
        if let Some(problem) = self.scales.problem(self.size) {
            return Err(Error::Setting { setting: "scales", problem });
        }
        let weights = [
            ("content-weight", self.content_weight),
            ("style-weight", self.style_weight),
            ("histogram-weight", self.histogram_weight),
            ("tv-weight", self.tv_weight),
            ("noise", self.noise),
        ];
        let blend = self.style_blend.iter().map(|&weight| ("style-blend", weight));
        for (setting, weight) in weights.into_iter().chain(blend) {
            if !weight.is_finite() || weight < 0.0 {
                return Err(Error::Setting {
                    setting,
                    problem: format!("must be 0 or more and finite, got {weight}"),
                });
            }
        }
        if self.style_scales.is_empty()
            || !self.style_scales.iter().all(|&scale| (0.05..=20.0).contains(&scale))
        {
            let problem = "must be one factor or more, each from 0.05 to 20".into();
            return Err(Error::Setting { setting: "style-scales", problem });
        }
        if !(0.0..=0.5).contains(&self.mask_softness) {
            let problem = format!("must be 0 (sharp) to 0.5, got {}", self.mask_softness);
            return Err(Error::Setting { setting: "mask-softness", problem });
        }
        let blend: f64 = self.style_blend.iter().sum();
        if !self.style_blend.is_empty() && (blend == 0.0 || blend.is_infinite()) {
            let problem = format!("must add up to a finite number above 0, got {blend}");
            return Err(Error::Setting { setting: "style-blend", problem });
        }
        let whole = LayerWeights::default();
        let losses = self.losses().map(|loss| (loss.names[0], loss.weight, loss.layers));
        for (setting, weight, layers) in losses.into_iter().chain([("tv-weight", self.tv_weight, &whole)]) {
            let factors = layers.used().map(|(_, factor)| factor).chain([1.0]);
            // The gradient is computed in single precision: a factor that it cannot hold would belong to another loss.
            if weight > 0.0
                && factors.map(|factor| weight * factor).any(|weight| !(weight as f32).is_normal())
            {
                let problem =
                    format!("{weight:e}, times a layer's weight, is beyond single precision (1e-37 to 1e38)");
                return Err(Error::Setting { setting, problem });
            }
        }
        if self.noise > MAX_NOISE {
            return Err(Error::Setting { setting: "noise", problem: format!("must be at most {MAX_NOISE}") });
        }
        if !self.learning_rate.is_finite() || self.learning_rate <= 0.0 {
            let problem = format!("must be above 0 and finite, got {}", self.learning_rate);
            return Err(Error::Setting { setting: "learning-rate", problem });
        }
        for (setting, tolerance) in
            [("tolerance-gradient", self.tolerance_gradient), ("tolerance-change", self.tolerance_change)]
        {
            if tolerance.is_nan() {
                return Err(Error::Setting {
                    setting,
                    problem: "must be a number; negative for never".into(),
                });
            }
        }
        if !(0.0..1.0).contains(&self.min_decrease) {
            let problem = format!("must be 0 (never) or more and less than 1, got {}", self.min_decrease);
            return Err(Error::Setting { setting: "min-decrease", problem });
        }
        if let Some(error) = crate::adam::problem(self).or_else(|| crate::network::problem(self)) {
            return Err(error);
        }
        if self.history == 0 {
            return Err(Error::Setting { setting: "history", problem: "must be 1 or more".into() });
        }
        Ok(())
    }
}
