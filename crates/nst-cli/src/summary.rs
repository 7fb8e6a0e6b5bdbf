//! What `--verbose` says before and after a run.

use crate::console::{number, say};
use nst::{Config, Evaluation, Outcome};
use nst_tensor::Device;
use nst_weights::Weights;

/// Says what is about to be done, on what.
pub(crate) fn before(config: &Config, weights: &Weights, device: &Device) {
    say("settings:");
    say(toml::to_string(config).unwrap_or_default().trim_end());
    say(&format!("weights: {} on {} pixels, from {}", weights.architecture, weights.pixels, weights.source));
    say(&format!("device: {}", device.name()));
}

/// Says what each part of the loss is now, and what memory it took.
pub(crate) fn after(device: &Device, outcome: &Outcome) {
    say(&losses(&outcome.initial, &outcome.best));
    let mebibytes = outcome.memory.peak as f64 / f64::from(1 << 20);
    say(&format!("memory of tensors: {mebibytes:.0} MiB at most, on {}", device.name()));
}

/// The parts of the result's loss, a line each, and the initial picture's beside them if it was evaluated at the same scale. At
/// another one it had another size and was seen at fewer, so that its losses are no measure of these.
fn losses(initial: &Evaluation, best: &Evaluation) -> String {
    let column = |title: &str, evaluation: &Evaluation| -> Vec<String> {
        let values = evaluation.terms.iter().map(|term| term.value).chain([evaluation.total]);
        [title.to_owned()].into_iter().chain(values.map(number)).collect()
    };
    let start = (initial.scale == best.scale).then(|| column("initial", initial));
    let columns: Vec<Vec<String>> = start.into_iter().chain([column("result", best)]).collect();
    let terms = best.terms.iter().map(|term| term.name.as_str());
    let names: Vec<&str> = ["loss"].into_iter().chain(terms).chain(["total"]).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let line = |(row, name): (usize, &&str)| {
        let values = columns.iter().filter_map(|column| column.get(row));
        let values: Vec<String> = values.map(|value| format!(" {value:>12}")).collect();
        format!("{name:<width$}{}", values.concat())
    };
    names.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}
