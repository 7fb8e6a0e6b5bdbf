//! `nst bench`: how fast this machine is, as a table or as JSON.

use crate::args::BenchArgs;
use crate::{console, machine, overrides, weight_store};
use anyhow::{Result, anyhow};
use nst::config::Model;
use nst::{BenchReport, Config, PartTime};
use nst_weights::Weights;
use serde::Serialize;
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;

/// What `--json` prints.
#[derive(Serialize)]
struct Measured {
    /// Null where the system does not tell.
    cpu: Option<String>,
    device: String,
    peak_flops: f64,
    random_weights: bool,
    #[serde(flatten)]
    report: BenchReport,
    /// Of this process; null where the system does not tell.
    peak_resident_bytes: Option<usize>,
}

/// What is to be known of the rates, and why they can be above the peak.
const RATES_OF_THE_CPU: &str =
    "of the plain algorithms. Most convolutions take a quarter of the multiplications
         (Winograd's algorithm), Gram matrices half, so that more than 100 % can be";
const RATES_OF_A_GPU: &str =
    "of the plain algorithms. Gram matrices take half of the multiplications and tf32 has units
         of its own, so that more than 100 % can be. Each operation is waited for, which a run does not do";

pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode> {
    let config = overrides::overlay(&Config::default(), &args.settings)?;
    config.check()?;
    let device = args.device.open()?;
    let weights = weights(&config, args)?;
    if stderr().is_terminal() {
        console::say("measuring; one moment, or some for a large picture");
    }
    // Other programs can only make it less, so the greater of two is nearer to the truth.
    let peak_before = device.peak_flops()?;
    let report = nst::bench(weights, config.size, config.pooling, &device, args.repeats)?;
    let measured = Measured {
        cpu: machine::cpu(),
        device: device.name(),
        peak_flops: peak_before.max(device.peak_flops()?),
        random_weights: args.random_weights,
        report,
        peak_resident_bytes: machine::peak_resident_bytes(),
    };
    let json = || Ok::<_, serde_json::Error>(serde_json::to_string_pretty(&measured)? + "\n");
    console::print(&if args.json { json()? } else { table(&measured, args.device.is_gpu()) })?;
    Ok(ExitCode::SUCCESS)
}

fn weights(config: &Config, args: &BenchArgs) -> Result<Weights> {
    if args.random_weights {
        return Ok(nst::random_weights(weight_store::architecture(config.model)));
    }
    weight_store::open(config, args.weight_file.pixels).map_err(|error| {
        let is_to_be_fetched = config.model == Model::Vgg19 && config.weights.is_none();
        if is_to_be_fetched {
            anyhow!("{error}, or --random-weights, which take the same time")
        } else {
            error
        }
    })
}

fn table(measured: &Measured, is_gpu: bool) -> String {
    let Measured { cpu, device, peak_flops, random_weights, report, peak_resident_bytes } = measured;
    let BenchReport { network, size, evaluations, convolutions, grams, .. } = report;
    let cpu = cpu.as_ref().map_or_else(String::new, |cpu| format!("{cpu}, "));
    let peak = giga(*peak_flops);
    let random = if *random_weights { " with random weights" } else { "" };
    let way = format!("{:>10}{:>9}{:>9}", "ms", "GFLOP/s", "of peak");
    let mut lines = vec![
        format!("machine: {cpu}{device}"),
        format!("peak:    {peak:.0} GFLOP/s of multiply-adds in registers, measured"),
        format!("network: {network}{random}, {size}x{size} pixels"),
        format!("times:   medians over {evaluations} evaluations"),
        format!("GFLOP/s: {}", if is_gpu { RATES_OF_A_GPU } else { RATES_OF_THE_CPU }),
        String::new(),
        format!("{:36}{:>28}{:>28}", "", "forward", "backward"),
        format!("{:<16}{:>9}{:>11}{way}{way}", "layer", "pixels", "channels"),
    ];
    for (kind, name_of_all, parts) in [("", "convolutions", convolutions), ("Gram ", "Gram matrices", grams)]
    {
        for part in parts {
            let PartTime { layer, height, width, in_channels, out_channels, .. } = part;
            let pixels = format!("{width}x{height}");
            let channels = if kind.is_empty() {
                format!("{in_channels}->{out_channels}")
            } else {
                in_channels.to_string()
            };
            let place = format!("{pixels:>9}{channels:>11}");
            lines.push(row(&format!("{kind}{layer}"), &place, std::slice::from_ref(part), *peak_flops));
        }
        lines.push(row(name_of_all, "", parts, *peak_flops));
        lines.push(String::new());
    }
    let flops: f64 = convolutions.iter().chain(grams).map(|part| 2.0 * part.flops).sum();
    let time = |name: &str, seconds: f64| format!("{name:<36}{:>10.2} ms", milli(seconds));
    let whole = report.evaluation_seconds;
    lines.push(time("other operations", report.other_seconds));
    lines.push(time("sum of the parts", report.sum_of_parts_seconds()));
    lines.push(time("one evaluation", whole) + &format!(", {:.0} GFLOP/s", giga(flops / whole)));
    let process = peak_resident_bytes
        .map_or_else(String::new, |bytes| format!(", {:.0} MiB of the whole process", mebi(bytes)));
    let tensors = mebi(report.tensor_bytes);
    lines.push(format!("memory at most: {tensors:.0} MiB of tensors and filters{process}"));
    lines.join("\n") + "\n"
}

/// Times, rates and shares of the peak of some parts together, forward and backward.
fn row(name: &str, place: &str, parts: &[PartTime], peak_flops: f64) -> String {
    let flops: f64 = parts.iter().map(|part| part.flops).sum();
    let ways = [|part: &PartTime| part.forward_seconds, |part: &PartTime| part.backward_seconds].map(|way| {
        let seconds: f64 = parts.iter().map(way).sum();
        let (rate, share) = (flops / seconds, 100.0 * flops / seconds / peak_flops);
        format!("{:>10.2}{:>9.0}{share:>7.0} %", milli(seconds), giga(rate))
    });
    format!("{name:<16}{place:<20}{}", ways.concat())
}

fn giga(value: f64) -> f64 {
    value * 1e-9
}

fn milli(seconds: f64) -> f64 {
    seconds * 1e3
}

fn mebi(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
