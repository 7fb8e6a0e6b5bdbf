//! Ctrl-C and SIGTERM: once to end in good order, twice to end at once.

use crate::console::say;
use crate::job::Verbosity;
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Exit code of a run ended by Ctrl-C, as shells have it: 128 + SIGINT.
const INTERRUPTED: u8 = 130;
/// That of a run ended by SIGTERM.
#[cfg(unix)]
const TERMINATED: u8 = 143;

/// Whether a run was asked to end, and by what: the exit code for it, or 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// The exit code of a run that ended for it.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.0.load(Ordering::Relaxed))
    }

    /// Asks for the end with this exit code. If it was asked for already, it is here.
    fn ask(&self, code: u8, notice: impl FnOnce()) {
        if self.0.swap(code, Ordering::Relaxed) != 0 {
            std::process::exit(i32::from(code));
        }
        notice();
    }
}

/// Holds SIGTERM back until [`watch`] takes it: it would end the process without the picture. To be called before the first thread
/// is started, because each takes that over from the one that starts it.
///
/// # Errors
/// If the system refuses.
#[cfg(unix)]
pub(crate) fn hold() -> Result<()> {
    termination().thread_block().context("cannot hold back SIGTERM")
}

/// There is no SIGTERM on this system.
#[cfg(not(unix))]
pub(crate) fn hold() -> Result<()> {
    Ok(())
}

/// What the first Ctrl-C or SIGTERM sets; `notice` is said over the bar. The second one ends the process. To be called once, after
/// [`hold`]. SIGHUP is left to do what it does, so that `nohup` goes on working.
///
/// # Errors
/// If the system does not let it listen.
pub(crate) fn watch(bar: &ProgressBar, verbosity: Verbosity, notice: &'static str) -> Result<Interrupt> {
    let interrupt = Interrupt::default();
    let bar = bar.clone();
    let notice = move || {
        if verbosity != Verbosity::Quiet {
            bar.suspend(|| say(notice));
        }
    };
    #[cfg(unix)]
    listen(interrupt.clone(), notice.clone())?;
    let asked = interrupt.clone();
    ctrlc::set_handler(move || asked.ask(INTERRUPTED, &notice)).context("cannot listen for Ctrl-C")?;
    Ok(interrupt)
}

/// Waits for SIGTERM in a thread of its own.
#[cfg(unix)]
fn listen(interrupt: Interrupt, notice: impl Fn() + Send + 'static) -> Result<()> {
    let wait = move || {
        while termination().wait().is_ok() {
            interrupt.ask(TERMINATED, &notice);
        }
    };
    std::thread::Builder::new().spawn(wait).context("cannot listen for SIGTERM")?;
    Ok(())
}

#[cfg(unix)]
fn termination() -> nix::sys::signal::SigSet {
    nix::sys::signal::SigSet::from(nix::sys::signal::Signal::SIGTERM)
}
