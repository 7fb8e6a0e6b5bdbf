//! The command line, as typed.

mod weights;

pub(crate) use weights::{FetchArgs, WeightFileArgs, WeightsAction, WeightsArgs};

use crate::batch::BatchArgs;
use crate::device::DeviceArgs;
use crate::overrides::{BenchOverrides, ContentOverrides, StyleOverrides, StylizeOverrides};
use crate::sweep::SweepArgs;
use crate::{defaults, reconstruct};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, FromArgMatches};
use nst::{Config, Preset};
use std::num::NonZeroUsize;
use std::path::PathBuf;

const STYLIZE_EXAMPLES: &str = "\
Examples:
  nst stylize photo.jpg painting.jpg -o result.png
  nst stylize photo.jpg painting.jpg -o result.png --size 800 --style-weight 300
  nst stylize photo.jpg one.jpg two.jpg -o result.png --style-blend 3,1 --init noise --seed 7
  nst stylize photo.jpg painting.jpg -o result.png --preset neural-style --iterations 500
  nst stylize photo.jpg painting.jpg -o result.png --device cuda

Settings come from the defaults, then --preset, then --config, then the other flags; later ones win.
Ctrl-C or SIGTERM saves the best picture so far; a second one ends at once.";

const RECONSTRUCT_EXAMPLES: &str = "\
Examples:
  nst reconstruct content photo.jpg --layer relu4_2 -o content.png
  nst reconstruct style painting.jpg --layers relu1_1,relu2_1,relu3_1 --size 300 -o texture.png";

const BENCH_EXAMPLES: &str = "\
Examples:
  nst bench
  nst bench --size 1024 --threads 1
  nst bench --size 1024 --device cuda --precision tf32
  nst bench --model vgg19 --random-weights --json > vgg19.json";

const PRESETS_EXAMPLES: &str = "\
Examples:
  nst presets
  nst presets gatys > mine.toml
  nst stylize photo.jpg painting.jpg -o result.png --config mine.toml";

/// Neural style transfer: pictures with the content of one and the style of another
#[derive(clap::Parser)]
#[command(name = "nst", version, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Stylize(StylizeArgs),
    Batch(BatchArgs),
    Sweep(SweepArgs),
    Reconstruct(ReconstructArgs),
    Presets(PresetsArgs),
    Bench(BenchArgs),
    Devices(DevicesArgs),
    Weights(WeightsArgs),
}

impl Args {
    /// Reads the command line of the process.
    ///
    /// # Errors
    /// clap's, which may be a request for help.
    pub(crate) fn from_command_line() -> Result<Self, clap::Error> {
        Self::from_arg_matches(&Self::documented().try_get_matches()?)
    }

    /// The command with every default in its help.
    fn documented() -> clap::Command {
        Self::command()
            .mut_subcommand("stylize", |stylize| defaults::show(stylize, &Config::default()))
            .mut_subcommand("batch", |batch| defaults::show(batch, &Config::default()))
            .mut_subcommand("sweep", |sweep| defaults::show(sweep, &Config::default()))
            .mut_subcommand("bench", |bench| defaults::show(bench, &Config::default()))
            .mut_subcommand("reconstruct", |reconstruct| {
                reconstruct
                    .mut_subcommand("content", |content| {
                        defaults::show(content, &reconstruct::content_defaults())
                    })
                    .mut_subcommand("style", |style| defaults::show(style, &reconstruct::style_defaults()))
            })
    }
}

/// Paint the content of one picture in the style of others
#[derive(clap::Args)]
#[command(
    override_usage = "nst stylize CONTENT STYLE [STYLE]... -o OUT [OPTIONS]",
    after_help = STYLIZE_EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct StylizeArgs {
    /// The picture whose content is kept: PNG, JPEG, WebP or TIFF, any size
    pub(crate) content: PathBuf,
    /// The pictures whose style is taken
    #[arg(required = true, value_name = "STYLE")]
    pub(crate) styles: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) overrides: StylizeOverrides,
    #[command(flatten)]
    pub(crate) weight_file: WeightFileArgs,
}

