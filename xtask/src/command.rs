//! Running other programs.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Runs a program to its end, its output going where ours goes; fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}
