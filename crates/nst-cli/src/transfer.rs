//! A run from start to written picture.

use crate::console::{counted, number, say};
use crate::interrupt::{Interrupt, Signals};
use crate::job::{Job, Verbosity};
use crate::progress::Progress;
use crate::snapshots::Snapshots;
use crate::summary;
use crate::trace::Trace;
use anyhow::{Result, bail};
use indicatif::HumanDuration;
use nst::{Config, End, Event, Outcome, Pictures, Studio};
use nst_weights::Weights;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Runs the job, shows how it goes and writes the picture, which is the best one whatever ends the run.
///
/// # Errors
/// If the run cannot start or fails, or a file cannot be written.
pub(crate) fn run(job: &Job, pictures: Pictures, weights: Weights, signals: &Signals) -> Result<ExitCode> {
    if job.verbosity == Verbosity::Verbose {
        summary::before(&job.config, &weights, &job.device);
    }
    let mut progress = Progress::new(job.verbosity)?;
    let notice = "ending after this evaluation; a second Ctrl-C or SIGTERM ends at once, without a picture";
    let interrupt = signals.watch(progress.bar(), job.verbosity, notice);
    paint(job, &mut progress, &interrupt, |observer| {
        let studio = Studio::new(&job.config, &weights, &job.device)?;
        // The device has its own by now.
        drop(weights);
        studio.stylize(pictures, observer)
    })
}

/// What is told of each evaluation.
type Observer<'a> = dyn FnMut(&Event<'_>) -> ControlFlow<()> + 'a;

/// Makes the job's picture by `stylize` until it is interrupted, shows how it goes and writes what came of it.
///
/// # Errors
/// As [`run`].
pub(crate) fn paint(
    job: &Job,
    progress: &mut Progress,
    interrupt: &Interrupt,
    stylize: impl FnOnce(&mut Observer<'_>) -> nst::Result<Outcome>,
) -> Result<ExitCode> {
    let start = Instant::now();
    let mut trace = job.trace.clone().map(Trace::new);
    let snapshots = job.save_every.map(|every| Snapshots::new(job.output.clone(), every));
    let mut observe = |event: &Event<'_>| -> Result<()> {
        progress.observe(event);
        trace.as_mut().map_or(Ok(()), |trace| trace.observe(event))?;
        snapshots.as_ref().map_or(Ok(()), |snapshots| snapshots.observe(event))
    };
    let mut failed = None;
    let outcome = stylize(&mut |event| {
        failed = observe(event).err();
        if failed.is_none() && !interrupt.is_asked() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    progress.finish();
    let outcome = outcome?;
    // A run that was cut short before any step has nothing that an older file should give way to.
    let cut_short = matches!(outcome.end, End::Interrupted | End::Failed(_));
    let has_result = outcome.best.evaluation > 0 || !cut_short;
    if has_result {
        outcome.picture.save(&job.output)?;
    }
    if job.verbosity == Verbosity::Verbose {
        summary::after(&job.device, &outcome);
    }
    let left = if has_result { "holds the best picture so far" } else { "is left as it was" };
    if let Some(error) = failed {
        bail!("{error}; '{}' {left}", job.output.display());
    }
    if let End::Failed(reason) = &outcome.end {
        bail!("{}; '{}' {left}", failure(reason, &outcome), job.output.display());
    }
    say_end(job, progress.label(), &outcome, has_result, start.elapsed());
    Ok(if outcome.end == End::Interrupted { interrupt.exit_code() } else { ExitCode::SUCCESS })
}

/// Why a run failed, and what may help.
pub(crate) fn failure(reason: &str, outcome: &Outcome) -> String {
    format!(
        "{reason} after {} evaluations; try a lower --learning-rate or lower weights",
        outcome.evaluations
    )
}

/// Why a run that went well ended before its iterations were done.
pub(crate) fn early(config: &Config, end: &End) -> Option<String> {
    match end {
        End::Converged(reason) => Some(reason.clone()),
        End::Settled => Some(format!(
            "settled: the loss fell by less than {} of itself over 20 evaluations",
            config.min_decrease
        )),
        End::TimeLimit => config.time_limit.map(|limit| format!("the time limit of {limit} is over")),
        _ => None,
    }
}

/// Says what came of it.
fn say_end(job: &Job, label: &str, outcome: &Outcome, has_result: bool, time: Duration) {
    let written = job.output.display();
    let verb = if outcome.end == End::Interrupted { "interrupted; wrote" } else { "wrote" };
    if !has_result {
        say(&format!("interrupted before there was a result; '{written}' is left as it was"));
    } else if job.verbosity != Verbosity::Quiet {
        if let Some(reason) = early(&job.config, &outcome.end) {
            say(&format!("{label}{reason}"));
        }
        say(&format!("{label}{verb} {written}: {}", gain(outcome, time)));
    }
}

/// What a run came to, and what it took. The initial loss is told where it was at the same scale: those of others are no measure.
pub(crate) fn gain(outcome: &Outcome, time: Duration) -> String {
    let Outcome { initial, best, .. } = outcome;
    let from =
        if initial.scale == best.scale { format!("{} -> ", number(initial.total)) } else { String::new() };
    let count = counted(outcome.evaluations, "evaluation");
    format!("loss {from}{} after {count}, {}", number(best.total), HumanDuration(time))
}
