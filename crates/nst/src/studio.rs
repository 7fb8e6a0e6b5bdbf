//! Many pictures with one load of the network, and with each style's statistics computed once.

use crate::network::Wanted;
use crate::term::Term;
use crate::{Config, FlatColor, Picture, Result};
use nst_tensor::Device;
use nst_vgg::Vgg;
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
    loaded_for: Wanted,
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
        let wanted = Wanted::of(config)?;
        let network = Arc::new(wanted.load(weights, device)?);
        Ok(Self { config: config.clone(), device: device.clone(), network, loaded_for: wanted })
    }

    /// A studio with other settings and the network of this one; none if they want another network: model, weight file, pooling, or
    /// layers beyond those that were loaded.
    ///
    /// # Errors
    /// If a setting is out of range, or no loss has a weight.
    pub fn with(&self, config: &Config) -> Result<Option<Self>> {
        config.check()?;
        let is_served = self.loaded_for.serves(&Wanted::of(config)?);
        Ok(is_served.then(|| Self {
            config: config.clone(),
            device: self.device.clone(),
            network: Arc::clone(&self.network),
            loaded_for: self.loaded_for.clone(),
        }))
    }
}

/// Pictures whose style is taken together, blended by [`Config::style_blend`], and the statistics that were computed of them:
/// once for each network and size, for the settings of the last run. A clone shares them.
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
        let config = about_styles(config);
        let is_same = |known: &&Known| {
            known.network.as_ptr() == Arc::as_ptr(network) && known.config == config && known.area == area
        };
        if let Some(known) = self.known().iter().find(is_same) {
            return Ok(known.terms.clone());
        }
        let terms = make()?;
        let network = Arc::downgrade(network);
        let mut all = self.known();
        // Of one run's settings at a time, at all its sizes: those of many would fill the memory.
        all.retain(|known| {
            let (size, style_size) = (known.config.size, known.config.style_size);
            known.network.ptr_eq(&network) && known.config == Config { size, style_size, ..config.clone() }
        });
        all.push(Known { network, config, area, terms: terms.clone() });
        Ok(terms)
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settings without those that have no part in the style losses before their common weight. Whatever is not named here is
/// taken to have one.
fn about_styles(config: &Config) -> Config {
    let any = Config::default();
    Config {
        // They differ where a content has fewer scales.
        iterations: any.iterations,
        seen_from: any.seen_from,
        time_limit: any.time_limit,
        min_decrease: any.min_decrease,
        content_weight: any.content_weight,
        // Of these, whether there is any.
        style_weight: f64::from(u8::from(config.style_weight > 0.0)),
        histogram_weight: f64::from(u8::from(config.histogram_weight > 0.0)),
        tv_weight: any.tv_weight,
        tv: any.tv,
        content_layers: any.content_layers,
        content_loss: any.content_loss,
        optimizer: any.optimizer,
        line_search: any.line_search,
        steps: any.steps,
        history: any.history,
        learning_rate: any.learning_rate,
        betas: any.betas,
        average: any.average,
        clamp: any.clamp,
        tolerance_gradient: any.tolerance_gradient,
        tolerance_change: any.tolerance_change,
        init: any.init,
        noise: any.noise,
        seed: any.seed,
        ..config.clone()
    }
}

impl Deref for Styles {
    type Target = [Picture];

    fn deref(&self) -> &[Picture] {
        &self.0.pictures
    }
}
