//! A run with everything opened and checked: what can be refused is refused here, before any work.

use crate::args::{RunArgs, SettingsArgs, TalkArgs, WeightFileArgs};
use crate::failure::usage;
use crate::masks::{self, Source};
use crate::paths::{self, Written};
use crate::{settings_file, weight_store};
use anyhow::{Result, anyhow, bail};
use nst::{Config, Picture, Pictures, Styles};
use nst_tensor::Device;
use nst_weights::Weights;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run, ready to start.
pub(crate) struct Job {
    pub(crate) config: Config,
    pub(crate) device: Device,
    pub(crate) output: PathBuf,
    /// Evaluations between two snapshots.
    pub(crate) save_every: Option<usize>,
    pub(crate) trace: Option<PathBuf>,
    pub(crate) verbosity: Verbosity,
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

impl Verbosity {
    /// As the flags say.
    pub(crate) fn of(args: &TalkArgs) -> Self {
        match (args.quiet, args.verbose) {
            (true, _) => Self::Quiet,
            (_, true) => Self::Verbose,
            _ => Self::Normal,
        }
    }
}

/// The files of a run that are read.
pub(crate) struct Sources<'a> {
    pub(crate) content: Option<&'a Path>,
    pub(crate) styles: Vec<&'a Path>,
    /// Where the settings come from, and a file that is to have them.
    pub(crate) settings: Option<&'a SettingsArgs>,
}

impl Job {
    /// Checks paths, opens what is to be read, checks the settings against it, and writes them if that is asked for: the job, the
    /// pictures that it works on, and the network's weights.
    ///
    /// # Errors
    /// If a path to write is also read or cannot be written, a file cannot be used, or a setting is out of range or does not go
    /// with the pictures.
    pub(crate) fn open(
        config: Config,
        sources: &Sources<'_>,
        args: &RunArgs,
        weight_file: &WeightFileArgs,
    ) -> Result<(Self, Pictures, Weights)> {
        Picture::check_target(&args.output)?;
        if let Some(trace) = &args.trace {
            check_trace(trace)?;
        }
        let settings = sources.settings.and_then(|settings| settings.write_config.as_deref());
        settings.map(settings_file::check_target).transpose()?;
        let init = config.init.file();
        let files = sources.content.into_iter().chain(sources.styles.iter().copied()).chain(init);
        let config_file = sources.settings.and_then(|settings| settings.config.as_deref());
        let files = files.chain(masks::files(&config));
        let read: Vec<&Path> = files.chain(config_file).chain(config.weights.as_deref()).collect();
        let written = Written {
            output: &args.output,
            trace: args.trace.as_deref(),
            settings,
            with_snapshots: args.save_every.is_some(),
        };
        written.check_clashes(&read)?;

        let content = sources.content.map(|path| Source::new(path, config.mask.as_deref()));
        let styles = Source::of_styles(&config, &sources.styles)?;
        let device = args.talk.device.open()?;
        let pictures = Pictures {
            content: content.map(|content| content.open()).transpose()?,
            styles: Styles::new(styles.iter().map(Source::open).collect::<Result<_>>()?),
            init: init.map(Picture::load).transpose()?.map(Arc::new),
        };
        pictures.check(&config)?;
        let weights = weight_store::open(&config, weight_file.pixels)?;
        settings.map(|file| settings_file::write(file, &config)).transpose()?;
        let job = Self {
            config,
            device,
            output: args.output.clone(),
            save_every: args.save_every.map(usize::from),
            trace: args.trace.clone(),
            verbosity: Verbosity::of(&args.talk),
        };
        Ok((job, pictures, weights))
    }
}

/// The file itself is made, or emptied, when there is something to write, so that a run which is refused leaves it alone.
fn check_trace(trace: &Path) -> Result<()> {
    if trace.is_dir() {
        return Err(usage(format!("the trace '{}' is a folder; name a file", trace.display())));
    }
    let folder = paths::folder_of(trace);
    if !folder.is_dir() {
        bail!("trace '{}': there is no folder '{}'; make it first", trace.display(), folder.display());
    }
    if trace.exists() {
        let opened = std::fs::OpenOptions::new().append(true).open(trace);
        opened.map_err(|error| anyhow!("trace '{}': {error}", trace.display()))?;
    }
    Ok(())
}
