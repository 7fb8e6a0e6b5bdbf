//! What both programs compute: a network, and two square pictures of one size.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;
use image::imageops::{self, FilterType};

use super::bench::{Bench, script};
use crate::command::run as run_command;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Model {
    Vgg16,
    Vgg19,
}

impl Model {
    /// As the literature writes it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Vgg16 => "VGG-16",
            Self::Vgg19 => "VGG-19",
        }
    }
}

/// Inputs of a run.
pub(super) struct Case {
    pub(super) model: Model,
    /// A safetensors file.
    pub(super) weights: PathBuf,
    pub(super) content: PathBuf,
    pub(super) style: PathBuf,
    /// Side of both pictures in pixels.
    pub(super) size: u32,
    /// Evaluations of a measured run.
    pub(super) evaluations: usize,
}

impl Case {
    /// Makes the pictures, and random weights where there are no others.
    pub(super) fn new(bench: &Bench, model: Model, size: u32) -> Result<Self> {
        let weights = match (model, &bench.weights_vgg19) {
            (Model::Vgg16, _) => crate::root().join("weights").join("vgg16.safetensors"),
            (Model::Vgg19, Some(file)) => file.clone(),
            (Model::Vgg19, None) => random_weights(bench)?,
        };
        let evaluations = bench.evaluations.unwrap_or_else(|| evaluations(size));
        let content = square("chelsea", size, &bench.folder)?;
        let style = square("swirls", size, &bench.folder)?;
        Ok(Self { model, weights, content, style, size, evaluations })
    }
}

/// Enough of them for a median, fewer where each takes long.
fn evaluations(size: u32) -> usize {
    (12 * 512 * 512 / (size as usize).pow(2)).clamp(6, 32)
}

/// Full width, in nst's form. Written once.
fn random_weights(bench: &Bench) -> Result<PathBuf> {
    let file = bench.folder.join("random-vgg19.safetensors");
    if !file.exists() {
        println!("making random weights of VGG-19: {}", file.display());
        run_command(Command::new(&bench.python).arg(script("random_weights.py")).arg(&file))?;
    }
    Ok(file)
}

/// The middle of an example picture, as a PNG of `size` x `size` pixels in `folder`.
fn square(name: &str, size: u32, folder: &Path) -> Result<PathBuf> {
    let source = crate::root().join("examples").join(format!("{name}.jpg"));
    let picture = image::open(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let side = picture.width().min(picture.height());
    let middle = picture.crop_imm((picture.width() - side) / 2, (picture.height() - side) / 2, side, side);
    let file = folder.join(format!("{name}-{size}.png"));
    imageops::resize(&middle.to_rgb8(), size, size, FilterType::CatmullRom)
        .save(&file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::{evaluations, square};

    #[test]
    fn larger_pictures_are_evaluated_less_often() {
        assert_eq!([128, 256, 512, 1024, 2048].map(evaluations), [32, 32, 12, 6, 6]);
    }

    #[test]
    fn pictures_are_square() {
        let folder = tempfile::tempdir().unwrap();
        let file = square("chelsea", 24, folder.path()).unwrap();
        assert_eq!(image::image_dimensions(file).unwrap(), (24, 24));
    }
}
