//! Compiles the CUDA kernels to the PTX that is committed beside them.

mod architectures;
mod nvrtc;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub(crate) use sources::{Variant, kernel_folder, variants};

use crate::venv::cuda_tools;
use nvrtc::{Job, Nvrtc};

/// Compile the CUDA kernels to the PTX beside them, with a pinned NVRTC (Linux; Python 3 and the network)
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail where the committed PTX is not what the sources compile to
    #[arg(long)]
    check: bool,
    /// Also compile for every architecture with the newest NVRTC, and keep nothing of it
    #[arg(long)]
    newest: bool,
    /// Folder of the virtual environment, outside the repository; made where it does not exist [default: in the user's
    /// cache]
    #[arg(long, value_name = "DIR")]
    venv: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = kernel_folder();
    let variants = variants(&folder)?;
    let python = cuda_tools(args.venv.as_deref(), &file("requirements.txt"))?;
    let jobs: Vec<Job> = variants.iter().map(Job::to_ptx).collect();
    let compiled = Nvrtc { python: &python, major: 12 }.compile(&jobs)?;
    let found = sources::ptx_files(&folder)?;
    if args.check {
        let complaints = differences(&folder, &variants, &compiled, &found)?;
        ensure!(
            complaints.is_empty(),
            "the committed PTX is not what the sources compile to; run `cargo xtask ptx`:\n  {}",
            complaints.join("\n  ")
        );
        println!("ptx: {} files are as their sources compile", variants.len());
    } else {
        write(&folder, &variants, &compiled, &found)?;
    }
    if args.newest {
        compile_for_all(&python, args, &variants)?;
    }
    Ok(())
}

/// A file of this task.
fn file(name: &str) -> PathBuf {
    crate::root().join("xtask").join("src").join("ptx").join(name)
}

/// What is wrong with the files in the folder, one line for each.
fn differences(
    folder: &Path,
    variants: &[Variant],
    compiled: &[String],
    found: &[String],
) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for (variant, ptx) in variants.iter().zip(compiled) {
        let name = variant.ptx_name();
        if !found.contains(&name) {
            complaints.push(format!("{name}: missing"));
        } else if read(&folder.join(&name))? != *ptx {
            complaints.push(format!("{name}: differs from what {} compiles to", variant.source_name()));
        }
    }
    let orphans = found.iter().filter(|&name| variants.iter().all(|variant| variant.ptx_name() != *name));
    complaints.extend(orphans.map(|name| format!("{name}: has no source")));
    Ok(complaints)
}

/// Writes what has changed and removes what has no source any more.
fn write(folder: &Path, variants: &[Variant], compiled: &[String], found: &[String]) -> Result<()> {
    for (variant, ptx) in variants.iter().zip(compiled) {
        let path = folder.join(variant.ptx_name());
        if !path.exists() || read(&path)? != *ptx {
            fs::write(&path, ptx).with_context(|| format!("cannot write {}", path.display()))?;
            println!("wrote {}", variant.ptx_name());
        }
    }
    for name in found.iter().filter(|&name| variants.iter().all(|variant| variant.ptx_name() != *name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
        println!("removed {name}, which has no source");
    }
    Ok(())
}

fn compile_for_all(python: &Path, args: &Args, variants: &[Variant]) -> Result<()> {
    let newest = file("newest.txt");
    cuda_tools(args.venv.as_deref(), &newest)?;
    let jobs: Vec<Job> = variants.iter().flat_map(Job::to_each_architecture).collect();
    Nvrtc { python, major: 13 }.compile(&jobs)?;
    println!("ptx: the newest NVRTC compiles for {}", architectures::names());
    Ok(())
}

/// With the line ends that NVRTC writes, whatever git made of them.
fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.replace("\r\n", "\n"))
}
