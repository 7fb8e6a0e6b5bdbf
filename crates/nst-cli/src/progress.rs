//! How far a run is: a bar on a terminal, a line now and then on a pipe.

use crate::console::{Throttle, number, say};
use crate::job::Verbosity;
use anyhow::Result;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use nst::Event;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

/// Parts of the bar: of the run's work, not of its iterations.
const PARTS: u64 = 1000;

/// Shows how far a run is.
pub(crate) struct Progress {
    /// Hidden unless on a terminal.
    bar: ProgressBar,
    /// On a pipe.
    lines: Option<Throttle>,
    /// Which of several pictures it is; empty if there is one.
    label: String,
}

impl Progress {
    pub(crate) fn new(verbosity: Verbosity) -> Result<Self> {
        if verbosity == Verbosity::Quiet || !stderr().is_terminal() {
            let lines = (verbosity != Verbosity::Quiet).then(Throttle::new);
            return Ok(Self { bar: ProgressBar::hidden(), lines, label: String::new() });
        }
        let style = ProgressStyle::with_template("{prefix}{wide_bar} {msg}")?;
        let bar = ProgressBar::new(0).with_style(style).with_message("preparing");
        bar.tick();
        Ok(Self { bar, lines: None, label: String::new() })
    }

    /// Begins another picture of several.
    pub(crate) fn begin(&mut self, label: String) {
        self.bar.reset();
        self.bar.set_length(0);
        self.bar.set_message("preparing");
        self.bar.set_prefix(label.clone());
        self.label = label;
    }

    /// Which of several pictures it is, to stand before what is said of it; empty if there is one.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The bar, for others to say something over it.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Shows an evaluation.
    pub(crate) fn observe(&mut self, event: &Event<'_>) {
        let evaluation = event.evaluation;
        let (done, all) = (evaluation.iteration, event.iterations);
        let per_second = (evaluation.evaluation + 1) as f64 / evaluation.seconds;
        let left = time_left(evaluation.seconds, event.done);
        let size = format!("{}x{}", evaluation.width, evaluation.height);
        let message =
            format!("{size}, loss {}, {per_second:.2} evaluations/s{left}", number(evaluation.total));
        if self.lines.as_mut().is_some_and(Throttle::is_due) {
            say(&format!("{}iteration {done} of {all}: {message}", self.label));
        }
        self.bar.set_message(format!("{done}/{all}  {message}"));
        self.bar.set_length(PARTS);
        self.bar.set_position((event.done * PARTS as f64) as u64);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// In words, as soon as there is anything to go by; `done`: the share of the work, 0..1.
fn time_left(seconds: f64, done: f64) -> String {
    if done == 0.0 {
        return String::new();
    }
    let left = seconds / done * (1.0 - done);
    Duration::try_from_secs_f64(left)
        .map_or_else(|_| String::new(), |left| format!(", {} left", HumanDuration(left)))
}
