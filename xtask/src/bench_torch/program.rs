//! The programs that are measured, and the commands that start them.

use std::process::Command;

use clap::ValueEnum;

use super::bench::{Bench, script};
use super::case::Case;
use super::gpu::{Precision, environment};

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
    /// `gpu` is the card's index.
    NstOnGpu {
        gpu: u32,
        precision: Precision,
    },
    TorchOnGpu {
        gpu: u32,
        precision: Precision,
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
            Self::NstOnGpu { precision, .. } => format!("nst, {}", name(&precision)),
            Self::TorchOnGpu { precision, configuration, .. } => {
                format!("PyTorch, {}, {}", name(&precision), name(&configuration))
            }
        }
    }

    /// How far the loss of the initial picture may lie from that of another program, relatively. TF32 keeps 10 bits.
    pub(super) fn tolerance(self) -> f64 {
        match self {
            Self::NstOnGpu { precision: Precision::Tf32, .. }
            | Self::TorchOnGpu { precision: Precision::Tf32, .. } => 1e-2,
            _ => 1e-3,
        }
    }

    /// Starts the program as a child of the script that measures its memory. It writes a trace of `evaluations` lines.
    pub(super) fn command(self, bench: &Bench, case: &Case, evaluations: usize) -> Command {
        let mut command = Command::new(&bench.python);
        command.arg(script("measure.py"));
        let threads = match self {
            Self::Nst { threads, .. } | Self::Torch { threads, .. } => Some(threads),
            Self::TorchOnGpu { .. } => Some(bench.threads),
            // Refuses the flag.
            Self::NstOnGpu { .. } => None,
        };
        match self {
            Self::Nst { .. } | Self::NstOnGpu { .. } => {
                command.arg(&bench.nst).arg("stylize").args([&case.content, &case.style]);
                command.args(["--preset", "neural-style", "--init", "content", "--verbose"]);
                command.arg("--output").arg(bench.folder.join("result.png"));
                command.args(["--model", &name(&case.model)]);
                // The initial picture is evaluated before the first iteration.
                command.args(["--iterations", &(evaluations - 1).to_string()]);
                command.env_remove("NST_ISA");
            }
            Self::Torch { configuration, .. } | Self::TorchOnGpu { configuration, .. } => {
                command.arg(&bench.python).arg(script("torch_run.py"));
                command.args([&case.content, &case.style]);
                command.args(["--evaluations", &evaluations.to_string()]);
                match configuration {
                    Configuration::Eager => {}
                    Configuration::ChannelsLast => _ = command.arg("--channels-last"),
                    Configuration::ChannelsLastThp => _ = command.arg("--channels-last").envs(HUGE_PAGES),
                    Configuration::Compile => _ = command.args(["--channels-last", "--compile"]),
                }
                command.env("TORCHINDUCTOR_CACHE_DIR", bench.folder.join("compiled"));
            }
        }
        match self {
            Self::Nst { isa, .. } => _ = command.envs(isa.map(|isa| ("NST_ISA", name(&isa)))),
            Self::Torch { .. } => {}
            Self::NstOnGpu { gpu, precision } | Self::TorchOnGpu { gpu, precision, .. } => {
                command.args(["--device", "cuda", "--precision", &name(&precision)]);
                command.envs(environment(gpu));
            }
        }
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Configuration, Precision, Program};
    use crate::bench_torch::bench::Bench;
    use crate::bench_torch::case::{Case, Model};

    /// The arguments and the variables of a run, in one line.
    fn command(program: Program) -> String {
        let bench = Bench::of_tests();
        let case = Case {
            model: Model::Vgg19,
            weights: PathBuf::from("w"),
            content: PathBuf::from("c"),
            style: PathBuf::from("s"),
            size: 512,
            evaluations: 50,
        };
        format!("{:?}", program.command(&bench, &case, 50)).replace('"', "")
    }

    #[test]
    fn both_programs_are_given_the_same_card_and_precision() {
        let (gpu, precision) = (1, Precision::Tf32);
        let nst = command(Program::NstOnGpu { gpu, precision });
        let configuration = Configuration::ChannelsLast;
        let torch = command(Program::TorchOnGpu { gpu, precision, configuration });
        for command in [&nst, &torch] {
            assert!(command.contains(" --device cuda --precision tf32 "), "{command}");
            assert!(command.contains("CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=1 "), "{command}");
        }
        assert!(!nst.contains("--threads") && torch.contains("--threads 2"), "{nst}");
        assert!(nst.contains(" --iterations 49 ") && torch.contains(" --evaluations 50 --channels-last "));
        let on_cpu = command(Program::Nst { threads: 2, isa: None });
        assert!(!on_cpu.contains("--device") && on_cpu.contains(" --threads 2 "), "{on_cpu}");
    }
}
