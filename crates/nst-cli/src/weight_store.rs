//! Which weights a run takes, and the folder of those that were fetched.

use crate::failure::usage;
use anyhow::{Context, Result, anyhow};
use etcetera::BaseStrategy;
use nst::Config;
use nst::config::Model;
use nst_weights::{Architecture, Error, Manifest, Pixels, ReadOptions, Weights};
use std::path::PathBuf;

/// The environment variable that names the folder of fetched weights.
const FOLDER_VARIABLE: &str = "NST_WEIGHTS_DIR";

/// The folder of fetched weights: `NST_WEIGHTS_DIR`, or `nst/weights` in the user's folder for data.
///
/// # Errors
/// If the user has no home directory.
pub(crate) fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let places = etcetera::choose_base_strategy()
        .map_err(|error| anyhow!("{error}; name the folder of weights in {FOLDER_VARIABLE}"))?;
    Ok(places.data_dir().join("nst").join("weights"))
}

/// The network that a setting names.
pub(crate) fn architecture(model: Model) -> Architecture {
    match model {
        Model::Vgg16 => Architecture::Vgg16,
        Model::Vgg19 => Architecture::Vgg19,
    }
}

/// The weights that the settings ask for. `pixels` are those that a weight file expects, if the user says so.
///
/// # Errors
/// If they are not here, cannot be read or belong to another network.
pub(crate) fn open(config: &Config, pixels: Option<Pixels>) -> Result<Weights> {
    let architecture = architecture(config.model);
    if pixels.is_some() && config.weights.is_none() {
        return Err(usage("--pixels is about a file; it needs --weights FILE"));
    }
    let convolutions = config.convolutions(architecture);
    let options = ReadOptions { architecture: Some(architecture), pixels, convolutions };
    if let Some(file) = &config.weights {
        return Weights::read_with(file, &options).map_err(advise);
    }
    if architecture == Architecture::Vgg16 {
        return Ok(Weights::embedded_with(&options)?);
    }
    let file = nst_weights::find(&folder()?, &Manifest::embedded()?, architecture)?;
    let file = file.with_context(|| {
        format!(
            "there are no weights of {architecture} here: run `nst weights fetch {architecture}`, \
             or give --weights FILE or --model vgg16"
        )
    })?;
    Ok(Weights::read_with(&file, &options)?)
}

/// The error with the flag that would help.
pub(crate) fn advise(error: Error) -> anyhow::Error {
    match error {
        Error::WrongArchitecture { found, .. } => {
            anyhow!("{error}; say --model {found} or give another file")
        }
        Error::UnknownPixels { .. } => anyhow!("{error}, with --pixels"),
        error => error.into(),
    }
}
