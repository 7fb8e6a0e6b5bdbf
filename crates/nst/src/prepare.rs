//! From settings and pictures to an objective and a picture to start from.

use crate::areas::{self, Area};
use crate::config::{Config, Init, LossSettings};
use crate::kept;
use crate::network::Wanted;
use crate::objective::Objective;
use crate::picture::MAX_PIXELS;
use crate::view::View;
use crate::{Error, Inputs, Picture, Pictures, Result, Studio};
use nst_tensor::Device;
use nst_vgg::{Layer, PixelMap, Pixels};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

impl Objective {
    /// The objective that the settings and pictures ask for, and the picture to start from. Pictures are taken in the colors
    /// they have: [`Config::color`] is the matter of [`crate::stylize`].
    ///
    /// # Errors
    /// As [`crate::stylize`].
    pub fn prepare(config: &Config, inputs: Inputs, device: &Device) -> Result<(Self, Picture)> {
        let (pictures, weights) = inputs.split();
        let (objective, size) = Studio::new(config, &weights, device)?.objective(config, &pictures)?;
        Ok((objective, initial(config, &pictures, size)?))
    }
}

impl Pictures {
    /// Checks all that can be said of settings and pictures together without a network: what [`Studio::stylize`] would refuse before
    /// its first evaluation.
    ///
    /// # Errors
    /// If a setting is out of range or does not fit the pictures, no loss has a weight, or a picture is missing or too small.
    pub fn check(&self, config: &Config) -> Result<()> {
        Wanted::of(config)?;
        self.check_color(config)?;
        Layout::checked(config, self)?;
        let (ladder, _) = config.ladder_for(self);
        for scale in ladder {
            Layout::checked(&config.at(scale), self).map_err(|error| match error {
                Error::Setting { setting, problem } => {
                    let problem = format!("at {} pixels: {setting} {problem}", scale.size);
                    Error::Setting { setting: "scales", problem }
                }
                error => error,
            })?;
        }
        start(config, self).map(drop)
    }
}

impl Studio {
    /// The objective at one scale, whose settings are `config`, and the width and height of its pictures.
    pub(crate) fn objective(
        &self,
        config: &Config,
        inputs: &Pictures,
    ) -> Result<(Objective, (usize, usize))> {
        let own = Layout::of(config, inputs)?;
        let size @ (width, height) = own.size;
        let mut objective = Objective::new(config, Arc::clone(&self.network), &self.device, size)?;
        let frame = inputs.content.as_ref();
        if let Some(picture) = frame
            && let Some(shares) = kept::shares(config, picture, size)
        {
            objective.keep(&picture.resized(width, height), &shares)?;
        }
        // What is wrong at a smaller size alone is that something is too small for a layer there.
        let smaller =
            config.seen_smaller().filter_map(|config| Some((Layout::checked(&config, inputs).ok()?, config)));
        let views: Vec<(Layout<'_>, Config)> =
            std::iter::once((own, config.clone())).chain(smaller).collect();
        let share = 1.0 / views.len() as f64;
        for (Layout { size: seen @ (width, height), content, areas }, config) in views {
            let mut terms = match content {
                Some(picture) => objective.content_terms(&config, &picture.resized(width, height))?,
                None => Vec::new(),
            };
            for area in areas {
                let of_style = inputs
                    .styles
                    .terms(&self.network, &config, area.color, || objective.style_terms(&config, &area))?;
                terms.extend(objective.area_terms(&config, of_style, frame, seen)?);
            }
            terms.push(Objective::variation_term(&config));
            objective.add_view(View::new(seen, share, terms));
        }
        if objective.is_empty() {
            return Err(nothing_to_do());
        }
        Ok((objective, size))
    }
}

/// What a run of one scale works on, checked.
pub(crate) struct Layout<'a> {
    /// Width and height of the result.
    pub(crate) size: (usize, usize),
    content: Option<&'a Picture>,
    areas: Vec<Area<'a>>,
}

impl<'a> Layout<'a> {
    /// Checks settings and pictures against each other.
    ///
    /// # Errors
    /// As [`crate::stylize`].
    pub(crate) fn of(config: &Config, inputs: &'a Pictures) -> Result<Self> {
        config.check()?;
        let content = inputs.content.as_ref();
        let frame = content.or(inputs.styles.first());
        let frame = frame.ok_or(Error::Missing("a content or a style picture is needed"))?;
        let (width, height) = frame.fitted(config.size);
        check_pixels("size", (width, height))?;

        let with_content = content.filter(|_| config.content_weight > 0.0);
        let with_styles: Vec<(usize, f64, &Picture)> = (0..)
            .zip(shares(&config.style_blend, inputs.styles.len())?)
            .zip(inputs.styles.iter())
            .map(|((index, share), picture)| (index, share, picture))
            .filter(|(_, share, _)| config.losses_of_styles().next().is_some() && *share > 0.0)
            .collect();
        if let Some(picture) = with_content {
            let layers = config.content_layers.used().map(|(layer, _)| layer);
            check_layers("content", &[picture], layers, |_| ("size", (width, height)))?;
        }
        let pictures: Vec<&Picture> = with_styles.iter().map(|(_, _, picture)| *picture).collect();
        for size in config.style_sizes() {
            let layers = config.losses_of_styles().flat_map(LossSettings::layers_in_use);
            let deepest = check_layers("style", &pictures, layers, |it| {
                (style_setting(config, size), it.fitted(size))
            })?;
            check_resampled("size", (width, height), deepest)?;
        }
        let count = inputs.styles.len();
        if config.regions.most_styles() > count {
            let problem =
                format!("speaks of style {}, but there {}", config.regions.most_styles(), there_are(count));
            return Err(Error::Setting { setting: "regions", problem });
        }
        areas::check(config, content, &with_styles)?;
        let areas =
            if with_styles.is_empty() { vec![] } else { areas::areas(config, content, &with_styles)? };
        Ok(Self { size: (width, height), content: with_content, areas })
    }

