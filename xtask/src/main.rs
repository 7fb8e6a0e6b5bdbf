//! Tasks of the repository that are not the product: `cargo xtask TASK`.

mod bench_torch;
mod ci;
mod command;
mod convergence;
mod fetch_weights;
mod golden;
mod kernels;
mod markdown;
mod paint;
mod ptx;
mod tidy;
mod venv;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    BenchGpu(bench_torch::gpu::Args),
    BenchTorch(bench_torch::Args),
    /// Run every step of the gate and print the time each takes
    Ci,
    Convergence(convergence::Args),
    FetchWeights(fetch_weights::Args),
    Golden(golden::Args),
    Kernels(kernels::Args),
    Paint(paint::Args),
    Ptx(ptx::Args),
    /// Compare the repository with the tables of arrows, licences and long files
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Args::parse().task {
        Task::BenchGpu(args) => bench_torch::gpu::run(&args),
        Task::BenchTorch(args) => bench_torch::run(&args),
        Task::Ci => ci::run(),
        Task::Convergence(args) => convergence::run(&args),
        Task::FetchWeights(args) => fetch_weights::run(&args),
        Task::Golden(args) => golden::run(&args),
        Task::Kernels(args) => kernels::run(&args),
        Task::Paint(args) => paint::run(&args),
        Task::Ptx(args) => ptx::run(&args),
        Task::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace: the folder above this package.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
