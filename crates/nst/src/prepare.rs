//! From settings and pictures to an objective and a picture to start from.

use crate::config::{Config, Init, Pooling};
use crate::objective::Objective;
use crate::{Error, Inputs, LayerWeights, Picture, Result};
use nst_tensor::Device;
use nst_vgg::{Layer, Vgg};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

impl Objective {
    /// The objective that the settings and pictures ask for, and the picture to start from.
    ///
    /// # Errors
    /// As [`crate::stylize`].
    pub fn prepare(config: &Config, inputs: &Inputs, device: &Device) -> Result<(Self, Picture)> {
        let with_content = config.content_weight > 0.0 && inputs.content.is_some();
        let with_style = config.style_weight > 0.0 && !inputs.styles.is_empty();
        let mut layers: Vec<Layer> = Vec::new();
        let mut used = |on: bool, weights: &LayerWeights| {
            layers.extend(weights.iter().filter(|(_, weight)| on && *weight > 0.0).map(|(layer, _)| layer));
        };
        used(with_content, &config.content_layers);
        used(with_style, &config.style_layers);

        let frame = inputs.content.as_ref().or(inputs.styles.first());
        let frame = frame.ok_or_else(|| Error::Config("a content or a style picture is needed".into()))?;
        let (width, height) = frame.fitted(config.size);
        let style_side = config.style_size.unwrap_or(config.size);
        let fit_style = |picture: &Picture| {
            let (width, height) = picture.fitted(style_side);
            picture.resized(width, height)
        };
        let deepest = layers.iter().max().copied();
        let content = inputs.content.as_ref().map(|picture| picture.resized(width, height));
        for (role, original) in inputs
            .content
            .iter()
            .map(|picture| ("content", picture))
            .chain(inputs.styles.iter().map(|picture| ("style", picture)))
        {
            check_size(role, (original.width(), original.height()), deepest)?;
        }
        check_size("resulting", (width, height), deepest)?;

        let pooling = match config.pooling {
            Pooling::Max => nst_tensor::Pooling::Max,
            Pooling::Average => nst_tensor::Pooling::Average,
        };
        let vgg = Vgg::load(&inputs.weights, device, pooling, &layers)?;
        let mut objective = Objective::new(config, vgg, device)?;
        if let Some(content) = content.as_ref().filter(|_| with_content) {
            objective.add_content(config, content)?;
        }
        if with_style {
            let styles: Vec<Picture> = inputs.styles.iter().map(fit_style).collect();
            for style in &styles {
                check_size("resampled style", (style.width(), style.height()), deepest)?;
            }
            let shares = shares(&config.style_blend, styles.len())?;
            objective.add_style(config, &shares.into_iter().zip(styles).collect::<Vec<_>>())?;
        }
        objective.add_variation(config);
        if objective.is_empty() {
            let problem = "every loss has weight 0 or no picture, so there is nothing to do".into();
            return Err(Error::Setting { setting: "content-weight, style-weight, tv-weight", problem });
        }
        let needed = |picture: Option<Picture>, setting: &'static str| {
            picture.ok_or_else(|| Error::Setting {
                setting: "init",
                problem: format!("'{setting}' needs such a picture"),
            })
        };
        let initial = match &config.init {
            Init::Content => needed(content, "content")?,
            Init::Style => needed(inputs.styles.first().map(|style| style.covering(width, height)), "style")?,
            Init::File(_) => {
                needed(inputs.init.as_ref().map(|picture| picture.resized(width, height)), "a file")?
            }
            Init::Noise => noise(config, width, height)?,
        };
        Ok((objective, initial))
    }
}

fn check_size(role: &'static str, (width, height): (usize, usize), deepest: Option<Layer>) -> Result<()> {
    match deepest {
        Some(layer) if width.min(height) < layer.minimum_side() => Err(Error::TooSmall {
            role,
            width,
            height,
            layer: layer.to_string(),
            minimum: layer.minimum_side(),
        }),
        _ => Ok(()),
    }
}

/// The share of each style, adding up to 1.
fn shares(blend: &[f64], styles: usize) -> Result<Vec<f64>> {
    if blend.is_empty() {
        return Ok(vec![1.0 / styles as f64; styles]);
    }
    if blend.len() != styles {
        let problem = format!("{} weights for {styles} style pictures; give one for each", blend.len());
        return Err(Error::Setting { setting: "style-blend", problem });
    }
    let sum: f64 = blend.iter().sum();
    Ok(blend.iter().map(|weight| weight / sum).collect())
}

/// Normally distributed values around the mean color of Caffe's VGG.
fn noise(config: &Config, width: usize, height: usize) -> Result<Picture> {
    const MEAN_RGB: [f64; 3] = [123.68, 116.779, 103.939];
    let mut random = ChaCha8Rng::seed_from_u64(config.seed);
    let values = (0..width * height * 3).map(|at| {
        let normal: f64 = StandardNormal.sample(&mut random);
        ((MEAN_RGB[at % 3] + config.noise * normal) / 255.0) as f32
    });
    Picture::new(width, height, values.collect(), None)
}
