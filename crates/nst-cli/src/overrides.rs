//! Settings as flags. Each group becomes a TOML table of the flags that were given, which is laid over preset and
//! configuration file: one mechanism, and one set of names.

use crate::adam_options::AdamOptions;
use crate::effects::given;
use crate::masks::MaskOptions;
use crate::scale_options::ScaleOptions;
use crate::style_options::StyleOptions;
use clap::builder::PossibleValuesParser;
use nst::config::{
    Color, ContentLoss, LineSearch, Model, Optimizer, Padding, Pooling, Steps, StyleMix, TimeLimit,
    TotalVariation, Variable,
};
use nst::{Config, LayerWeights};
use serde::Serialize;
use std::path::PathBuf;

/// TOML has no greater integer.
const MAX_SEED: u64 = i64::MAX as u64;

/// The settings with the given flags laid over them.
///
/// # Errors
/// If a flag's value cannot be that setting.
pub(crate) fn overlay(config: &Config, flags: &impl Serialize) -> anyhow::Result<Config> {
    Ok(config.overlay(&given(flags)?)?)
}

/// Settings of `nst stylize`: all there are.
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct StylizeOverrides {
    #[command(flatten)]
    #[serde(flatten)]
    size: Size,
    #[command(flatten)]
    #[serde(flatten)]
    style_size: StyleSize,
    /// What each style counts, such as 3,1; left out, all the same
    #[arg(long, value_name = "WEIGHTS", value_delimiter = ',', allow_hyphen_values = true)]
    #[arg(help_heading = "Picture")]
    style_blend: Option<Vec<f64>>,
    /// How several styles are blended: to one between them (statistics), or each by itself (losses), which takes longer. Both
    /// have the same gradient, except with --style-loss wasserstein, --layer-balance energy and, by a little, histograms
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(StyleMix::NAMES))]
    #[arg(help_heading = "Picture")]
    style_mix: Option<String>,
    /// Where colors come from: the style; the content, put back at the end, or with a transfer of luminance alone; or one
    /// of the two is given the other's first: match gives the style the content's, match-reverse the content the style's
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Color::NAMES))]
    #[arg(help_heading = "Picture")]
    color: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    masks: MaskOptions,
    #[command(flatten)]
    #[serde(flatten)]
    balance: Balance,
    #[command(flatten)]
    #[serde(flatten)]
    smoothness: Smoothness,
    /// Layers whose features keep the content: NAME[=WEIGHT],...
    #[arg(long, value_name = "LAYERS", help_heading = "Losses")]
    content_layers: Option<LayerWeights>,
    /// What the content loss compares: features, or only their direction (cosine)
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(ContentLoss::NAMES))]
    #[arg(help_heading = "Losses")]
    content_loss: Option<String>,
    /// Layers whose correlations are the style: NAME[=WEIGHT],...
    #[arg(long, value_name = "LAYERS", help_heading = "Losses")]
    style_layers: Option<LayerWeights>,
    #[command(flatten)]
    #[serde(flatten)]
    style_options: StyleOptions,
    #[command(flatten)]
    #[serde(flatten)]
    network: Network,
    #[command(flatten)]
    #[serde(flatten)]
    optimizer: OptimizerOptions,
    /// Where the picture starts: content, noise, style, or the FILE of a picture
    #[arg(long, value_name = "START", help_heading = "Start")]
    init: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    noise: Noise,
}

/// Settings of `nst reconstruct content`.
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ContentOverrides {
    #[command(flatten)]
    #[serde(flatten)]
    size: Size,
    /// The layer whose features are kept; several as NAME[=WEIGHT],...
    #[arg(long = "layer", value_name = "LAYER", help_heading = "Losses")]
    content_layers: Option<LayerWeights>,
    /// What the content loss compares: features, or only their direction (cosine)
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(ContentLoss::NAMES))]
    #[arg(help_heading = "Losses")]
    content_loss: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    smoothness: Smoothness,
    #[command(flatten)]
    #[serde(flatten)]
    network: Network,
    #[command(flatten)]
    #[serde(flatten)]
    optimizer: OptimizerOptions,
    #[command(flatten)]
    #[serde(flatten)]
    noise: Noise,
}

