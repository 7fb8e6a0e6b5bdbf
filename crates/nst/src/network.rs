//! The network that settings ask for.

use crate::config::{self, Config, Model};
use crate::prepare::nothing_to_do;
use crate::{Error, Result};
use nst_tensor::{Device, Padding, Pooling};
use nst_vgg::{Architecture, Layer, Vgg};
use nst_weights::Weights;
use std::path::PathBuf;

/// All that settings say of a network, so that two of them can be told to want the same.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    model: Model,
    weights: Option<PathBuf>,
    pooling: config::Pooling,
    padding: config::Padding,
    /// Those that a loss looks at.
    layers: Vec<Layer>,
}

impl Wanted {
    /// What these settings want.
    ///
    /// # Errors
    /// If no loss has a weight.
    pub(crate) fn of(config: &Config) -> Result<Self> {
        let layers: Vec<Layer> = config.layers_in_use().collect();
        if layers.is_empty() && config.tv_weight == 0.0 {
            return Err(nothing_to_do());
        }
        let Config { model, pooling, padding, ref weights, .. } = *config;
        Ok(Self { model, weights: weights.clone(), pooling, padding, layers })
    }

    /// Loads it, as far as its layers need it, onto a device.
    ///
    /// # Errors
    /// If the weights are another network's, the network lacks a layer, or the device fails.
    pub(crate) fn load(&self, weights: &Weights, device: &Device) -> Result<Vgg> {
        let wanted = self.architecture();
        if weights.architecture != wanted {
            let problem = format!("is {wanted}, but the weights are of {}", weights.architecture);
            return Err(Error::Setting { setting: "model", problem });
        }
        let pooling = match self.pooling {
            config::Pooling::Max => Pooling::Max,
            config::Pooling::Average => Pooling::Average,
        };
        let padding = match self.padding {
            config::Padding::Zeros => Padding::Zero,
            config::Padding::Replicate => Padding::Edge,
        };
        Ok(Vgg::load(weights, device, pooling, &self.layers)?.padded(padding))
    }

    /// Whether the network that was loaded for this is one for `other` as well.
    pub(crate) fn serves(&self, other: &Self) -> bool {
        let depth = |layer: &Layer| layer.depth(self.architecture());
        let deepest = self.layers.iter().filter_map(depth).max();
        let is_loaded = |layer: &Layer| depth(layer).is_some() && depth(layer) <= deepest;
        (self.model, self.pooling, self.padding, &self.weights)
            == (other.model, other.pooling, other.padding, &other.weights)
            && other.layers.iter().all(is_loaded)
    }

    fn architecture(&self) -> Architecture {
        architecture(self.model)
    }
}

fn architecture(model: Model) -> Architecture {
    match model {
        Model::Vgg16 => Architecture::Vgg16,
        Model::Vgg19 => Architecture::Vgg19,
    }
}

/// That a loss in use looks at a layer which its network lacks.
pub(crate) fn problem(config: &Config) -> Option<Error> {
    let architecture = architecture(config.model);
    config.losses().into_iter().find_map(|loss| {
        let lacking = loss.layers_in_use().find(|layer| layer.depth(architecture).is_none())?;
        Some(Error::Setting {
            setting: loss.names[1],
            problem: format!("{architecture} has no layer {lacking}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use crate::Config;
    use crate::config::{Model, Padding, Pooling};

    fn wanted(change: impl FnOnce(&mut Config)) -> Wanted {
        let mut config = Config::default();
        change(&mut config);
        Wanted::of(&config).unwrap()
    }

    #[test]
    fn a_network_serves_what_it_was_loaded_for_and_less() {
        let loaded = wanted(|_| {});
        assert!(loaded.serves(&wanted(|config| (config.seed, config.style_weight) = (3, 0.5))));
        let shallow = wanted(|config| config.style_layers = "conv2_1".parse().unwrap());
        assert!(loaded.serves(&shallow) && !shallow.serves(&loaded));
        assert!(loaded.serves(&wanted(|config| config.style_weight = 0.0)));
        for other in [
            wanted(|config| config.model = Model::Vgg19),
            wanted(|config| config.pooling = Pooling::Average),
            wanted(|config| config.padding = Padding::Replicate),
            wanted(|config| config.weights = Some("other.pth".into())),
            wanted(|config| config.style_layers = "relu5_2".parse().unwrap()),
            wanted(|config| {
                config.histogram_weight = 1.0;
                config.histogram_layers = "relu5_2".parse().unwrap();
            }),
            // VGG-16 has none.
            wanted(|config| config.content_layers = "relu3_4".parse().unwrap()),
        ] {
            assert!(!loaded.serves(&other), "{other:?}");
        }
    }
}
