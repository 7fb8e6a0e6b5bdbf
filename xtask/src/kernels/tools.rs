//! NVIDIA's assembler and disassembler.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::occupancy::Architecture;
use crate::command::said;
use crate::venv::cuda_tools;

/// The programs, and a folder for what they make.
pub(super) struct Tools {
    programs: PathBuf,
    folder: PathBuf,
    /// ptxas's, for the document.
    pub(super) version: String,
}

impl Tools {
    /// Installs them.
    pub(super) fn new(venv: Option<&Path>) -> Result<Self> {
        let requirements = crate::root().join("xtask").join("src").join("kernels").join("requirements.txt");
        let python = cuda_tools(venv, &requirements)?;
        let packages = said(
            Command::new(&python).args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]),
        )?;
        let programs = Path::new(&packages).join("nvidia").join("cu13").join("bin");
        let folder = crate::venv::cache()?.join("kernels");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let told = said(Command::new(programs.join("ptxas")).arg("--version"))?;
        let version = told
            .split_once(", V")
            .and_then(|(_, rest)| rest.lines().next())
            .context("ptxas tells no version")?;
        Ok(Self { programs, folder, version: version.to_owned() })
    }

    /// What the assembler says of the PTX, and the machine code.
    pub(super) fn assemble(&self, ptx: &Path, architecture: Architecture) -> Result<(String, String)> {
        let cubin = self.folder.join("kernel.cubin");
        let mut assembler = Command::new(self.programs.join("ptxas"));
        assembler.args(["--verbose", "--gpu-name", architecture.name, "--output-file"]).args([&cubin, ptx]);
        let output = assembler.output().context("cannot start ptxas")?;
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "ptxas failed on {}:\n{messages}", ptx.display());
        let listing = said(Command::new(self.programs.join("nvdisasm")).arg("--print-code").arg(&cubin))?;
        Ok((messages, listing))
    }
}
