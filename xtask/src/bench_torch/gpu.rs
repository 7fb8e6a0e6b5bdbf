//! Tests and measurements on an NVIDIA GPU, for a machine that has one.

mod card;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;

use super::bench::{Bench, Common};
use super::case::{Case, Model};
use super::comparison::{Comparison, TIME_COLUMNS};
use super::measured;
use super::program::{Configuration, Program, name};
use crate::command::{cargo, run as run_command, said};
use crate::markdown::table;
use card::Card;
pub(super) use card::environment;

/// Test nst on an NVIDIA GPU and measure it against PyTorch there
///
/// It has run once, on an H100: the tests and f32; time ran out before TF32. nst and PyTorch (2.11, not the pinned version) had been
/// installed there by other means, so building and installing on a machine with a GPU is untried.
///
/// First the conformance suite and whole runs must pass on the card; then whole runs of nst
/// and of the same method in PyTorch take turns, in f32 and, on cards that have it, in TF32. Needs Linux, NVIDIA's driver 525
/// or newer (PyTorch may ask for a newer one), Python 3, the network and 6 GB of disk.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The card, as `nvidia-smi` counts
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    gpu: u32,
    /// Networks
    #[arg(long, value_delimiter = ',', default_value = "vgg19")]
    models: Vec<Model>,
    /// Sides of the square pictures
    #[arg(long, value_delimiter = ',', default_value = "512", value_parser = clap::value_parser!(u32).range(32..=8192))]
    sizes: Vec<u32>,
    /// Evaluations of each run, of which the first two are not counted
    #[arg(long, default_value_t = 50, value_parser = RangedU64ValueParser::<usize>::new().range(measured::FEWEST as u64..))]
    evaluations: usize,
    #[command(flatten)]
    common: Common,
    /// File of results; its sections are replaced one by one
    #[arg(long, value_name = "FILE", default_value = "benches/GPU.md")]
    output: PathBuf,
}

/// What products are computed in. Everything else is f32 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    F32,
    Tf32,
}

/// Integration tests that must pass on the card: package and name. The first runs every operation, the second whole runs.
const TESTS: [(&str, &str); 2] = [("nst-tests", "conformance"), ("nst-tests", "cuda")];
/// How PyTorch is set up.
const CONFIGURATIONS: [Configuration; 2] = [Configuration::Eager, Configuration::ChannelsLast];

const HEAD: &str = "\
# Measured on GPUs

Written by `cargo xtask bench-gpu`. Each section says on which card and machine, when, and with which command. A section is
replaced as a whole and the others stay. Let nothing else run on the machine meanwhile.

- The method is the preset `neural-style`: VGG with max pooling as deep as relu5_1, L-BFGS without line search from the
  content picture, history 100, both pictures square. The programs compute the same: the task fails unless the losses of the
  initial picture agree, within 0.1 % in f32 and 1 % in TF32.
- nst is `nst stylize --device cuda --precision f32` or `tf32`; PyTorch is `xtask/src/bench_torch/torch_run.py`, eager, with
  the same two options: TF32 is switched on or off for convolutions and products of matrices alike, and cuDNN tries its
  algorithms and takes the fastest (`torch.backends.cudnn.benchmark`). `eager` is NCHW, `channels-last` sets the memory
  format. The network ends at the deepest layer in use, its ReLUs work in place, and no gradients of filters are taken.
- Each run is a process of its own. A pair is two runs one after the other, and pairs take turns in which comes first.
  Ratios are of one pair; the table has their median, the least and greatest, and each of them.
- Times are of one evaluation with the optimizer's step, on the host's clock when the loss is there: the median of a run,
  the first two left out.
";

pub(crate) fn run(args: &Args) -> Result<()> {
    let card = Card::find(args.gpu)?;
    println!("{}", card.title());
    let mut bench = Bench::new(&args.common, &args.output, HEAD, Some(args.evaluations))?;
    bench.machine = format!("{}; {}", card.title(), bench.machine);
    test(&bench, &card)?;
    for &model in &args.models {
        for &size in &args.sizes {
            let case = Case::new(&bench, model, size)?;
            for &precision in card.precisions() {
                compare(&bench, &card, &case, precision)?;
                look_at_layers(&bench, &card, &case, precision)?;
            }
        }
    }
    Ok(())
}

/// Runs the tests on the card, where only what the card cannot do is skipped, and writes down that they passed.
fn test(bench: &Bench, card: &Card) -> Result<()> {
    let mut passed = Vec::new();
    for (package, target) in TESTS {
        let arguments = ["test", "--release", "--package", package, "--test", target];
        let command = format!("NST_REQUIRE_CUDA=1 cargo {}", arguments.join(" "));
        println!("{command}");
        run_command(cargo().args(arguments).env("NST_REQUIRE_CUDA", "1").envs(card.environment()))
            .with_context(|| format!("the tests must pass on {} before anything is measured", card.name))?;
        passed.push(format!("- `{command}`"));
    }
    let body = format!("These passed:\n\n{}\n\n{}\n", passed.join("\n"), bench.machine);
    bench.output.write_section(&format!("{}: tests", card.name), &body)
}

/// PyTorch against nst, in one precision.
fn compare(bench: &Bench, card: &Card, case: &Case, precision: Precision) -> Result<()> {
    let heading = heading(card, case, precision);
    let nst = Program::NstOnGpu { gpu: card.index, precision };
    let mut rows = Vec::new();
    for configuration in CONFIGURATIONS {
        let torch = Program::TorchOnGpu { gpu: card.index, precision, configuration };
        println!("{heading}: {}", torch.name());
        let comparison = Comparison::measure(bench, case, torch, nst)?
            .with_context(|| format!("{} does not work here", torch.name()))?;
        let mut row = vec![torch.name(), nst.name()];
        row.extend(comparison.time_cells()?);
        rows.push(row);
    }
    let command = format!(
        "cargo xtask bench-gpu --gpu {} --models {} --sizes {} --pairs {} --threads {} --evaluations {}",
        card.index,
        name(&case.model),
        case.size,
        bench.pairs,
        bench.threads,
        case.evaluations
    );
    let weights = if case.model == Model::Vgg19 { bench.weights_of_vgg19() } else { "" };
    let stamp = format!("{}; {} evaluations a run.{weights}\n\n`{command}`", bench.machine, case.evaluations);
    bench.output.write_section(&heading, &format!("{}\n{stamp}\n", table(&TIME_COLUMNS, &rows)))
}

/// Writes down what `nst bench` says of the layers.
fn look_at_layers(bench: &Bench, card: &Card, case: &Case, precision: Precision) -> Result<()> {
    let (model, size, precision_name) = (name(&case.model), case.size.to_string(), name(&precision));
    let arguments =
        ["bench", "--device", "cuda", "--precision", &precision_name, "--model", &model, "--size", &size];
    let mut command = Command::new(&bench.nst);
    command.args(arguments).arg("--weights").arg(&case.weights).envs(card.environment());
    let layers = said(&mut command)?;
    ensure!(!layers.is_empty(), "nst bench says nothing");
    let body = format!("```\n{layers}\n```\n\n{}\n\n`nst {}`\n", bench.machine, arguments.join(" "));
    bench.output.write_section(&format!("{}, layer by layer", heading(card, case, precision)), &body)
}

fn heading(card: &Card, case: &Case, precision: Precision) -> String {
    format!("{}: {}, {} px, {}", card.name, case.model.title(), case.size, name(&precision))
}
