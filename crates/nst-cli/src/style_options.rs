//! The flags of what describes a style.

use clap::builder::PossibleValuesParser;
use nst::LayerWeights;
use nst::config::{LayerBalance, LossScaling, StyleLoss};
use serde::Serialize;

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Losses")]
pub(crate) struct StyleOptions {
    /// Which statistics describe a style; moments, wasserstein and histogram want weights of their own
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(StyleLoss::NAMES))]
    style_loss: Option<String>,
    /// Before their weights, style layers count as they come, or all the same (energy): bigger strokes. So do histogram layers,
    /// among themselves
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(LayerBalance::NAMES))]
    layer_balance: Option<String>,
    /// How much the histograms of features count, beside the style loss: they hold colors and contrast to the style's
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    histogram_weight: Option<f64>,
    /// Layers whose histograms count: NAME[=WEIGHT],...
    #[arg(long, value_name = "LAYERS")]
    histogram_layers: Option<LayerWeights>,
    /// How losses are scaled: as means (neural-style), or as in the paper of Gatys and others. Styles by moments, wasserstein and
    /// histogram have a scale of their own
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(LossScaling::NAMES))]
    loss_scaling: Option<String>,
}
