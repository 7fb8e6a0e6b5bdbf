//! Ctrl-C: once to end in good order, twice to end at once.

use crate::console::say;
use crate::failure::INTERRUPTED;
use crate::job::Verbosity;
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that the first Ctrl-C sets; `notice` is said over the bar. The second one ends the process. To be called once.
pub(crate) fn watch(
    bar: &ProgressBar,
    verbosity: Verbosity,
    notice: &'static str,
) -> Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&asked);
    let bar = bar.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        if verbosity != Verbosity::Quiet {
            bar.suspend(|| say(notice));
        }
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(asked)
}
