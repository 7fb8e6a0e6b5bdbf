//! `nst devices`: what `--device` can name, as a table or as JSON.

use crate::args::DevicesArgs;
use crate::{console, gpu};
use anyhow::Result;
use nst_tensor::Device;
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    /// The CPU first.
    devices: Vec<Listed>,
    /// Why there is no GPU among them; null where there is one.
    no_gpu: Option<String>,
}

/// A device.
#[derive(Serialize)]
pub(crate) struct Listed {
    /// As `--device` takes it.
    pub(crate) device: String,
    pub(crate) name: String,
    /// Of a GPU, such as 8.6.
    pub(crate) compute_capability: Option<String>,
    /// Of a GPU.
    pub(crate) memory_bytes: Option<usize>,
    /// Of a GPU: what nobody uses.
    pub(crate) free_bytes: Option<usize>,
    /// As `--precision` takes them; none of a GPU that is too old.
    pub(crate) precisions: Vec<&'static str>,
}

pub(crate) fn run(args: &DevicesArgs) -> Result<ExitCode> {
    let cpu = Listed {
        device: "cpu".into(),
        name: Device::cpu().name(),
        compute_capability: None,
        memory_bytes: None,
        free_bytes: None,
        precisions: vec!["f32"],
    };
    let (gpus, no_gpu) = match gpu::list() {
        Ok(gpus) if gpus.is_empty() => (gpus, Some("the NVIDIA driver lists none".into())),
        Ok(gpus) => (gpus, None),
        Err(error) => (vec![], Some(error.to_string())),
    };
    let report = Report { devices: std::iter::once(cpu).chain(gpus).collect(), no_gpu };
    console::print(&if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { table(&report)? })?;
    Ok(ExitCode::SUCCESS)
}

fn table(report: &Report) -> Result<String> {
    let width = report.devices.iter().map(|listed| listed.name.chars().count()).max().unwrap_or(0);
    let mut table = format!(
        "{:<8} {:<width$} {:>7} {:>11} {:>11} {}\n",
        "DEVICE", "NAME", "COMPUTE", "MEMORY", "FREE", "PRECISION"
    );
    let none = || "-".to_owned();
    let mebibytes = |bytes: Option<usize>| bytes.map_or_else(none, |bytes| format!("{} MiB", bytes >> 20));
    for listed in &report.devices {
        let Listed { device, name, .. } = listed;
        let compute = listed.compute_capability.clone().unwrap_or_else(none);
        let [memory, free] = [listed.memory_bytes, listed.free_bytes].map(mebibytes);
        let precision =
            if listed.precisions.is_empty() { "none: too old".into() } else { listed.precisions.join(", ") };
        writeln!(table, "{device:<8} {name:<width$} {compute:>7} {memory:>11} {free:>11} {precision}")?;
    }
    if let Some(reason) = &report.no_gpu {
        writeln!(table, "no GPU: {reason}")?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::{Listed, Report, table};

    #[test]
    fn columns_line_up() {
        let gpu = |device: &str, name: &str, compute: &str, precisions| Listed {
            device: device.into(),
            name: name.into(),
            compute_capability: Some(compute.into()),
            memory_bytes: Some(81_559 << 20),
            free_bytes: Some(500 << 20),
            precisions,
        };
        let devices = vec![
            Listed {
                device: "cpu".into(),
                name: "cpu (avx2, 4 threads)".into(),
                compute_capability: None,
                memory_bytes: None,
                free_bytes: None,
                precisions: vec!["f32"],
            },
            gpu("cuda:0", "A GPU", "9.0", vec!["f32", "tf32"]),
            gpu("cuda:10", "An older one", "6.1", vec![]),
        ];
        let expected = "\
DEVICE   NAME                  COMPUTE      MEMORY        FREE PRECISION
cpu      cpu (avx2, 4 threads)       -           -           - f32
cuda:0   A GPU                     9.0   81559 MiB     500 MiB f32, tf32
cuda:10  An older one              6.1   81559 MiB     500 MiB none: too old
";
        assert_eq!(table(&Report { devices, no_gpu: None }).unwrap(), expected);
    }
}
