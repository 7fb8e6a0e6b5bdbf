//! Flags that would change nothing beside the other settings. Presets and files may say them, since they say everything; whoever
//! types one means something by it, and would not notice.

use crate::console::counted;
use crate::failure::usage;
use anyhow::Result;
use nst::Config;
use nst::config::{Init, Optimizer, StyleLoss};
use serde::Serialize;

/// The flags that were given, as settings.
///
/// # Errors
/// If one is beyond TOML.
pub(crate) fn given(flags: &impl Serialize) -> Result<toml::Table> {
    toml::Table::try_from(flags).map_err(|error| usage(format!("settings: {error}")))
}

/// What decides whether a flag has an effect.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) config: &'a Config,
    /// How many styles it takes together.
    pub(crate) styles: usize,
}

impl Run<'_> {
    fn has_style(&self) -> bool {
        self.config.style_weight > 0.0 || self.config.histogram_weight > 0.0
    }

    /// Whether there is a loss whose scale is not its own.
    fn has_scaling(&self) -> bool {
        let of_style = matches!(self.config.style_loss, StyleLoss::Gram | StyleLoss::Covariance);
        self.config.content_weight > 0.0 || (self.config.style_weight > 0.0 && of_style)
    }
}

/// What settings need for an effect, in words.
type Need = (&'static [&'static str], fn(&Run<'_>) -> bool, &'static str);

/// `seed`, `seen-from` and `style-blend` are not among them: scripts may give them to every run, the last one with a number for
/// each style.
const NEEDS: [Need; 11] = [
    (&["betas"], |run| run.config.optimizer == Optimizer::Adam, "the optimizer adam"),
    (
        &["line-search", "steps", "history", "tolerance-gradient", "tolerance-change"],
        |run| run.config.optimizer == Optimizer::Lbfgs,
        "the optimizer lbfgs",
    ),
    (&["content-layers", "content-loss"], |run| run.config.content_weight > 0.0, "a content-weight"),
    (&["style-layers", "style-loss"], |run| run.config.style_weight > 0.0, "a style-weight"),
    (&["histogram-layers"], |run| run.config.histogram_weight > 0.0, "a histogram-weight"),
    (
        &["layer-balance", "style-masks", "style-mix", "style-scales", "style-size"],
        |run| run.has_style(),
        "a style-weight or a histogram-weight",
    ),
    (&["style-mix"], |run| run.styles > 1, "several styles that are blended"),
    (
        &["loss-scaling"],
        |run| run.has_scaling(),
        "a content-weight, or a style-weight with the style-loss gram or covariance",
    ),
    (&["mask-softness"], |run| run.config.mask.is_some(), "a mask"),
    (&["noise"], |run| run.config.init == Init::Noise, "init noise"),
    (&["tv"], |run| run.config.tv_weight > 0.0, "a tv-weight"),
];

/// Checks that each of the flags, and of the settings that are `varied`, has an effect on one of `runs` at least, which come of
/// them. Their settings are in range.
///
/// # Errors
/// For the first that has none.
pub(crate) fn check(flags: &impl Serialize, varied: &[&str], runs: &[Run<'_>]) -> Result<()> {
    let flags = given(flags)?;
    let is_given = |name: &str| flags.contains_key(name) || varied.contains(&name);
    for (settings, is_met, need) in NEEDS {
        if let Some(name) = settings.iter().find(|name| is_given(name))
            && !runs.iter().any(is_met)
        {
            return Err(usage(format!("{name}: has no effect without {need}")));
        }
    }
    if !is_given("scale-iterations") {
        return Ok(());
    }
    if is_given("iterations") {
        return Err(usage("iterations: has no effect beside scale-iterations; give one of them"));
    }
    check_scale_iterations(runs)
}

/// That the last number for a scale has an effect.
fn check_scale_iterations(runs: &[Run<'_>]) -> Result<()> {
    let excess = |run: &Run<'_>| {
        let (numbers, scales) =
            (run.config.scale_iterations.len(), run.config.scales.sizes(run.config.size).len());
        (numbers > scales).then_some((numbers, scales))
    };
    if let Some(all) = runs.iter().map(excess).collect::<Option<Vec<_>>>()
        && let Some(&(numbers, scales)) = all.first()
    {
        let (numbers, scales) = (counted(numbers, "number"), counted(scales, "scale"));
        return Err(usage(format!("scale-iterations: {numbers} for {scales}; the rest has no effect")));
    }
    Ok(())
}
