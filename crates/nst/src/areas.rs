//! The areas of a picture that take their style from different pictures, by its mask and the styles' own.

use crate::config::{Config, LossSettings, Role};
use crate::mask::pooled;
use crate::{Error, FlatColor, Picture, Result};
use nst_loss::Guide;
use nst_tensor::Device;
use nst_vgg::Layer;

/// Part of the result with the styles that it takes; all of it where there is no mask.
pub(crate) struct Area<'a> {
    /// Its color in the masks.
    pub(crate) color: Option<FlatColor>,
    /// With their shares, which add up to 1.
    pub(crate) styles: Vec<(f64, &'a Picture)>,
}

/// The areas of a picture in these styles, each given with its share.
///
/// # Errors
/// [`Error::Setting`] if masks and settings do not go together.
pub(crate) fn areas<'a>(
    config: &Config,
    content: Option<&Picture>,
    styles: &[(usize, f64, &'a Picture)],
) -> Result<Vec<Area<'a>>> {
    let mask = content.and_then(Picture::mask);
    let Some(mask) = mask else {
        let styles = styles.iter().map(|&(_, share, picture)| (share, picture)).collect();
        return Ok(vec![Area { color: None, styles }]);
    };
    let mut areas = Vec::new();
    for &color in mask.colors() {
        let named = match config.regions.role(color) {
            Some(Role::Keep) => continue,
            Some(Role::Styles(numbers)) => Some(numbers),
            None => None,
        };
        let counts = |index: usize, picture: &Picture| match named {
            Some(numbers) => numbers.contains(&(index + 1)),
            None => picture.mask().is_none_or(|mask| mask.colors().contains(&color)),
        };
        let chosen: Vec<(f64, &Picture)> = styles
            .iter()
            .filter(|(index, _, picture)| counts(*index, picture))
            .map(|&(_, share, picture)| (share, picture))
            .collect();
        let sum: f64 = chosen.iter().map(|(share, _)| share).sum();
        if chosen.is_empty() {
            let problem = match named {
                // Of those that are named, none was left out but for this.
                Some(_) => format!(
                    "the styles that are named for the region {color} have no share: give one of them more than 0 in style-blend"
                ),
                None => format!(
                    "no style counts in the region {color}: name one with regions, or paint {color} into a style's mask{}",
                    without_share(config)
                ),
            };
            return Err(Error::Setting { setting: "mask", problem });
        }
        let styles = chosen.into_iter().map(|(share, picture)| (share / sum, picture)).collect();
        areas.push(Area { color: Some(color), styles });
    }
    Ok(areas)
}

/// What may be why a style does not count, to be said at the end of a problem.
fn without_share(config: &Config) -> &'static str {
    if config.style_blend.contains(&0.0) { " (those of share 0 in style-blend do not count)" } else { "" }
}

/// That masks and settings speak of the same things.
pub(crate) fn check(
    config: &Config,
    content: Option<&Picture>,
    styles: &[(usize, f64, &Picture)],
) -> Result<()> {
    let mask = content.and_then(Picture::mask);
    let wrong = |setting, problem| Err(Error::Setting { setting, problem });
    let of_styles = styles.iter().find_map(|(_, _, picture)| picture.mask());
    let Some(mask) = mask else {
        if of_styles.is_some() {
            return wrong("style-masks", "need a mask of the content picture as well".into());
        }
        if !config.regions.is_empty() {
            return wrong("regions", "need a mask of the content picture".into());
        }
        return Ok(());
    };
    if let Some(color) = config.regions.colors().find(|color| !mask.colors().contains(color)) {
        let found: Vec<String> = mask.colors().iter().map(FlatColor::to_string).collect();
        return wrong(
            "regions",
            format!("the mask has no {color}, or too little of it; it has {}", found.join(", ")),
        );
    }
    if of_styles.is_none() && config.regions.is_empty() {
        let problem = format!(
            "changes nothing by itself: say what its colors mean with regions, or give masks of the styles{}",
            without_share(config)
        );
        return wrong("mask", problem);
    }
    Ok(())
}

/// That something is left of each style's regions in every layer that looks at them.
pub(crate) fn check_styles(config: &Config, areas: &[Area<'_>]) -> Result<()> {
    for Area { color, styles } in areas {
        let Some(color) = *color else { continue };
        for (_, picture) in styles {
            for size in config.style_sizes().into_iter().map(|size| picture.fitted(size)) {
                let Some(region) = region(config, picture, color, size) else { continue };
                let mut layers = config.losses_of_styles().flat_map(LossSettings::layers_in_use);
                if let Some(layer) = layers.find(|layer| at(&region, size, *layer).is_none()) {
                    return Err(too_small(color, layer));
                }
            }
        }
    }
    Ok(())
}

/// That a style's region is lost at a layer.
pub(crate) fn too_small(color: FlatColor, layer: Layer) -> Error {
    let problem = format!("the region {color} of a style is too small: nothing of it is left at {layer}");
    Error::Setting { setting: "style-masks", problem }
}

/// How much of each pixel of a picture of this size lies in the region of a color; none if the picture has no such region.
pub(crate) fn region(
    config: &Config,
    picture: &Picture,
    color: FlatColor,
    (width, height): (usize, usize),
) -> Option<Vec<f32>> {
    let softness = config.mask_softness * width.max(height) as f64;
    let mask = picture.mask().filter(|mask| mask.colors().contains(&color))?;
    Some(mask.region(color, (width, height), softness))
}

/// A region's guide at a layer; none where nothing of it is left.
pub(crate) fn guide(
    region: &[f32],
    size: (usize, usize),
    layer: Layer,
    device: &Device,
) -> Result<Option<Guide>> {
    at(region, size, layer).map(|weights| Ok(Guide::new(device, &weights)?)).transpose()
}

/// How much of each position of a layer lies in a region; none where nothing of it is left.
fn at(region: &[f32], size: (usize, usize), layer: Layer) -> Option<Vec<f32>> {
    Some(pooled(region, size, layer.stride())).filter(|weights| weights.iter().any(|&weight| weight > 0.0))
}