    /// As [`Self::of`]; checks besides that something is left of each style's regions at every layer, for which masks are resampled.
    pub(crate) fn checked(config: &Config, inputs: &'a Pictures) -> Result<Self> {
        let layout = Self::of(config, inputs)?;
        areas::check_styles(config, &layout.areas)?;
        Ok(layout)
    }
}

fn there_are(styles: usize) -> String {
    if styles == 1 { "is 1".into() } else { format!("are {styles}") }
}

/// That the settings, or what was given beside them, leave nothing to minimise.
pub(crate) fn nothing_to_do() -> Error {
    let problem = "every loss has weight 0 or no picture, so there is nothing to do".into();
    Error::Setting { setting: "content-weight, style-weight, histogram-weight, tv-weight", problem }
}

/// The setting that gives style pictures this size.
fn style_setting(config: &Config, size: usize) -> &'static str {
    match config.style_size {
        Some(style_size) if style_size == size => "style-size",
        None if config.size == size => "size",
        _ => "style-scales",
    }
}

/// Checks that `pictures` are large enough for a loss's layers, as they are and as a setting will have them resampled: the deepest
/// of the layers, if there is a picture.
fn check_layers(
    role: &'static str,
    pictures: &[&Picture],
    layers: impl Iterator<Item = Layer>,
    resampled: impl Fn(&Picture) -> (&'static str, (usize, usize)),
) -> Result<Option<Layer>> {
    let deepest = layers.max().filter(|_| !pictures.is_empty());
    for picture in pictures {
        let (width, height) = (picture.width(), picture.height());
        if let Some((layer, minimum)) = too_deep(deepest, (width, height)) {
            return Err(Error::TooSmall { role, width, height, layer, minimum });
        }
        let (setting, size) = resampled(picture);
        check_pixels(setting, size)?;
        check_resampled(setting, size, deepest)?;
    }
    Ok(deepest)
}

/// The picture to start from, as it was given; none for noise.
fn start<'a>(config: &Config, inputs: &'a Pictures) -> Result<Option<&'a Picture>> {
    let picture = match &config.init {
        Init::Noise => return Ok(None),
        Init::Content => inputs.content.as_ref(),
        Init::Style => inputs.styles.first(),
        Init::File(_) => inputs.init.as_deref(),
    };
    let problem = || format!("'{}' needs that picture", String::from(config.init.clone()));
    picture.map(Some).ok_or_else(|| Error::Setting { setting: "init", problem: problem() })
}

/// The picture to start from.
pub(crate) fn initial(
    config: &Config,
    inputs: &Pictures,
    (width, height): (usize, usize),
) -> Result<Picture> {
    match start(config, inputs)? {
        Some(style) if config.init == Init::Style => Ok(style.covering(width, height)),
        Some(picture) => Ok(picture.resized(width, height)),
        None => noise(config, width, height),
    }
}

fn check_pixels(setting: &'static str, (width, height): (usize, usize)) -> Result<()> {
    if width.saturating_mul(height) <= MAX_PIXELS {
        return Ok(());
    }
    let problem =
        format!("makes a picture of {width}x{height}; use a smaller one, at most {MAX_PIXELS} pixels in all");
    Err(Error::Setting { setting, problem })
}

/// Checks that what a setting makes of a picture is large enough for a layer.
fn check_resampled(
    setting: &'static str,
    (width, height): (usize, usize),
    deepest: Option<Layer>,
) -> Result<()> {
    let Some((layer, minimum)) = too_deep(deepest, (width, height)) else { return Ok(()) };
    let problem = format!(
        "makes a picture of {width}x{height} pixels, too small: layer {layer} needs at least {minimum} on each side"
    );
    Err(Error::Setting { setting, problem })
}

/// The layer if it sees nothing of a picture of this size, and the least side that it needs.
fn too_deep(layer: Option<Layer>, (width, height): (usize, usize)) -> Option<(String, usize)> {
    let layer = layer.filter(|layer| width.min(height) < layer.minimum_side())?;
    Some((layer.to_string(), layer.minimum_side()))
}

/// The share of each style, adding up to 1.
pub(crate) fn shares(blend: &[f64], styles: usize) -> Result<Vec<f64>> {
    if blend.is_empty() || styles == 0 {
        return Ok(vec![1.0 / styles as f64; styles]);
    }
    if blend.len() != styles {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let weights = blend.len();
        let problem = format!(
            "{weights} weight{} for {styles} style picture{}; give one for each",
            plural(weights),
            plural(styles)
        );
        return Err(Error::Setting { setting: "style-blend", problem });
    }
    let sum: f64 = blend.iter().sum();
    Ok(blend.iter().map(|weight| weight / sum).collect())
}

/// Normally distributed values around the mean color of Caffe's VGG.
fn noise(config: &Config, width: usize, height: usize) -> Result<Picture> {
    let mean = PixelMap::from_rgb(Pixels::Bgr255).inverse().pixel([0.0; 3]);
    let mut random = ChaCha8Rng::seed_from_u64(config.seed);
    let values = (0..width * height * 3).map(|at| {
        let normal: f64 = StandardNormal.sample(&mut random);
        (mean[at % 3] + config.noise * normal / 255.0) as f32
    });
    Picture::new(width, height, values.collect(), None)
}
