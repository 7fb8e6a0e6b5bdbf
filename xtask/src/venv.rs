//! Virtual environments of Python, outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::run as run_command;

/// The Python of the environment in `folder`, which is made where it does not exist, with what the file `requirements`
/// lists installed.
pub(crate) fn python(folder: &Path, requirements: &Path) -> Result<PathBuf> {
    let (system_python, python) = if cfg!(windows) {
        ("python", folder.join("Scripts").join("python.exe"))
    } else {
        ("python3", folder.join("bin").join("python"))
    };
    if !python.exists() {
        run_command(Command::new(system_python).args(["-m", "venv"]).arg(folder))?;
    }
    run_command(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
    Ok(python)
}
