//! Adam as the settings say: its bounds, its average, and what it takes along to the next scale.

use crate::config::{Config, Optimizer as Method, Variable};
use crate::{Error, Result};
use nst_optim::{Adam, AdamOptions, Bounds, Moment, Optimizer};
use nst_tensor::{Device, Interpolation, Tensor};
use nst_vgg::{PixelMap, Pixels};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::slice::from_ref;

/// What is wrong with the settings of Adam, or with those that only Adam has.
pub(crate) fn problem(config: &Config) -> Option<Error> {
    let error = |setting, problem| Some(Error::Setting { setting, problem });
    if let Some(beta) = config.betas.into_iter().find(|beta| !(0.0..1.0).contains(beta)) {
        return error("betas", format!("must each be 0 or more and less than 1, got {beta}"));
    }
    if !(0.0..1.0).contains(&config.average) {
        return error("average", format!("must be 0 (none) or more and less than 1, got {}", config.average));
    }
    if config.optimizer == Method::Adam {
        return None;
    }
    if config.clamp {
        let problem = "is for the optimizer adam: L-BFGS takes what is cut off a step for curvature";
        return error("clamp", problem.into());
    }
    (config.average > 0.0)
        .then(|| Error::Setting { setting: "average", problem: "is for the optimizer adam".into() })
}

/// Reads both betas.
pub(crate) fn two_betas<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<[f64; 2], D::Error> {
    let betas = Vec::deserialize(deserializer)?;
    betas.try_into().map_err(|given: Vec<f64>| {
        D::Error::custom(format!("betas: say two numbers, such as 0.9 and 0.999; got {}", given.len()))
    })
}

/// The optimizer.
pub(crate) fn adam(config: &Config, unit: f64, device: &Device) -> Result<Adam> {
    let adam = Adam::new(AdamOptions {
        learning_rate: config.learning_rate * unit,
        betas: config.betas,
        average: (config.average > 0.0).then_some(config.average),
        ..AdamOptions::default()
    })?;
    Ok(match bounds(config, device)? {
        Some(bounds) => adam.within(bounds),
        None => adam,
    })
}

/// `x` where the settings want it: what was resampled reaches beyond what can be shown.
pub(crate) fn within_bounds(config: &Config, x: Tensor) -> Result<Tensor> {
    let Some(bounds) = bounds(config, x.device())? else { return Ok(x) };
    Ok(bounds.project(from_ref(&x))?.pop().unwrap_or(x))
}

/// Takes what the optimizer has learned to another size of the picture, as crowsonkb's style-transfer-pytorch does. Means of
/// squares must not become negative, so theirs is the filter without negative weights.
pub(crate) fn resize(optimizer: &mut dyn Optimizer, width: usize, height: usize) -> Result<()> {
    Ok(optimizer.carry_over(&mut |moment, tensor| {
        let smooth = moment == Moment::MeanSquare;
        tensor.resize(height, width, if smooth { Interpolation::Linear } else { Interpolation::Cubic })
    })?)
}

/// Black and white in the variable's units, if the picture is to stay between them.
fn bounds(config: &Config, device: &Device) -> Result<Option<Bounds>> {
    if !config.clamp {
        return Ok(None);
    }
    let map = match config.variable {
        Variable::Bgr255 => PixelMap::from_rgb(Pixels::Bgr255),
        Variable::Rgb01 => PixelMap::identity(),
    };
    let gray = |level| Tensor::new(device, [3], &map.pixel([level; 3]).map(|value| value as f32));
    Ok(Some(Bounds::new(gray(0.0)?, gray(1.0)?)))
}
