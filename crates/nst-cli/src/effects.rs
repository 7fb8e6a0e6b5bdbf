//! Flags that would change nothing beside the other settings. Presets and files may say them, since they say everything; whoever
//! types one means something by it, and would not notice.

use crate::failure::usage;
use anyhow::Result;
use nst::Config;
use nst::config::{Init, Optimizer};
use serde::Serialize;

/// The flags that were given, as settings.
///
/// # Errors
/// If one is beyond TOML.
pub(crate) fn given(flags: &impl Serialize) -> Result<toml::Table> {
    toml::Table::try_from(flags).map_err(|error| usage(format!("settings: {error}")))
}

/// What settings need for an effect, in words.
type Need = (&'static [&'static str], fn(&Config) -> bool, &'static str);

/// `seed` and `seen-from` are not among them: scripts may give them to every run.
const NEEDS: [Need; 6] = [
    (&["betas"], |config| config.optimizer == Optimizer::Adam, "the optimizer adam"),
    (
        &["line-search", "steps", "history", "tolerance-gradient", "tolerance-change"],
        |config| config.optimizer == Optimizer::Lbfgs,
        "the optimizer lbfgs",
    ),
    (&["histogram-layers"], |config| config.histogram_weight > 0.0, "a histogram-weight"),
    (&["mask-softness"], |config| config.mask.is_some(), "a mask"),
    (&["noise"], |config| config.init == Init::Noise, "init noise"),
    (&["tv"], |config| config.tv_weight > 0.0, "a tv-weight"),
];

/// Checks that each of the flags, and of the settings that are `varied`, has an effect on one of `configs` at least, which come of
/// them.
///
/// # Errors
/// For the first that has none.
pub(crate) fn check(flags: &impl Serialize, varied: &[&str], configs: &[&Config]) -> Result<()> {
    let flags = given(flags)?;
    for (settings, is_met, need) in NEEDS {
        let is_given = |name: &&&str| flags.contains_key(**name) || varied.contains(*name);
        if let Some(name) = settings.iter().find(is_given)
            && !configs.iter().any(|config| is_met(config))
        {
            return Err(usage(format!("{name}: has no effect without {need}")));
        }
    }
    Ok(())
}
