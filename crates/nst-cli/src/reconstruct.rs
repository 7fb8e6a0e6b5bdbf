//! `nst reconstruct`: the two halves of the method by themselves, from noise.

use crate::args::{Half, ReconstructArgs};
use crate::effects::Run;
use crate::interrupt::Signals;
use crate::job::{Job, Sources};
use crate::{effects, overrides, transfer};
use anyhow::Result;
use nst::Config;
use nst::config::{Init, Scales};
use std::process::ExitCode;

/// Settings of a reconstruction of the content, before any flag.
pub(crate) fn content_defaults() -> Config {
    // At one scale: a coarser one would bring in what the layer does not keep.
    Config { style_weight: 0.0, init: Init::Noise, scales: Scales::Count(1), ..Config::default() }
}

/// Settings of a reconstruction of the style, before any flag.
pub(crate) fn style_defaults() -> Config {
    Config { content_weight: 0.0, init: Init::Noise, ..Config::default() }
}

pub(crate) fn run(args: &ReconstructArgs) -> Result<ExitCode> {
    let signals = Signals::listen()?;
    let job = match &args.half {
        Half::Content(args) => {
            let config = overrides::overlay(&content_defaults(), &args.settings)?;
            config.check()?;
            effects::check(&args.settings, &[], &[Run { config: &config, styles: 0 }])?;
            let sources = Sources { content: Some(&args.image), styles: vec![], settings: None };
            Job::open(config, &sources, &args.run, &args.weight_file)
        }
        Half::Style(args) => {
            let config = overrides::overlay(&style_defaults(), &args.settings)?;
            config.check()?;
            effects::check(&args.settings, &[], &[Run { config: &config, styles: 1 }])?;
            let sources = Sources { content: None, styles: vec![&args.image], settings: None };
            Job::open(config, &sources, &args.run, &args.weight_file)
        }
    };
    let (job, pictures, weights) = job?;
    transfer::run(&job, pictures, weights, &signals)
}
