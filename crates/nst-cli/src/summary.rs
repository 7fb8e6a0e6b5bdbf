//! What `--verbose` says before and after a run.

use crate::console::{number, say};
use nst::{Config, Outcome};
use nst_tensor::Device;
use nst_weights::Weights;

/// Says what is about to be done, on what.
pub(crate) fn before(config: &Config, weights: &Weights, device: &Device) {
    say("settings:");
    say(toml::to_string(config).unwrap_or_default().trim_end());
    say(&format!("weights: {} on {} pixels, from {}", weights.architecture, weights.pixels, weights.source));
    say(&format!("device: {}", device.name()));
}

/// Says what each part of the loss was at the start and is now, and what memory it took.
pub(crate) fn after(device: &Device, outcome: &Outcome) {
    say(&format!("{:<22} {:>12} {:>12}", "loss", "initial", "result"));
    let line = |name: &str, initial, best| {
        say(&format!("{name:<22} {:>12} {:>12}", number(initial), number(best)));
    };
    for (initial, best) in outcome.initial.terms.iter().zip(&outcome.best.terms) {
        line(&initial.name, initial.value, best.value);
    }
    line("total", outcome.initial.total, outcome.best.total);
    let mebibytes = outcome.memory.peak as f64 / f64::from(1 << 20);
    say(&format!("memory of tensors: {mebibytes:.0} MiB at most, on {}", device.name()));
}
