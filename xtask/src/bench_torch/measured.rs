//! One run of a program, from start to end, in a process of its own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::bench::Bench;
use super::case::Case;
use super::program::{Program, name};
use super::spread::Spread;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Median time of an evaluation with the optimizer's step, in seconds.
    pub(super) seconds: f64,
    /// The most resident memory of the whole process, in bytes.
    pub(super) peak: f64,
    /// The loss of the initial picture, which is the same for every program.
    pub(super) first_loss: f64,
}

/// A line of a trace.
#[derive(Deserialize)]
struct Evaluation {
    /// Null if it was not finite.
    total: Option<f64>,
    /// Since the start of the run.
    seconds: f64,
}

/// Evaluations at the start of a run that are not counted: buffers are made, code is compiled, caches are cold.
const LEFT_OUT: usize = 2;
/// The fewest evaluations of a run that has a time.
pub(super) const FEWEST: usize = LEFT_OUT + 1;

impl Run {
    /// Runs the program on the case.
    pub(super) fn measure(bench: &Bench, program: Program, case: &Case, evaluations: usize) -> Result<Self> {
        // What an earlier run left must not be taken for this one's.
        fs::write(bench.trace(), "").with_context(|| format!("cannot write {}", bench.trace().display()))?;
        let output = program
            .command(bench, case, evaluations)
            .output()
            .with_context(|| format!("cannot start {}", bench.python.display()))?;
        let messages = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("{}: {}\n{}", program.name(), output.status, messages.trim_end());
        }
        if let Program::Nst { isa: Some(isa), .. } = program {
            // A name that the CPU does not know changes nothing: nst says what it used.
            let used = format!("({},", name(&isa));
            ensure!(messages.contains(&used), "this CPU has no {}", name(&isa));
        }
        let trace = read(&bench.trace())?;
        ensure!(
            trace.len() == evaluations,
            "{} evaluated {} times, not {evaluations}",
            program.name(),
            trace.len()
        );
        Ok(Self {
            seconds: seconds(&trace)?,
            peak: String::from_utf8_lossy(&output.stdout).trim().parse().context("no peak of memory")?,
            first_loss: trace[0].total.context("the loss of the initial picture is not finite")?,
        })
    }
}

fn read(trace: &Path) -> Result<Vec<Evaluation>> {
    let text = fs::read_to_string(trace).with_context(|| format!("cannot read {}", trace.display()))?;
    text.lines().map(|line| serde_json::from_str(line).context("a line of the trace is damaged")).collect()
}

fn seconds(trace: &[Evaluation]) -> Result<f64> {
    let each = trace.windows(2).map(|pair| pair[1].seconds - pair[0].seconds).skip(LEFT_OUT - 1);
    Ok(Spread::of(each).with_context(|| format!("a time needs {FEWEST} evaluations"))?.median)
}

#[cfg(test)]
mod tests {
    use super::{Evaluation, FEWEST, seconds};

    fn trace(times: &[f64]) -> Vec<Evaluation> {
        times.iter().map(|&seconds| Evaluation { total: Some(1.0), seconds }).collect()
    }

    #[test]
    fn the_first_two_evaluations_are_left_out() {
        assert_eq!(seconds(&trace(&[100.0, 150.0, 151.0, 153.0, 156.0])).unwrap(), 2.0);
        assert_eq!(seconds(&trace(&[100.0, 150.0, 151.0][..FEWEST])).unwrap(), 1.0);
        assert!(seconds(&trace(&[100.0, 150.0])).is_err());
    }
}
