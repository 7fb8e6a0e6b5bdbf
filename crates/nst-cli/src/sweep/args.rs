//! The command line of `nst sweep`, as typed.

use super::vary::Vary;
use crate::args::{SettingsArgs, TalkArgs, WeightFileArgs};
use crate::overrides::StylizeOverrides;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  nst sweep photo.jpg painting.jpg --vary style-weight=30,100,300 -o sheet.png --size 256
  nst sweep photo.jpg painting.jpg --vary style-weight=30,100,300 --vary style-loss=gram,covariance -o sheet.png
  nst sweep photo.jpg one.jpg two.jpg --vary 'style-blend=1,0;1,1;0,1' --vary seed=1,2 --init noise -o sheet.png
  nst sweep photo.jpg painting.jpg --vary content-layers=relu3_2,relu4_2 -o sheet.png --cell-dir cells

A cell that fails is left empty and told in one line, the others are made, and the exit code is 1. Ctrl-C or SIGTERM ends
the sweep with a sheet of the cells that are done, a second one at once, without a sheet.";

/// Paint one picture with several values of one or two settings, side by side on a labelled sheet
#[derive(clap::Args)]
#[command(
    override_usage = "nst sweep CONTENT STYLE [STYLE]... --vary NAME=VALUES [--vary NAME=VALUES] -o SHEET [OPTIONS]",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct SweepArgs {
    /// The picture whose content is kept: PNG, JPEG, WebP or TIFF, any size
    pub(crate) content: PathBuf,
    /// The pictures whose style is taken
    #[arg(required = true, value_name = "STYLE")]
    pub(crate) styles: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) overrides: StylizeOverrides,
    #[command(flatten)]
    pub(crate) weight_file: WeightFileArgs,
}

/// What is varied, and what is written.
#[derive(clap::Args)]
#[command(next_help_heading = "Sheet")]
pub(crate) struct GridArgs {
    /// A setting, named as its flag is, and its values, such as style-weight=30,100,300: one for each column. Given again with
    /// another setting: one for each row. Values with commas of their own have semicolons between: 'style-blend=1,0;1,1'
    #[arg(long, value_name = "NAME=VALUES", required = true)]
    pub(crate) vary: Vec<Vary>,
    /// The sheet to write: .png, .jpg, .webp or .tif. An older file is replaced at the end
    #[arg(short, long, value_name = "SHEET")]
    pub(crate) output: PathBuf,
    /// Write each cell to this folder as well, in the sheet's format, under a name such as style-weight=30,seed=1.png
    #[arg(long, value_name = "DIR")]
    pub(crate) cell_dir: Option<PathBuf>,
}
