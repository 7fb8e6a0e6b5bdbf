//! What failures look like: one line, and an exit code that means something.

use clap::error::ErrorKind;
use std::fmt;
use std::process::ExitCode;

/// Exit code of a command that failed at its work.
const FAILED: u8 = 1;
/// Exit code of a command that was asked for something it cannot do, whatever the files hold.
const USAGE: u8 = 2;

/// A mistake in the command line or the settings.
#[derive(Debug)]
struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error with the exit code of a mistake in the command line.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

/// The error with what it is about before it, and its own exit code.
pub(crate) fn about(subject: &str, error: &anyhow::Error) -> anyhow::Error {
    let message = format!("{subject}: {error}");
    if is_usage(error) { usage(message) } else { anyhow::anyhow!(message) }
}

pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(if is_usage(error) { USAGE } else { FAILED })
}

fn is_usage(error: &anyhow::Error) -> bool {
    use nst::Error::{Config, Extension, Setting};
    error.is::<Usage>() || matches!(error.downcast_ref(), Some(Setting { .. } | Config(_) | Extension { .. }))
}

/// Whether clap has something to show rather than something to complain about.
pub(crate) fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// clap's complaint without its usage line, as one line.
pub(crate) fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraphs = text.split("\n\n").map(join_lines);
    let said: Vec<_> = paragraphs
        .filter(|paragraph| {
            !paragraph.starts_with("Usage:") && !paragraph.starts_with("For more information")
        })
        .collect();
    let said = said.join("; ");
    format!("{}; --help explains", said.strip_prefix("error: ").unwrap_or(&said))
}

/// The text as one line.
pub(crate) fn join_lines(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
