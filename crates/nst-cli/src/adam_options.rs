//! Settings of Adam as flags.

use serde::Serialize;

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Optimizer")]
pub(crate) struct AdamOptions {
    /// Adam: how much of the running means of the gradient and its square is kept at each step
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true)]
    betas: Option<Vec<f64>>,
    /// Adam: the result is an average of the iterates, of which this much is kept at each new one, such as 0.99; 0: it is
    /// the best one
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    average: Option<f64>,
    /// Adam: after each step, move values below black or above white there
    #[arg(long, value_name = "BOOL")]
    clamp: Option<bool>,
}
