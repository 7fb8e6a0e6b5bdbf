//! Settings as a file that says what each of them is: to read, to change and to give to `--config`.

use crate::console::wrapped;
use crate::overrides::StylizeOverrides;
use anyhow::{Context, Result, anyhow};
use clap::{Arg, Args, Command};
use nst::{Config, WholeFile};
use std::fmt::Write;
use std::path::Path;

/// Columns of a comment.
const WIDTH: usize = 110;

/// Checks that [`write`] can write to `file`.
///
/// # Errors
/// If not.
pub(crate) fn check_target(file: &Path) -> Result<()> {
    target(file).map(drop)
}

/// Writes the settings of a run, so that `--config` repeats it.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(file: &Path, config: &Config) -> Result<()> {
    let about = concat!("The settings of a run of nst ", env!("CARGO_PKG_VERSION"), ", for --config.");
    let text = text(about, config)?;
    target(file)?.write(text.as_bytes()).map_err(|error| anyhow!("settings '{}': {error}", file.display()))
}

fn target(file: &Path) -> Result<WholeFile> {
    WholeFile::beside(file).map_err(|error| anyhow!("settings '{}': {error}", file.display()))
}

/// All settings as TOML, each with what the help says of its flag, under the help's headings; `about` comes first. One that has no
/// value stands in a comment.
///
/// # Errors
/// If a setting is beyond TOML.
pub(crate) fn text(about: &str, config: &Config) -> Result<String> {
    let values = toml::Table::try_from(config).context("settings")?;
    let mut groups: Vec<(String, String)> = Vec::new();
    for flag in StylizeOverrides::augment_args(Command::new("settings")).get_arguments() {
        let heading = flag.get_help_heading().unwrap_or_default();
        if groups.iter().all(|(known, _)| known != heading) {
            groups.push((heading.to_owned(), String::new()));
        }
        let group = groups.iter_mut().find(|(known, _)| known == heading);
        let (_, group) = group.context("a heading")?;
        write!(group, "\n{}", setting(flag, &values))?;
    }
    let mut text = comment(about);
    for (heading, settings) in groups {
        write!(text, "\n# ---- {heading} ----\n{settings}")?;
    }
    Ok(text)
}

/// A setting under its comment.
fn setting(flag: &Arg, values: &toml::Table) -> String {
    let name = flag.get_id().as_str().replace('_', "-");
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    let choices: Vec<_> =
        flag.get_possible_values().iter().map(|choice| choice.get_name().to_owned()).collect();
    let choices = if choices.is_empty() { String::new() } else { format!(" [{}]", choices.join(", ")) };
    let kind = flag.get_value_names().and_then(<[_]>::first).map_or("VALUE", |kind| kind.as_str());
    let value = values.get(&name).map(|value| format!("{name} = {value}"));
    let line = value.unwrap_or_else(|| format!("# {name} = {kind}"));
    format!("{}{line}\n", comment(&format!("{help}{choices}")))
}

/// The text as lines of comment.
fn comment(text: &str) -> String {
    format!("# {}\n", wrapped(text, WIDTH - 2).join("\n# "))
}

#[cfg(test)]
mod tests {
    use super::text;
    use nst::config::{Init, Scales};
    use nst::{Config, Preset};
    use std::path::PathBuf;

    fn read(text: &str) -> Config {
        Config::default().overlay(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn every_preset_is_read_back() {
        for preset in Preset::ALL {
            assert_eq!(read(&text(preset.about(), &preset.config()).unwrap()), preset.config(), "{preset}");
        }
    }

    /// A setting without a flag would be missing here.
    #[test]
    fn all_settings_are_written() {
        let config = Config {
            style_size: Some(300),
            weights: Some("a \"b\"\\c.pth".into()),
            time_limit: "90s".parse().ok(),
            init: Init::File(PathBuf::from("ä.png")),
            scales: Scales::Sizes(vec![20, 30]),
            scale_iterations: vec![3, 2],
            style_blend: vec![0.1, 1e-300],
            style_weight: 1.0 / 3.0,
            seed: i64::MAX as u64,
            ..Preset::PytorchTutorial.config()
        };
        let text = text("Unusual ones", &config).unwrap();
        assert_eq!(read(&text), config);
        let written: toml::Table = text.parse().unwrap();
        assert!(written.keys().eq(toml::Table::try_from(&config).unwrap().keys()));
    }

    #[test]
    fn what_has_no_value_stands_in_a_comment() {
        let text = text("Defaults\nin two lines", &Config::default()).unwrap();
        assert!(text.starts_with("# Defaults in two lines\n"), "{text}");
        assert!(text.contains("left out, the result's\n# style-size = PIXELS\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= super::WIDTH), "{text}");
    }
}
