//! Defaults in the help: taken from the settings themselves, so that the two cannot differ.

use clap::Command;
use nst::Config;
use toml::Value;

/// The command with the default of each setting at the end of its help. An argument is a setting if its id is the
/// setting's name.
pub(crate) fn show(command: Command, defaults: &Config) -> Command {
    let settings = toml::Table::try_from(defaults).unwrap_or_default();
    command.mut_args(|argument| {
        let setting = argument.get_id().as_str().replace('_', "-");
        match (settings.get(&setting).and_then(written), argument.get_help()) {
            (Some(value), Some(help)) => {
                let help = format!("{help} [default: {value}]");
                argument.help(help)
            }
            _ => argument,
        }
    })
}

/// The value as one would type it; none for a text or list without anything in it.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Float(number) => Some(number.to_string()),
        Value::Array(values) => {
            let values: Option<Vec<_>> = values.iter().map(written).collect();
            values.filter(|values| !values.is_empty()).map(|values| values.join(","))
        }
        other => Some(other.to_string()),
    }
}
