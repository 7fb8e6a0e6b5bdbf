//! Settings of the way from coarse to fine, as flags.

use nst::config::Scales;
use serde::Serialize;

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Optimizer")]
pub(crate) struct ScaleOptions {
    /// Sizes that the picture goes through, coarse to fine: auto (from 128 pixels on, each twice the one before), sqrt2 (each
    /// 1.41 times), a number of scales, or sizes such as 128,256
    #[arg(long, value_name = "SCALES")]
    scales: Option<Scales>,
    /// Iterations at each scale, the last one's for those that follow; left out, the coarsest gets half of all, the others the rest
    /// evenly
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', conflicts_with = "iterations")]
    scale_iterations: Option<Vec<usize>>,
    /// See large pictures at several sizes: their own and each half down to this, but for those that leave too little of a picture
    /// or region for a layer. The loss is the mean of those there, and fine strokes of the scale before are kept, so that strokes keep
    /// their size; 0: at their own alone
    #[arg(long, value_name = "PIXELS")]
    seen_from: Option<usize>,
}
