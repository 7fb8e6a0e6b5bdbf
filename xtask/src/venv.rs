//! Virtual environments of Python, outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, anyhow};
use etcetera::BaseStrategy;

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

/// The same for NVIDIA's compilers, in the user's cache if `folder` is none: the tasks around kernels share one
/// environment, and each adds what it needs.
pub(crate) fn cuda_tools(folder: Option<&Path>, requirements: &Path) -> Result<PathBuf> {
    let folder = folder
        .map_or_else(|| Ok(cache()?.join("cuda-tools")), |folder| Ok::<_, anyhow::Error>(folder.into()))?;
    python(&folder, requirements)
}

/// This repository's folder in the user's cache.
pub(crate) fn cache() -> Result<PathBuf> {
    Ok(etcetera::choose_base_strategy().map_err(|error| anyhow!("{error}"))?.cache_dir().join("nst"))
}
