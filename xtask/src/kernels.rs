//! Evidence of how good the CUDA kernels are that needs no GPU: `crates/nst-cuda/KERNELS.md`.

mod document;
mod estimate;
mod evidence;
mod hot_loop;
mod interpreted;
mod occupancy;
mod resources;
mod roofline;
mod sass;
mod tools;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use document::Findings;
use occupancy::{SM_80, SM_90};
use tools::Tools;

/// Write what the compiled CUDA kernels use, and an estimate of their time (Linux; Python 3 and the network)
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail where a kernel spills registers or crates/nst-cuda/KERNELS.md is out of date
    #[arg(long)]
    check: bool,
    /// Folder of the virtual environment, outside the repository; made where it does not exist [default: in the user's
    /// cache]
    #[arg(long, value_name = "DIR")]
    venv: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let package = crate::root().join("crates").join("nst-cuda");
    let variants = crate::ptx::variants(&crate::ptx::kernel_folder())?;
    let tools = Tools::new(args.venv.as_deref())?;
    let on_sm_80 = evidence::collect(&tools, &variants, SM_80)?;
    let on_sm_90 = evidence::collect(&tools, &variants, SM_90)?;
    let interpreted = interpreted::read(&package.join("KERNELS.json"), &on_sm_80)?;
    let findings = Findings { version: tools.version, on_sm_80, on_sm_90, interpreted };
    let (document, spills) = (findings.document()?, findings.spills());
    let file = package.join("KERNELS.md");
    if !args.check {
        fs::write(&file, document).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {}", file.display());
        for spill in spills {
            eprintln!("warning: {spill}");
        }
        return Ok(());
    }
    if !spills.is_empty() {
        bail!("no kernel may spill registers:\n  {}", spills.join("\n  "));
    }
    let committed = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(
        committed.replace("\r\n", "\n") == document,
        "crates/nst-cuda/KERNELS.md is out of date; run `cargo xtask kernels`"
    );
    println!("kernels: none spills, and KERNELS.md is up to date");
    Ok(())
}
