//! Measures whole runs of nst, and of the same method in PyTorch, on this machine.

mod bench;
mod case;
mod comparison;
pub(crate) mod gpu;
mod growth;
mod measured;
mod program;
mod report;
mod spread;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;

use bench::{Bench, Common};
use case::{Case, Model};
use comparison::Comparison;
use program::{Configuration, Isa, Program, name};

/// Measure nst against the same method in PyTorch, and against itself (Linux; Python 3, the network, 6 GB of disk)
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure; left out, everything. The other sections of the results stay as they are
    parts: Vec<Part>,
    /// Networks [default: vgg16,vgg19 for pytorch, else vgg19]
    #[arg(long, value_delimiter = ',')]
    models: Vec<Model>,
    /// Sides of the square pictures [default: 256,512,1024 for pytorch, 128,256,512,1024,2048 for growth, else 512]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(32..=8192))]
    sizes: Vec<u32>,
    /// Evaluations of each run, of which the first two are not counted [default: 32 to 6, by size]
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(measured::FEWEST as u64..))]
    evaluations: Option<usize>,
    /// For pytorch: how it is set up [default: all]
    #[arg(long, value_delimiter = ',')]
    configurations: Vec<Configuration>,
    /// For isas: instruction sets [default: all]
    #[arg(long, value_delimiter = ',')]
    isas: Vec<Isa>,
    #[command(flatten)]
    common: Common,
    /// File of results; its sections are replaced one by one
    #[arg(long, value_name = "FILE", default_value = "benches/RESULTS.md")]
    output: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Against PyTorch, in each configuration
    Pytorch,
    /// One thread against --threads
    Scaling,
    /// Instruction sets against the best one
    Isas,
    /// Time and memory for each pixel, by size
    Growth,
}

/// Measures part after part. The results are written as they come.
pub(crate) fn run(args: &Args) -> Result<()> {
    let bench = Bench::new(&args.common, &args.output, report::HEAD, args.evaluations)?;
    let parts = given(&args.parts, Part::value_variants());
    for part in parts {
        let (models, sizes): (&[Model], &[u32]) = match part {
            Part::Pytorch => (Model::value_variants(), &[256, 512, 1024]),
            Part::Growth => (&[Model::Vgg19], &[128, 256, 512, 1024, 2048]),
            Part::Scaling | Part::Isas => (&[Model::Vgg19], &[512]),
        };
        let mut cases = Vec::new();
        for model in given(&args.models, models) {
            for size in given(&args.sizes, sizes) {
                cases.push(Case::new(&bench, model, size)?);
            }
        }
        if part == Part::Growth {
            println!("growth");
            growth::measure(&bench, &cases, &stamp(&bench, args, part, &cases))?;
            continue;
        }
        for case in &cases {
            let stamp = stamp(&bench, args, part, std::slice::from_ref(case));
            compare(&bench, args, part, case, &stamp)?;
        }
    }
    Ok(())
}

/// Compares programs on one case, and writes the section after each of them.
fn compare(bench: &Bench, args: &Args, part: Part, case: &Case, stamp: &str) -> Result<()> {
    let threads = bench.threads;
    let nst = |isa| Program::Nst { threads, isa };
    let (title, base, programs) = match part {
        Part::Scaling => ("one thread", nst(None), vec![Program::Nst { threads: 1, isa: None }]),
        Part::Isas => {
            let isas = given(&args.isas, Isa::value_variants());
            ("instruction sets", nst(None), isas.into_iter().map(|isa| nst(Some(isa))).collect())
        }
        Part::Pytorch | Part::Growth => {
            let configurations = given(&args.configurations, Configuration::value_variants());
            let torch = |configuration| Program::Torch { threads, configuration };
            ("PyTorch", nst(None), configurations.into_iter().map(torch).collect())
        }
    };
    let heading = format!("{}, {} px: {title}", case.model.title(), case.size);
    let mut rows = Vec::new();
    for program in programs {
        println!("{heading}: {}", program.name());
        let mut row = vec![program.name(), base.name()];
        match Comparison::measure(bench, case, program, base)? {
            Ok(comparison) => row.extend(comparison.cells()?),
            Err(error) => {
                // Its words may hold paths of this machine, which have no place in the results.
                eprintln!("  does not work here: {error}");
                row.push("does not work on this machine".into());
                row.resize(comparison::COLUMNS.len(), String::new());
            }
        }
        rows.push(row);
        let body = format!("{}\n{stamp}", crate::markdown::table(&comparison::COLUMNS, &rows));
        bench.output.write_section(&heading, &body)?;
    }
    Ok(())
}

/// On what, when and how a section was measured, so that the command measures it again.
fn stamp(bench: &Bench, args: &Args, part: Part, cases: &[Case]) -> String {
    let mut models: Vec<String> = cases.iter().map(|case| name(&case.model)).collect();
    models.dedup();
    let mut sizes: Vec<String> = cases.iter().map(|case| case.size.to_string()).collect();
    sizes.truncate(sizes.len() / models.len().max(1));
    let mut command = format!(
        "cargo xtask bench-torch {} --models {} --sizes {} --pairs {} --threads {}",
        name(&part),
        models.join(","),
        sizes.join(","),
        bench.pairs,
        bench.threads
    );
    let mut options = vec![("evaluations", bench.evaluations.iter().map(usize::to_string).collect())];
    let mut text = String::new();
    match part {
        Part::Pytorch => {
            options.push(("configurations", args.configurations.iter().map(name).collect()));
            text =
                format!(" `import torch` alone holds {:.0} MiB.", bench.import_peak / comparison::MEBIBYTE);
        }
        Part::Isas => options.push(("isas", args.isas.iter().map(name).collect::<Vec<_>>())),
        Part::Scaling | Part::Growth => {}
    }
    for (option, values) in options.iter().filter(|(_, values)| !values.is_empty()) {
        command.extend([" --", option, " ", &values.join(",")]);
    }
    if models.iter().any(|model| *model == name(&Model::Vgg19)) {
        text += bench.weights_of_vgg19();
    }
    let evaluations: Vec<String> = cases.iter().map(|case| case.evaluations.to_string()).collect();
    format!("{}; {} evaluations a run.{text}\n\n`{command}`\n", bench.machine, evaluations.join(", "))
}

/// What was named, or else the default.
fn given<T: Copy>(named: &[T], default: &[T]) -> Vec<T> {
    if named.is_empty() { default } else { named }.to_vec()
}
