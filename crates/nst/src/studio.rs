//! Many pictures with one load of the network, and with each style's statistics computed once.

use crate::objective::Term;
use crate::prepare::{check_model, nothing_to_do};
use crate::{Config, FlatColor, Picture, Result};
use nst_tensor::{Device, Padding, Pooling};
use nst_vgg::{Layer, Vgg};
use nst_weights::Weights;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Settings and a network on a device: makes picture after picture ([`Studio::stylize`]). The weights are not needed any more.
///
/// ```
/// use nst::{Config, Device, Picture, Pictures, Studio, Styles, Weights};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { size: 32, iterations: 2, ..Config::default() };
/// let studio = Studio::new(&config, &Weights::embedded()?, &Device::cpu())?;
/// let stripes = (0..32 * 32 * 3).map(|i| (i / 12 % 2) as f32).collect();
/// let styles = Styles::new(vec![Picture::new(32, 32, stripes, None)?]);
/// for grey in [0.3, 0.7] {
///     let content = Some(Picture::new(32, 32, vec![grey; 32 * 32 * 3], None)?);
///     let pictures = Pictures { content, styles: styles.clone(), init: None };
///     let outcome = studio.stylize(pictures, &mut |_| ControlFlow::Continue(()))?;
///     assert!(outcome.best.total < outcome.initial.total);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Studio {
    pub(crate) config: Config,
    pub(crate) device: Device,
    pub(crate) network: Arc<Vgg>,
}

/// The pictures of one run in a [`Studio`].
#[derive(Clone, Debug)]
pub struct Pictures {
    /// The picture whose content is kept. Without one, a texture in the style is made.
    pub content: Option<Picture>,
    /// The pictures whose style is taken. Without one, the content is reconstructed.
    pub styles: Styles,
    /// The initial picture, for [`crate::config::Init::File`].
    pub init: Option<Arc<Picture>>,
}

impl Studio {
    /// Loads the network, as far as the losses of the settings need it, onto the device.
    ///
    /// # Errors
    /// If a setting is out of range, no loss has a weight, the network lacks a layer, or the device fails.
    pub fn new(config: &Config, weights: &Weights, device: &Device) -> Result<Self> {
        config.check()?;
        check_model(config, weights)?;
        let losses =
            [(config.content_weight, &config.content_layers), (config.style_weight, &config.style_layers)];
        let in_use = losses.into_iter().filter(|(weight, _)| *weight > 0.0);
        let layers: Vec<Layer> =
            in_use.flat_map(|(_, layers)| layers.used()).map(|(layer, _)| layer).collect();
        if layers.is_empty() && config.tv_weight == 0.0 {
            return Err(nothing_to_do());
        }
        let pooling = match config.pooling {
            crate::config::Pooling::Max => Pooling::Max,
            crate::config::Pooling::Average => Pooling::Average,
        };
        let padding = match config.padding {
            crate::config::Padding::Zeros => Padding::Zero,
            crate::config::Padding::Replicate => Padding::Edge,
        };
        let network = Arc::new(Vgg::load(weights, device, pooling, &layers)?.padded(padding));
        Ok(Self { config: config.clone(), device: device.clone(), network })
    }
}

/// Pictures whose style is taken together, blended by [`Config::style_blend`], and the statistics that were computed of them:
/// once for each network and size. A clone shares them.
#[derive(Clone, Debug)]
pub struct Styles(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pictures: Vec<Picture>,
    known: Mutex<Vec<Known>>,
}

/// The losses toward the styles in one area, as these settings ask for them on this network.
#[derive(Debug)]
struct Known {
    network: Weak<Vgg>,
    config: Config,
    area: Option<FlatColor>,
    terms: Vec<Term>,
}

impl Styles {
    /// The styles of these pictures together; statistics are computed when they are needed.
    pub fn new(pictures: Vec<Picture>) -> Self {
        Self(Arc::new(Shared { pictures, known: Mutex::default() }))
    }

    /// The losses toward the styles in an area of this color: those that are known, or what `make` makes of them.
    pub(crate) fn terms(
        &self,
        network: &Arc<Vgg>,
        config: &Config,
        area: Option<FlatColor>,
        make: impl FnOnce() -> Result<Vec<Term>>,
    ) -> Result<Vec<Term>> {
        // Iterations say nothing about losses, and differ where a content has fewer scales.
        let config = Config { iterations: 0, ..config.clone() };
        let is_same = |known: &&Known| {
            known.network.as_ptr() == Arc::as_ptr(network) && known.config == config && known.area == area
        };
        if let Some(known) = self.known().iter().find(is_same) {
            return Ok(known.terms.clone());
        }
        let terms = make()?;
        let network = Arc::downgrade(network);
        self.known().push(Known { network, config, area, terms: terms.clone() });
        Ok(terms)
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Styles {
    type Target = [Picture];

    fn deref(&self) -> &[Picture] {
        &self.0.pictures
    }
}
