//! The command line of `nst batch`, as typed.

use super::pattern::Pattern;
use super::shard::Shard;
use crate::args::{SettingsArgs, TalkArgs, WeightFileArgs};
use crate::overrides::StylizeOverrides;

const EXAMPLES: &str = "\
Examples:
  nst batch --content photos/ --style painting.jpg -o 'out/{content}.png'
  nst batch --content photos/ 'more/*.jpg' --style a.jpg b.jpg -o 'out/{content}-{style}.png' --size 800
  nst batch --content photos/ --style a.jpg b.jpg --style-blend 2,1 -o 'out/{content}.png'
  nst batch --content photos/ --style a.jpg -o 'out/{content}.png' --skip-existing --shard 2/8

A picture that fails is told in one line, the others are made, and the exit code is 1. Ctrl-C or SIGTERM ends the
batch when the picture in work is done, a second one at once; the same command with --skip-existing goes on from there.";

/// Paint many pictures with one load of the network: each content in each style
#[derive(clap::Args)]
#[command(
    override_usage = "nst batch --content PATH... --style PATH... -o PATTERN [OPTIONS]",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct BatchArgs {
    #[command(flatten)]
    pub(crate) pictures: PictureArgs,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) overrides: StylizeOverrides,
    #[command(flatten)]
    pub(crate) weight_file: WeightFileArgs,
}

/// What is read and written.
#[derive(clap::Args)]
#[command(next_help_heading = "Pictures")]
pub(crate) struct PictureArgs {
    /// Pictures whose content is kept: files, folders (the pictures in them) or globs such as 'photos/*.jpg'
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub(crate) content: Vec<String>,
    /// Pictures whose style is taken, in the same ways. Each makes a picture of every content, or with --style-blend all of
    /// them together
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub(crate) style: Vec<String>,
    /// Take the pictures in folders of --content and --style folders as well
    #[arg(long)]
    pub(crate) recursive: bool,
    /// The pictures to write: a path with {content} and {style} for the names of the inputs, {index} for the number of the
    /// picture. An older file is replaced when its picture is done
    #[arg(short, long, value_name = "PATTERN")]
    pub(crate) output: Pattern,
    /// Leave out pictures that are there already, as after a batch that was stopped
    #[arg(long)]
    pub(crate) skip_existing: bool,
    /// Make the Ith of every N pictures alone, so that N such commands share a batch
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    pub(crate) shard: Shard,
}
