//! Ctrl-C and SIGTERM: once to end in good order, twice to end at once.

use crate::console::say;
use crate::job::Verbosity;
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

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

/// Asks a run to end with an exit code.
type Ask = Box<dyn Fn(u8) + Send + Sync>;

/// What becomes of signals: each ends the process, until there is a run that can be asked to end.
#[derive(Clone, Default)]
pub(crate) struct Signals(Arc<OnceLock<Ask>>);

impl Signals {
    /// Takes Ctrl-C and SIGTERM, which would end a run without its picture. To be called before the first thread is started,
    /// because each takes over from the one that starts it what is held back. SIGHUP is left to do what it does, so that `nohup`
    /// goes on working.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn listen() -> Result<Self> {
        let signals = Self::default();
        #[cfg(unix)]
        wait_for_sigterm(signals.clone())?;
        let arriving = signals.clone();
        ctrlc::set_handler(move || arriving.arrive(INTERRUPTED)).context("cannot listen for Ctrl-C")?;
        Ok(signals)
    }

    /// What the first Ctrl-C or SIGTERM from here on sets; `notice` is said over the bar. The second one ends the process.
    pub(crate) fn watch(&self, bar: &ProgressBar, verbosity: Verbosity, notice: &'static str) -> Interrupt {
        let interrupt = Interrupt::default();
        let (asked, bar) = (interrupt.clone(), bar.clone());
        let notice = move || {
            if verbosity != Verbosity::Quiet {
                bar.suspend(|| say(notice));
            }
        };
        self.0.get_or_init(|| Box::new(move |code| asked.ask(code, &notice)));
        interrupt
    }

    /// A signal with this exit code is here.
    fn arrive(&self, code: u8) {
        match self.0.get() {
            Some(ask) => ask(code),
            None => std::process::exit(i32::from(code)),
        }
    }
}

/// Waits for SIGTERM in a thread of its own.
#[cfg(unix)]
fn wait_for_sigterm(signals: Signals) -> Result<()> {
    use nix::sys::signal::{SigSet, Signal};

    let sigterm = SigSet::from(Signal::SIGTERM);
    sigterm.thread_block().context("cannot hold back SIGTERM")?;
    let wait = move || {
        while sigterm.wait().is_ok() {
            signals.arrive(TERMINATED);
        }
    };
    std::thread::Builder::new().spawn(wait).context("cannot listen for SIGTERM")?;
    Ok(())
}
