//! The gate: every step that a change must pass, in order, with the time each takes.

use std::io::BufReader;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;

use crate::command::{cargo as cargo_command, run as run_command, said};

/// A step, named as one would type it.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

/// Cheap ones first. The tests build what the examples run.
const STEPS: &[Step] = &[
    Step { name: "cargo fmt", run: || cargo(&["fmt", "--all", "--check"]) },
    Step { name: "cargo xtask tidy", run: crate::tidy::run },
    Step {
        name: "cargo clippy",
        run: || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    },
    Step { name: "without CUDA", run: check_without_cuda },
    Step { name: "cargo doc", run: document },
    Step { name: "cargo test", run: || cargo(&["test", "--workspace"]) },
    Step { name: "examples", run: run_examples },
];

/// Runs the steps up to the first that fails, then prints their times.
pub(crate) fn run() -> Result<()> {
    let start = Instant::now();
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for step in STEPS {
        println!("== {}", step.name);
        let step_start = Instant::now();
        outcome = (step.run)().context(step.name);
        times.push((step.name, step_start.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    println!("\n{:<20} {:>8}", "step", "seconds");
    for (name, time) in times.into_iter().chain([("all", start.elapsed())]) {
        println!("{name:<20} {:>8.1}", time.as_secs_f64());
    }
    outcome
}

fn cargo(arguments: &[&str]) -> Result<()> {
    run_command(cargo_command().args(arguments))
}

/// The command without its feature `cuda`: it builds, and nothing of CUDA is in it.
fn check_without_cuda() -> Result<()> {
    let alone = ["-p", "nst-cli", "--no-default-features"];
    let tree = said(cargo_command().arg("tree").args(alone).args(["-e", "normal", "--prefix", "none"]))?;
    for package in ["cudarc", "nst-cuda"] {
        let is_there = tree.lines().any(|line| line.split(' ').next() == Some(package));
        ensure!(!is_there, "{package} is in the graph of nst-cli without its feature `cuda`");
    }
    cargo(&[&["clippy"], &alone[..], &["--all-targets", "--", "-D", "warnings"]].concat())
}

fn document() -> Result<()> {
    run_command(cargo_command().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs the example of every library crate. They are built for the whole workspace at once: one by one, cargo would
/// build shared dependencies again with the features that each crate asks for.
fn run_examples() -> Result<()> {
    let mut build = cargo_command()
        .args(["build", "--workspace", "--examples", "--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo build")?;
    let output = build.stdout.take().context("cargo build has no output")?;
    let mut examples = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message.context("cannot read what cargo built")?
            && artifact.target.is_example()
            && let Some(program) = artifact.executable
        {
            examples.push((artifact.target.src_path, program));
        }
    }
    ensure!(build.wait()?.success(), "the examples do not build");
    examples.sort();
    for (source, program) in examples {
        println!("-- {}", source.strip_prefix(crate::root()).unwrap_or(&source));
        run_command(Command::new(program).current_dir(crate::root()))?;
    }
    Ok(())
}
