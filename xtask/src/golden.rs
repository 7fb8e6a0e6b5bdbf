//! Makes the golden files again with PyTorch, in a virtual environment outside the repository.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command::run as run_command;

/// Make the golden files of the tests again with PyTorch (needs Python 3, the network and 6 GB of disk)
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of the virtual environment, outside the repository; made where it does not exist
    #[arg(long)]
    venv: PathBuf,
    /// What to make, as `make_golden.py` calls it; everything if none is named
    names: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let golden = crate::root().join("tests").join("golden");
    let venv = &args.venv;
    let (system_python, python) = if cfg!(windows) {
        ("python", venv.join("Scripts").join("python.exe"))
    } else {
        ("python3", venv.join("bin").join("python"))
    };
    if !python.exists() {
        run_command(Command::new(system_python).args(["-m", "venv"]).arg(venv))?;
    }
    let requirements = golden.join("requirements.txt");
    run_command(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
    run_command(Command::new(&python).arg(golden.join("make_golden.py")).args(&args.names))
}
