//! `nst presets`: settings under a name, as a list or as a file to start from.

use crate::args::PresetsArgs;
use crate::{console, settings_file};
use anyhow::Result;
use nst::Preset;
use std::process::ExitCode;

pub(crate) fn run(args: &PresetsArgs) -> Result<ExitCode> {
    let text = match args.name {
        Some(preset) => {
            let about = format!("Settings for --config. {preset}: {}", preset.about());
            settings_file::text(&about, &preset.config())?
        }
        None => list(),
    };
    console::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each.
fn list() -> String {
    let width = Preset::ALL.iter().map(|preset| preset.name().len()).max().unwrap_or(0);
    Preset::ALL.map(|preset| format!("{preset:width$}  {}\n", preset.about())).concat()
}
