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
    let python = crate::venv::python(&args.venv, &golden.join("requirements.txt"))?;
    run_command(Command::new(python).arg(golden.join("make_golden.py")).args(&args.names))
}
