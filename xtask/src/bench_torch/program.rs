//! The programs that are measured, and the commands that start them.

use std::process::Command;

use clap::ValueEnum;

use super::bench::{Bench, script};
use super::case::Case;

/// How PyTorch is set up; all compute in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Configuration {
    /// As it comes: tensors are NCHW
    Eager,
    /// Tensors are channels last
    ChannelsLast,
    /// Channels last, huge pages asked for, and a malloc that keeps what it has
    ChannelsLastThp,
    /// Channels last, through torch.compile
    Compile,
}

/// What nst computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isa {
    Avx512,
    Avx2,
    Portable,
}

/// A program with its settings.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    /// Without an instruction set, the best one of the machine.
    Nst {
        threads: usize,
        isa: Option<Isa>,
    },
    Torch {
        threads: usize,
        configuration: Configuration,
    },
}

/// PyTorch's allocator aligns large blocks for huge pages and asks for them; glibc's malloc takes blocks of any size
/// from its heap and gives nothing back, so that pages are faulted in once and not at each evaluation.
const HUGE_PAGES: [(&str, &str); 4] = [
    ("THP_MEM_ALLOC_ENABLE", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "4294967296"),
    ("MALLOC_TRIM_THRESHOLD_", "4294967296"),
    ("MALLOC_TOP_PAD_", "268435456"),
];

impl Program {
    /// For the tables.
    pub(super) fn name(self) -> String {
        match self {
            Self::Nst { isa: Some(isa), .. } => format!("nst, {}", name(&isa)),
            Self::Nst { threads: 1, .. } => "nst, 1 thread".into(),
            Self::Nst { threads, .. } => format!("nst, {threads} threads"),
            Self::Torch { configuration, .. } => format!("PyTorch, {}", name(&configuration)),
        }
    }

    /// Starts the program as a child of the script that measures its memory. It writes a trace of `evaluations` lines.
    pub(super) fn command(self, bench: &Bench, case: &Case, evaluations: usize) -> Command {
        let mut command = Command::new(&bench.python);
        command.arg(script("measure.py"));
        match self {
            Self::Nst { threads, isa } => {
                command.arg(&bench.nst).arg("stylize").args([&case.content, &case.style]);
                command.args(["--preset", "neural-style", "--init", "content", "--verbose"]);
                command.arg("--output").arg(bench.folder.join("result.png"));
                command.args(["--model", &name(&case.model)]);
                // The initial picture is evaluated before the first iteration.
                command.args(["--iterations", &(evaluations - 1).to_string()]);
                command.args(["--threads", &threads.to_string()]);
                command.env_remove("NST_ISA").envs(isa.map(|isa| ("NST_ISA", name(&isa))));
            }
            Self::Torch { threads, configuration } => {
                command.arg(&bench.python).arg(script("torch_run.py"));
                command.args([&case.content, &case.style]);
                command.args(["--evaluations", &evaluations.to_string()]);
                command.args(["--threads", &threads.to_string()]);
                match configuration {
                    Configuration::Eager => {}
                    Configuration::ChannelsLast => _ = command.arg("--channels-last"),
                    Configuration::ChannelsLastThp => _ = command.arg("--channels-last").envs(HUGE_PAGES),
                    Configuration::Compile => _ = command.args(["--channels-last", "--compile"]),
                }
                command.env("TORCHINDUCTOR_CACHE_DIR", bench.folder.join("compiled"));
            }
        }
        command.args(["--size", &case.size.to_string()]);
        command.arg("--weights").arg(&case.weights);
        command.arg("--trace").arg(bench.trace());
        command
    }
}

/// The value as one types it.
pub(super) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
