//! Pictures on the way.

use crate::paths;
use anyhow::Result;
use nst::Event;
use std::path::PathBuf;

/// Writes the best accepted picture beside the output after every `every` evaluations.
pub(crate) struct Snapshots {
    output: PathBuf,
    every: usize,
}

impl Snapshots {
    pub(crate) fn new(output: PathBuf, every: usize) -> Self {
        Self { output, every }
    }

    /// Writes a picture if it is time for one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn observe(&self, event: &Event<'_>) -> Result<()> {
        let evaluation = event.evaluation.evaluation;
        if evaluation > 0 && evaluation.is_multiple_of(self.every) {
            event.picture()?.save(&paths::snapshot(&self.output, evaluation))?;
        }
        Ok(())
    }
}
