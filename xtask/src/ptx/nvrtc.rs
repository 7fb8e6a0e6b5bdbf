//! Compilations by NVRTC, in one process of Python.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::architectures::CAPABILITIES;
use super::sources::Variant;

/// A compilation, as `nvrtc.py` takes it.
#[derive(Serialize)]
pub(super) struct Job {
    /// What NVRTC calls the source: no path, so that the result is the same everywhere.
    name: String,
    source: String,
    options: Vec<String>,
}

impl Job {
    /// For drivers to compile.
    pub(super) fn to_ptx(variant: &Variant) -> Self {
        Self::new(variant, &format!("compute_{}", variant.capability()))
    }

    /// For one architecture after another, as machine code.
    pub(super) fn to_each_architecture(variant: &Variant) -> impl Iterator<Item = Self> {
        let capabilities = CAPABILITIES.into_iter().filter(|&capability| capability >= variant.capability());
        capabilities.map(move |capability| Self::new(variant, &format!("sm_{capability}")))
    }

    fn new(variant: &Variant, architecture: &str) -> Self {
        let mut options = variant.options();
        options.push(format!("--gpu-architecture={architecture}"));
        Self { name: variant.source_name(), source: variant.source.clone(), options }
    }
}

/// What `nvrtc.py` answers.
#[derive(Deserialize)]
struct Outcome {
    log: String,
    /// None if the source does not compile.
    ptx: Option<String>,
}

/// A compiler that was installed.
pub(super) struct Nvrtc<'a> {
    pub(super) python: &'a Path,
    pub(super) major: u32,
}

impl Nvrtc<'_> {
    /// The PTX of each job. Prints warnings, each once; fails with what NVRTC says of every job that does not compile.
    pub(super) fn compile(&self, jobs: &[Job]) -> Result<Vec<String>> {
        let mut child = Command::new(self.python)
            .arg(super::file("nvrtc.py"))
            .arg(self.major.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.python.display()))?;
        let mut input = child.stdin.take().context("no way to tell Python the jobs")?;
        input.write_all(&serde_json::to_vec(jobs)?).context("cannot tell Python the jobs")?;
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "nvrtc.py failed: {}", output.status);
        let outcomes: Vec<Outcome> =
            serde_json::from_slice(&output.stdout).context("nvrtc.py does not answer in its form")?;
        ensure!(outcomes.len() == jobs.len(), "{} jobs, {} answers", jobs.len(), outcomes.len());
        sort(jobs, outcomes)
    }
}

/// The PTX, if every job has one.
fn sort(jobs: &[Job], outcomes: Vec<Outcome>) -> Result<Vec<String>> {
    let (mut compiled, mut errors, mut warnings) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (job, Outcome { log, ptx }) in jobs.iter().zip(outcomes) {
        let said = format!("{} {}:\n{}", job.name, job.options.join(" "), log.trim_end());
        match ptx {
            Some(ptx) => {
                if !log.trim().is_empty() && warnings.insert(log) {
                    eprintln!("{said}");
                }
                compiled.push(ptx);
            }
            None => errors.push(said),
        }
    }
    if !errors.is_empty() {
        bail!("NVRTC cannot compile\n{}", errors.join("\n"));
    }
    Ok(compiled)
}

#[cfg(test)]
mod tests {
    use super::{Job, Outcome, sort};

    #[test]
    fn every_error_is_told_and_all_or_nothing_comes_back() {
        let job = |name: &str| Job { name: name.into(), source: String::new(), options: vec!["-x".into()] };
        let good = || Outcome { log: String::new(), ptx: Some("code".into()) };
        let bad = |log: &str| Outcome { log: log.into(), ptx: None };
        let jobs = [job("a.cu"), job("b.cu"), job("c.cu")];
        assert_eq!(sort(&jobs, vec![good(), good(), good()]).unwrap(), ["code"; 3]);
        let error = sort(&jobs, vec![bad("one\n"), good(), bad("two")]).unwrap_err();
        assert_eq!(error.to_string(), "NVRTC cannot compile\na.cu -x:\none\nc.cu -x:\ntwo");
    }
}
