//! What every measurement needs: the programs, a folder to work in, and the machine's name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use clap::builder::RangedU64ValueParser;

use super::report::Document;
use crate::command::{cargo, run as run_command, said};

/// What every measurement is asked.
#[derive(clap::Args)]
pub(super) struct Common {
    /// Runs of each program, taking turns
    #[arg(long, default_value_t = 5, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pairs: usize,
    /// Threads of either program
    #[arg(long, default_value_t = 2, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    threads: usize,
    /// Trained weights of VGG-19 (safetensors); left out, random ones are made
    #[arg(long, value_name = "FILE")]
    weights_vgg19: Option<PathBuf>,
    /// Folder of the virtual environment, outside the repository; made where it does not exist [default: in the user's
    /// cache]
    #[arg(long, value_name = "DIR")]
    venv: Option<PathBuf>,
}

/// What every measurement needs.
pub(super) struct Bench {
    pub(super) nst: PathBuf,
    pub(super) python: PathBuf,
    /// For random weights, pictures and traces.
    pub(super) folder: PathBuf,
    pub(super) weights_vgg19: Option<PathBuf>,
    pub(super) output: Document,
    pub(super) threads: usize,
    pub(super) pairs: usize,
    pub(super) evaluations: Option<usize>,
    /// The machine, the day and the versions.
    pub(super) machine: String,
    /// What PyTorch holds before it does anything, in bytes.
    pub(super) import_peak: f64,
}

impl Bench {
    /// Builds nst, sets up Python and looks at the machine. The results go into the file `output` under `head`.
    pub(super) fn new(
        args: &Common,
        output: &Path,
        head: &'static str,
        evaluations: Option<usize>,
    ) -> Result<Self> {
        let folder = crate::venv::cache()?.join("bench-torch");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let output = crate::root().join(output);
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
            output: Document { file: output, head },
            threads: args.threads,
            pairs: args.pairs,
            evaluations,
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

    /// For the results: a sentence with a space before it.
    pub(super) fn weights_of_vgg19(&self) -> &'static str {
        match self.weights_vgg19 {
            Some(_) => " VGG-19 has the weights that `--weights-vgg19` named.",
            None => " VGG-19 has random weights (He's initialisation), of full width.",
        }
    }

    /// Of programs that are not there.
    #[cfg(test)]
    pub(super) fn of_tests() -> Self {
        Self {
            nst: "nst".into(),
            python: "python".into(),
            folder: "folder".into(),
            weights_vgg19: None,
            output: Document { file: "output.md".into(), head: "" },
            threads: 2,
            pairs: 5,
            evaluations: None,
            machine: String::new(),
            import_peak: 0.0,
        }
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