/// Where the settings come from, flags apart.
#[derive(clap::Args)]
#[command(next_help_heading = "Settings as a whole")]
pub(crate) struct SettingsArgs {
    /// Start from the settings of this name, as `nst presets` lists them: the defaults, or a published system's conventions
    #[arg(long, value_name = "NAME", value_parser = preset_parser())]
    pub(crate) preset: Option<Preset>,
    /// Settings from a TOML file, named as the flags are: style-weight = 300
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Before the run, write all its settings to FILE, so that --config FILE repeats it
    #[arg(long, value_name = "FILE")]
    pub(crate) write_config: Option<PathBuf>,
}

fn preset_parser() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.map(Preset::name)).try_map(|name| name.parse::<Preset>())
}

/// Show what the network keeps of one picture: the halves of the method by themselves
#[derive(clap::Args)]
#[command(after_help = RECONSTRUCT_EXAMPLES)]
pub(crate) struct ReconstructArgs {
    #[command(subcommand)]
    pub(crate) half: Half,
}

#[derive(clap::Subcommand)]
pub(crate) enum Half {
    /// From noise, a picture with the same features in a layer: what that layer keeps of the content
    #[command(after_help = RECONSTRUCT_EXAMPLES, arg_required_else_help = true)]
    Content(ContentArgs),
    /// From noise, a picture with the same correlations of features: a texture in the style
    #[command(after_help = RECONSTRUCT_EXAMPLES, arg_required_else_help = true)]
    Style(StyleArgs),
}

#[derive(clap::Args)]
pub(crate) struct ContentArgs {
    /// The picture to reconstruct
    pub(crate) image: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) settings: ContentOverrides,
    #[command(flatten)]
    pub(crate) weight_file: WeightFileArgs,
}

#[derive(clap::Args)]
pub(crate) struct StyleArgs {
    /// The picture whose style is taken; the result has its proportions
    pub(crate) image: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) settings: StyleOverrides,
    #[command(flatten)]
    pub(crate) weight_file: WeightFileArgs,
}

/// What a run writes and tells, and what it runs on.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct RunArgs {
    /// The picture to write: .png, .jpg, .webp or .tif. An older file is replaced at the end
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// After every N evaluations, write the best picture so far beside OUT, such as OUT-000100.png
    #[arg(long, value_name = "N")]
    pub(crate) save_every: Option<NonZeroUsize>,
    /// Write the losses of each evaluation to FILE, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

/// What is told, and what computes.
#[derive(clap::Args)]
#[command(next_help_heading = "Progress")]
pub(crate) struct TalkArgs {
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say also the settings, the device, the memory it took, and each layer's loss
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// List the presets, or print one as a file of settings to start from
#[derive(clap::Args)]
#[command(after_help = PRESETS_EXAMPLES)]
pub(crate) struct PresetsArgs {
    /// The preset to print, for --config: every setting, and what it is
    #[arg(value_parser = preset_parser())]
    pub(crate) name: Option<Preset>,
}

/// Measure how fast this machine is: the network layer by layer, and a whole evaluation
#[derive(clap::Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) settings: BenchOverrides,
    #[command(flatten)]
    pub(crate) weight_file: WeightFileArgs,
    /// Take random numbers for weights: they need not be fetched, and take the same time
    #[arg(long, conflicts_with_all = ["weights", "pixels"], help_heading = "Network")]
    pub(crate) random_weights: bool,
    /// Evaluations to take the median of
    #[arg(long, value_name = "N", default_value = "5", help_heading = "Measurement")]
    pub(crate) repeats: NonZeroUsize,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Print a JSON object instead of a table
    #[arg(long, help_heading = "Measurement")]
    pub(crate) json: bool,
}

/// List what --device can name: the CPU and the GPUs, or why there is none
#[derive(clap::Args)]
pub(crate) struct DevicesArgs {
    /// Print a JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::Args;

    #[test]
    fn the_command_line_is_consistent() {
        Args::documented().debug_assert();
    }
}
