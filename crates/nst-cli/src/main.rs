//! `nst`: neural style transfer on the command line.

mod adam_options;
mod args;
mod batch;
mod bench;
mod console;
mod defaults;
mod device;
mod devices;
mod effects;
mod failure;
mod gpu;
mod interrupt;
mod job;
mod machine;
mod masks;
mod overrides;
mod paths;
mod presets;
mod progress;
mod reconstruct;
mod scale_options;
mod settings_file;
mod snapshots;
mod style_options;
mod stylize;
mod summary;
mod sweep;
mod trace;
mod transfer;
mod weight_store;
mod weights;

use args::{Args, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match Args::from_command_line() {
        Ok(args) => match args.command {
            Command::Stylize(args) => stylize::run(&args),
            Command::Batch(args) => batch::run(&args),
            Command::Sweep(args) => sweep::run(&args),
            Command::Reconstruct(args) => reconstruct::run(&args),
            Command::Presets(args) => presets::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::Devices(args) => devices::run(&args),
            Command::Weights(args) => weights::run(&args),
        },
        Err(error) if failure::is_help(&error) => {
            // Nothing is left to tell if nobody listens.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
        Err(error) => Err(failure::usage(failure::in_one_line(&error))),
    };
    result.unwrap_or_else(|error| {
        console::say(&format!("nst: {}", failure::join_lines(&error.to_string())));
        failure::exit_code(&error)
    })
}
