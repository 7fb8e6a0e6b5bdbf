//! The trace: one JSON object a line and evaluation.

use anyhow::{Result, anyhow};
use nst::Event;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// Writes each evaluation's losses to a file as they come.
pub(crate) struct Trace {
    path: PathBuf,
    state: State,
}

enum State {
    /// Nothing is written yet, so an older file is as it was.
    Waiting,
    Open(File),
    /// The reader of a pipe has left.
    Left,
}

impl Trace {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, state: State::Waiting }
    }

    /// Writes a line. Numbers that are not finite become null, as JSON has none.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn observe(&mut self, event: &Event<'_>) -> Result<()> {
        let fail = |problem: String| anyhow!("trace '{}': {problem}", self.path.display());
        if matches!(self.state, State::Waiting) {
            self.state = State::Open(File::create(&self.path).map_err(|error| fail(error.to_string()))?);
        }
        if let State::Open(file) = &mut self.state {
            let mut line = serde_json::to_vec(event.evaluation).map_err(|error| fail(error.to_string()))?;
            line.push(b'\n');
            match file.write_all(&line) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.state = State::Left,
                result => result.map_err(|error| fail(error.to_string()))?,
            }
        }
        Ok(())
    }
}