/// Settings of `nst reconstruct style`.
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct StyleOverrides {
    #[command(flatten)]
    #[serde(flatten)]
    size: Size,
    #[command(flatten)]
    #[serde(flatten)]
    style_size: StyleSize,
    /// Layers whose correlations are the style: NAME[=WEIGHT],...
    #[arg(long = "layers", value_name = "LAYERS", help_heading = "Losses")]
    style_layers: Option<LayerWeights>,
    #[command(flatten)]
    #[serde(flatten)]
    smoothness: Smoothness,
    #[command(flatten)]
    #[serde(flatten)]
    style_options: StyleOptions,
    #[command(flatten)]
    #[serde(flatten)]
    network: Network,
    #[command(flatten)]
    #[serde(flatten)]
    optimizer: OptimizerOptions,
    #[command(flatten)]
    #[serde(flatten)]
    noise: Noise,
}

/// Settings of `nst bench`.
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BenchOverrides {
    /// Width and height of the picture, in pixels
    #[arg(long, value_name = "PIXELS", help_heading = "Picture")]
    size: Option<usize>,
    #[command(flatten)]
    #[serde(flatten)]
    network: Network,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Picture")]
struct Size {
    /// Longest side of the result, in pixels
    #[arg(long, value_name = "PIXELS")]
    size: Option<usize>,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Picture")]
struct StyleSize {
    /// Longest side of each style picture as the network sees it; left out, the result's
    #[arg(long, value_name = "PIXELS")]
    style_size: Option<usize>,
    /// Factors on that size, over which a style's statistics are averaged: 2 for larger strokes, 0.5,1,2 for some of each
    #[arg(long, value_name = "FACTORS", value_delimiter = ',', allow_hyphen_values = true)]
    style_scales: Option<Vec<f64>>,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Losses")]
struct Balance {
    /// How much the content counts
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    content_weight: Option<f64>,
    /// How much the style counts
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    style_weight: Option<f64>,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Losses")]
struct Smoothness {
    /// How much smoothness counts: the total variation
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    tv_weight: Option<f64>,
    /// How the total variation counts differences: absolute keeps edges, squared softens them; nine-point squares those along
    /// diagonals too, and is a mean, which wants a weight of its own
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(TotalVariation::NAMES))]
    tv: Option<String>,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Network")]
struct Network {
    /// The network: vgg16 is in the box, `nst weights fetch vgg19` brings the other
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Model::NAMES))]
    model: Option<String>,
    /// Weights of --model from a file (.safetensors, .pth); left out, for vgg16 those in the box, for vgg19 those fetched
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// What a pooling takes of each window; the method's authors recommend avg
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Pooling::NAMES))]
    pooling: Option<String>,
    /// What the network sees around a picture: zeros, as it was trained with, or its edge repeated
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Padding::NAMES))]
    padding: Option<String>,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Optimizer")]
struct OptimizerOptions {
    /// Iterations, at all scales together; more take longer and look more finished. 0 evaluates the initial picture
    #[arg(long, value_name = "NUMBER")]
    iterations: Option<usize>,
    #[command(flatten)]
    #[serde(flatten)]
    scales: ScaleOptions,
    /// End each picture's run with its best so far after the evaluation that passes this time, such as 90s or 10m; left
    /// out, never
    #[arg(long, value_name = "TIME")]
    time_limit: Option<TimeLimit>,
    /// End when the loss fell by less than this share over 20 evaluations, such as 0.01; 0: never
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    min_decrease: Option<f64>,
    /// The optimizer
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Optimizer::NAMES))]
    optimizer: Option<String>,
    /// L-BFGS: search for the length of each step; wolfe takes several evaluations an iteration
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(LineSearch::NAMES))]
    line_search: Option<String>,
    /// L-BFGS: steps of bounded length, bad ones cut; or exactly as torch's
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Steps::NAMES))]
    steps: Option<String>,
    /// L-BFGS: steps remembered; each takes twice the memory of the picture
    #[arg(long, value_name = "NUMBER")]
    history: Option<usize>,
    /// L-BFGS: factor on each step. Adam: about the most that a pixel changes in one step, in 0..255
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    #[command(flatten)]
    #[serde(flatten)]
    adam: AdamOptions,
    /// L-BFGS: stop when no element of the gradient is greater; negative: never
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    tolerance_gradient: Option<f64>,
    /// L-BFGS: stop when neither the loss nor any pixel changes more; negative: never
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    tolerance_change: Option<f64>,
    /// Pixels that the optimizer moves: BGR in 0..255, or RGB in 0..1
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Variable::NAMES))]
    variable: Option<String>,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Start")]
struct Noise {
    /// Standard deviation of initial noise, in 0..255
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    noise: Option<f64>,
    /// Seed of initial noise: the same seed gives the same picture
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: Option<u64>,
}
