//! `nst stylize`: from arguments to a run.

use crate::args::{SettingsArgs, StylizeArgs};
use crate::failure::{join_lines, usage};
use crate::interrupt::Signals;
use crate::job::{Job, Sources};
use crate::overrides::StylizeOverrides;
use crate::{effects, overrides, transfer};
use anyhow::{Result, anyhow};
use nst::{Config, Preset};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) fn run(args: &StylizeArgs) -> Result<ExitCode> {
    let signals = Signals::listen()?;
    let config = args.settings.config(&args.overrides)?;
    config.check()?;
    let it = effects::Run { config: &config, styles: args.styles.len() };
    effects::check(&args.overrides, &[], &[it])?;
    let sources = Sources {
        content: Some(&args.content),
        styles: args.styles.iter().map(PathBuf::as_path).collect(),
        settings: Some(&args.settings),
    };
    let (job, pictures, weights) = Job::open(config, &sources, &args.run, &args.weight_file)?;
    transfer::run(&job, pictures, weights, &signals)
}

impl SettingsArgs {
    /// The settings: the preset's or the defaults, those of the file laid over them, and the flags over these.
    ///
    /// # Errors
    /// If the file cannot be read, or something in it or in a flag cannot be that setting.
    pub(crate) fn config(&self, overrides: &StylizeOverrides) -> Result<Config> {
        let preset = self.preset.unwrap_or(Preset::Default).config();
        let configured = match &self.config {
            Some(file) => read_config(&preset, file)?,
            None => preset,
        };
        overrides::overlay(&configured, overrides)
    }
}

/// The settings with those of a file laid over them.
fn read_config(base: &Config, file: &Path) -> Result<Config> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| anyhow!("settings '{name}': {error}"))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        usage(format!("settings '{name}': {}", join_lines(&error.to_string())))
    })?;
    base.overlay(&table).map_err(|error| usage(format!("settings '{name}': {error}")))
}
