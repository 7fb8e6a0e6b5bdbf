//! Regions of pictures: their flags, and their files.

use crate::console::counted;
use crate::failure::usage;
use anyhow::Result;
use nst::config::{Config, Regions};
use nst::{Mask, Picture};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Stands for no mask among those of styles.
const NONE: &str = "none";

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Regions")]
pub(crate) struct MaskOptions {
    /// A picture of the content's regions in flat colors, PNG, of any size. Each region takes its style from the region of
    /// the same color in the styles' masks, or as --regions says
    #[arg(long, value_name = "FILE")]
    mask: Option<PathBuf>,
    /// The same for each style, in their order; `none` for one that counts as a whole
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    style_masks: Option<Vec<PathBuf>>,
    /// What becomes of regions: COLOR=keep stays the photo, COLOR=1 or COLOR=2+3 takes these styles; others take all. Such as
    /// red=1,#0080ff=2,black=keep
    #[arg(long, value_name = "REGIONS")]
    regions: Option<Regions>,
    /// Over how much of the longest side a region goes over into its neighbours
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    mask_softness: Option<f64>,
}

/// The files of masks that the settings name, of which the content's may be the pattern of a batch.
pub(crate) fn files(config: &Config) -> impl Iterator<Item = &Path> {
    config.mask.as_deref().into_iter().chain(config.style_masks.iter().map(PathBuf::as_path).filter(is_file))
}

fn is_file(mask: &&Path) -> bool {
    *mask != Path::new(NONE)
}

/// A picture and its mask, as files.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) picture: PathBuf,
    pub(crate) mask: Option<PathBuf>,
}

impl Source {
    /// A picture with the mask that is given for it, unless that is `none`.
    pub(crate) fn new(picture: &Path, mask: Option<&Path>) -> Self {
        Self { picture: picture.into(), mask: mask.filter(is_file).map(Into::into) }
    }

    /// The styles with their masks.
    ///
    /// # Errors
    /// If there are masks, but not one for each style.
    pub(crate) fn of_styles(config: &Config, styles: &[impl AsRef<Path>]) -> Result<Vec<Self>> {
        check_count(config.style_masks.len(), styles.len())?;
        let masks = config.style_masks.iter().map(|mask| Some(mask.as_path())).chain(std::iter::repeat(None));
        Ok(styles.iter().zip(masks).map(|(style, mask)| Self::new(style.as_ref(), mask)).collect())
    }

    /// Reads both.
    ///
    /// # Errors
    /// If a file cannot be used, or they have different proportions.
    pub(crate) fn open(&self) -> Result<Picture> {
        let picture = Picture::load(&self.picture)?;
        let Some(mask) = &self.mask else { return Ok(picture) };
        let loaded = Mask::load(mask)?;
        let size = format!("{}x{}", picture.width(), picture.height());
        let of_mask = format!("{}x{}", loaded.width(), loaded.height());
        picture.masked(loaded).map_err(|_| {
            let (mask, picture) = (mask.display(), self.picture.display());
            usage(format!(
                "the mask '{mask}' ({of_mask} pixels) has other proportions than its picture '{picture}' ({size} pixels)"
            ))
        })
    }
}

fn check_count(masks: usize, styles: usize) -> Result<()> {
    if masks == 0 || masks == styles {
        return Ok(());
    }
    let (masks, styles) = (counted(masks, "mask"), counted(styles, "style picture"));
    Err(usage(format!("style-masks: {masks} for {styles}; give one for each, or '{NONE}' for one without")))
}
