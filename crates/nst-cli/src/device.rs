//! What computes, as the flags say: the CPU or a GPU.

use crate::failure::usage;
use crate::gpu;
use anyhow::{Context, Result};
use nst_tensor::Device;
use std::str::FromStr;

/// Far beyond the cores of any machine; tens of thousands would bring one to a halt.
const MAX_THREADS: i64 = 1024;

/// What computes.
#[derive(clap::Args)]
#[command(next_help_heading = "Device")]
pub(crate) struct DeviceArgs {
    /// What computes: cpu, cuda (the first GPU) or cuda:N, as `nst devices` lists them
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: Place,
    /// How a GPU multiplies in convolutions: in f32, or on tensor cores with factors rounded to tf32
    #[arg(long, value_name = "KIND", value_enum, default_value = "f32")]
    precision: Precision,
    /// Threads of the CPU to compute with; left out, one for each core. The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MAX_THREADS))]
    threads: Option<u16>,
}

/// A device by its name on the command line.
#[derive(Clone, Copy)]
enum Place {
    Cpu,
    /// The GPU of this number.
    Cuda(usize),
}

/// How a GPU multiplies in convolutions.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Precision {
    F32,
    Tf32,
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let number = match name {
            "cpu" => return Ok(Self::Cpu),
            "cuda" => return Ok(Self::Cuda(0)),
            _ => name.strip_prefix("cuda:").filter(|number| number.bytes().all(|byte| byte.is_ascii_digit())),
        };
        let number = number.and_then(|number| number.parse().ok());
        number.map(Self::Cuda).ok_or("say cpu, cuda or cuda:N with the number of a GPU, such as cuda:1")
    }
}

impl DeviceArgs {
    /// Whether a GPU computes.
    pub(crate) fn is_gpu(&self) -> bool {
        matches!(self.device, Place::Cuda(_))
    }

    /// The device, ready.
    ///
    /// # Errors
    /// If a flag is for another kind of device, there is no such GPU, or threads cannot be started.
    pub(crate) fn open(&self) -> Result<Device> {
        match (self.device, self.threads) {
            (Place::Cpu, _) if self.precision == Precision::Tf32 => {
                Err(usage("--precision tf32 is for GPUs; say --device cuda, or leave it out"))
            }
            (Place::Cpu, threads) => {
                start_threads(threads)?;
                Ok(Device::cpu())
            }
            (Place::Cuda(number), None) => gpu::open(number, self.precision),
            (Place::Cuda(_), Some(_)) => {
                Err(usage("--threads is for the CPU; leave it out with --device cuda"))
            }
        }
    }
}

/// Starts the threads of the program, of which the one that calls is one: operations need not be handed over to another thread and waited
/// for, which takes longer than many an operation on a small picture.
///
/// To be called once, before any operation on the CPU, on the thread that will call them. With one thread there is no other: what
/// a thread of its own wants computed waits until the main one computes something.
fn start_threads(threads: Option<u16>) -> Result<()> {
    // Zero is one for each core, or what RAYON_NUM_THREADS says.
    let threads = threads.map_or(0, usize::from);
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread();
    builder.build_global().context("cannot start threads")
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn devices_have_names() {
        let number = |name: &str| match name.parse() {
            Ok(Place::Cpu) => Ok(None),
            Ok(Place::Cuda(number)) => Ok(Some(number)),
            Err(_) => Err(()),
        };
        for (name, expected) in [("cpu", None), ("cuda", Some(0)), ("cuda:0", Some(0)), ("cuda:12", Some(12))]
        {
            assert_eq!(number(name), Ok(expected), "{name}");
        }
        for name in ["", "gpu", "CUDA", "cuda:", "cuda0", "cuda:x", "cuda:-1", "cuda:+1", "cuda: 1", "cpu:0"]
        {
            assert_eq!(number(name), Err(()), "{name}");
        }
        assert_eq!(number("cuda:99999999999999999999"), Err(()));
    }
}
