//! Ctrl-C: once to end in good order, twice to end at once.

use crate::failure::INTERRUPTED;
use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that the first Ctrl-C sets; `notice` tells the user. The second one ends the process.
pub(crate) fn watch(notice: impl Fn() + Send + 'static) -> Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&asked);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        notice();
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(asked)
}
