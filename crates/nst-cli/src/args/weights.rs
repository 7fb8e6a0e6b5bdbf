//! Weight files on the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use nst_weights::Pixels;
use std::path::PathBuf;

const WEIGHTS_EXAMPLES: &str = "\
Examples:
  nst weights fetch vgg19
  nst weights fetch --from Downloads/vgg19-dcbb9e9d.pth
  nst weights list

Fetched weights are kept in the folder that `nst weights path` prints; NST_WEIGHTS_DIR names another.
A download that was cut off is continued by the same command. It goes through the proxy that ALL_PROXY, HTTPS_PROXY or
HTTP_PROXY names, if any.";

/// What is to be known of a weight file that does not say it.
#[derive(clap::Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct WeightFileArgs {
    /// The pixels that --weights expect, for a .pth file that is not known: bgr255 (Caffe) or rgb01 (torchvision)
    #[arg(long, value_name = "KIND", value_parser = pixels_parser())]
    pub(crate) pixels: Option<Pixels>,
}

fn pixels_parser() -> impl TypedValueParser<Value = Pixels> {
    PossibleValuesParser::new(Pixels::ALL.map(Pixels::name)).try_map(|name| name.parse::<Pixels>())
}

/// Manage the weights of networks that are not in the box
#[derive(clap::Args)]
#[command(after_help = WEIGHTS_EXAMPLES)]
pub(crate) struct WeightsArgs {
    #[command(subcommand)]
    pub(crate) action: WeightsAction,
}

#[derive(clap::Subcommand)]
pub(crate) enum WeightsAction {
    /// Show the weights that are here and those that can be fetched
    List {
        /// Another list of published weights, such as a mirror's
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
    },
    Fetch(FetchArgs),
    /// Print the folder where fetched weights are kept
    Path,
}

/// Fetch weights from their publishers, or from a file on disk; verify and convert them
#[derive(clap::Args)]
#[command(after_help = WEIGHTS_EXAMPLES, arg_required_else_help = true)]
pub(crate) struct FetchArgs {
    /// A name that `nst weights list` shows; `all` for vgg16 and vgg19
    #[arg(required_unless_present = "from")]
    pub(crate) name: Option<String>,
    /// Convert this file (.pth or .safetensors) instead of fetching one
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// The pixels that the network of a --from FILE expects, where nothing else says so
    #[arg(long, value_name = "KIND", value_parser = pixels_parser(), requires = "from")]
    pub(crate) pixels: Option<Pixels>,
    /// Put the weights into this folder instead of the usual one
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Another list of published weights, such as a mirror's
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}
