//! What every measurement needs: the programs, a folder to work in, and the machine's name.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use super::Args;
use crate::command::{cargo, run as run_command, said};

/// What every measurement needs.
pub(super) struct Bench {
    pub(super) nst: PathBuf,
    pub(super) python: PathBuf,
    /// For random weights, pictures and traces.
    pub(super) folder: PathBuf,
    pub(super) weights_vgg19: Option<PathBuf>,
    pub(super) output: PathBuf,
    pub(super) threads: usize,
    pub(super) pairs: usize,
    pub(super) evaluations: Option<usize>,
    /// The machine, the day and the versions.
    pub(super) machine: String,
    /// What PyTorch holds before it does anything, in bytes.
    pub(super) import_peak: f64,
}

impl Bench {
    /// Builds nst, sets up Python and looks at the machine.
    pub(super) fn new(args: &Args) -> Result<Self> {
        let folder = crate::venv::cache()?.join("bench-torch");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let output = crate::root().join(&args.output);
        if let Some(parent) = output.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        run_command(cargo().args(["build", "--release", "--package", "nst-cli"]))?;
        let metadata =
            MetadataCommand::new().manifest_path(crate::root().join("Cargo.toml")).no_deps().exec()?;
        let program = format!("nst{}", std::env::consts::EXE_SUFFIX);
        let venv = args.venv.clone().unwrap_or_else(|| folder.join("venv"));
        let mut bench = Self {
            nst: metadata.target_directory.join("release").join(program).into(),
            python: crate::venv::python(&venv, &script("requirements.txt"))?,
            folder,
            weights_vgg19: args.weights_vgg19.clone(),
            output,
            threads: args.threads,
            pairs: args.pairs,
            evaluations: args.evaluations,
            machine: String::new(),
            import_peak: 0.0,
        };
        let commit = said(Command::new("git").current_dir(crate::root()).args([
            "describe",
            "--always",
            "--dirty",
            "--exclude=*",
        ]))?;
        let machine = said(Command::new(&bench.python).arg(script("machine.py")))?;
        bench.machine = format!("{machine}, nst {commit}");
        let mut import = Command::new(&bench.python);
        import.arg(script("measure.py")).arg(&bench.python).args(["-c", "import torch"]);
        bench.import_peak = said(&mut import)?.parse().context("no peak of memory")?;
        println!("{}", bench.machine);
        Ok(bench)
    }

    /// Where the running program writes its losses and times.
    pub(super) fn trace(&self) -> PathBuf {
        self.folder.join("trace.jsonl")
    }
}

/// A file that lies beside this one.
pub(super) fn script(name: &str) -> PathBuf {
    crate::root().join("xtask").join("src").join("bench_torch").join(name)
}
