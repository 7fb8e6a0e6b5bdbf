//! `nst batch`: many pictures with one load of the network, whatever becomes of each.

mod args;
mod pattern;
mod plan;
mod shard;
mod sources;
mod tally;

pub(crate) use args::BatchArgs;

use crate::failure::join_lines;
use crate::interrupt::{Interrupt, Signals};
use crate::job::{Job, Verbosity};
use crate::masks::{self, Source};
use crate::progress::Progress;
use crate::{console, effects, settings_file, summary, transfer, weight_store};
use anyhow::Result;
use nst::{Picture, Pictures, Studio, Styles};
use plan::{Group, Plan, Task};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tally::Tally;

pub(crate) fn run(args: &BatchArgs) -> Result<ExitCode> {
    let signals = Signals::listen()?;
    let config = args.settings.config(&args.overrides)?;
    config.check()?;
    // Without weights, each style is taken by itself.
    let it = effects::Run { config: &config, styles: config.style_blend.len().max(1) };
    effects::check(&args.overrides, &[], &[it])?;
    let init = config.init.file();
    let read = [init, args.settings.config.as_deref(), config.weights.as_deref()];
    let read: Vec<&Path> = read.into_iter().flatten().chain(masks::files(&config)).collect();
    let settings = args.settings.write_config.as_deref();
    settings.map(settings_file::check_target).transpose()?;
    let plan = Plan::new(&args.pictures, &config, &read, settings)?;
    let verbosity = Verbosity::of(&args.talk);
    let mut tally = Tally::new(plan.count(), plan.skipped);
    let mut interrupted = None;
    // Nothing is loaded for nothing.
    if plan.count() == 0 {
        settings.map(|file| settings_file::write(file, &config)).transpose()?;
    } else {
        let device = args.talk.device.open()?;
        let weights = weight_store::open(&config, args.weight_file.pixels)?;
        let init = init.map(Picture::load).transpose()?.map(Arc::new);
        let job = Job { config, device, output: PathBuf::new(), save_every: None, trace: None, verbosity };
        if verbosity == Verbosity::Verbose {
            summary::before(&job.config, &weights, &job.device);
        }
        let studio = Studio::new(&job.config, &weights, &job.device)?;
        drop(weights);
        settings.map(|file| settings_file::write(file, &job.config)).transpose()?;
        let progress = Progress::new(verbosity)?;
        let notice = "ending after this picture; a second Ctrl-C or SIGTERM ends at once, without it";
        let interrupt = signals.watch(progress.bar(), verbosity, notice);
        let mut batch = Batch { studio, init, job, progress, interrupt, tally };
        for group in plan.groups {
            batch.paint_group(&group);
        }
        interrupted = batch.is_interrupted().then(|| batch.interrupt.exit_code());
        tally = batch.tally;
    }
    if verbosity != Verbosity::Quiet {
        console::say(&tally.line(interrupted.is_some()));
    }
    Ok(interrupted.unwrap_or_else(|| tally.exit_code()))
}

/// A batch at work.
struct Batch {
    studio: Studio,
    init: Option<Arc<Picture>>,
    /// With the output of the picture in work.
    job: Job,
    progress: Progress,
    interrupt: Interrupt,
    tally: Tally,
}

impl Batch {
    fn is_interrupted(&self) -> bool {
        self.interrupt.is_asked()
    }

    /// Makes all pictures in one style, and says which of them fail.
    fn paint_group(&mut self, group: &Group) {
        if self.is_interrupted() {
            return;
        }
        let styles = group.styles.iter().map(Source::open).collect::<Result<_>>();
        let styles = match styles {
            Ok(styles) => Styles::new(styles),
            Err(error) => {
                let count = group.tasks.len();
                self.tally.failed += count;
                self.complain(&format!("{error}; pictures left out for it: {count}"));
                return;
            }
        };
        for task in &group.tasks {
            if self.is_interrupted() {
                return;
            }
            match self.paint(task, &styles) {
                Ok(()) => self.tally.done += 1,
                Err(error) => {
                    self.tally.failed += 1;
                    self.complain(&named(&error, task, group));
                }
            }
        }
    }

    /// Makes one picture.
    fn paint(&mut self, task: &Task, styles: &Styles) -> Result<()> {
        self.progress.begin(self.tally.label());
        self.job.output.clone_from(&task.output);
        let content = Some(task.content.open()?);
        let pictures = Pictures { content, styles: styles.clone(), init: self.init.clone() };
        // What is begun is brought to its end: a picture that is there is a whole one.
        let never = Interrupt::default();
        transfer::paint(&self.job, &mut self.progress, &never, |observer| {
            self.studio.stylize(pictures, observer)
        })?;
        Ok(())
    }

    /// Says an error.
    fn complain(&self, error: &str) {
        self.progress.finish();
        console::say(&format!("nst: {}", join_lines(error)));
    }
}

/// The error with the pictures it is about, which errors about files name themselves.
fn named(error: &anyhow::Error, task: &Task, group: &Group) -> String {
    if let Some(nst::Error::Picture { .. }) = error.downcast_ref() {
        return error.to_string();
    }
    let styles: Vec<_> = group.styles.iter().map(|style| format!("'{}'", style.picture.display())).collect();
    format!("'{}' in the style of {}: {error}", task.content.picture.display(), styles.join(" and "))
}
