//! The loss of a picture and its gradient.

use crate::config::{self, Config, Variable};
use crate::style_losses::StyleLosses;
use crate::{Error, Picture, Result};
use nst_autodiff::{Tape, Var};
use nst_loss::{ContentLoss, ContentScaling, CosineLoss, Loss, VariationLoss};
use nst_tensor::{Device, Tensor, Variation};
use nst_vgg::{Layer, PixelConversion, PixelMap, Pixels, Vgg};
use std::fmt;
use std::sync::Arc;

/// The part of the loss that a term counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Likeness to the content picture.
    Content,
    /// Likeness to the style pictures.
    Style,
    /// The total variation.
    Variation,
}

/// One loss at one layer (or of the picture itself), with its weight.
#[derive(Clone)]
pub(crate) struct Term {
    part: Part,
    layer: Option<Layer>,
    weight: f64,
    loss: Arc<dyn Loss>,
}

/// What a term contributes to the loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// What the term counts as.
    pub part: Part,
    /// The term's name, such as `style relu4_1`.
    pub name: String,
    /// Its value, weighted.
    pub value: f64,
}

/// The weighted sum of all losses as a function of the *variable*: the picture's pixels in the units that the optimizer
/// moves ([`Config::variable`]). [`crate::stylize`] minimises it; take it alone to study losses and gradients, or to
/// minimise it in a way of your own.
pub struct Objective {
    device: Device,
    vgg: Arc<Vgg>,
    /// From RGB in 0..1 to the variable's pixels.
    variable: PixelMap,
    to_network: PixelConversion,
    to_bgr255: PixelConversion,
    pub(crate) terms: Vec<Term>,
}

impl Objective {
    /// An objective without terms, on a network.
    pub(crate) fn new(config: &Config, vgg: Arc<Vgg>, device: &Device) -> Result<Self> {
        let variable = match config.variable {
            Variable::Bgr255 => PixelMap::from_rgb(Pixels::Bgr255),
            Variable::Rgb01 => PixelMap::identity(),
        };
        let from_variable = |pixels| -> Result<PixelConversion> {
            let wanted = PixelMap::from_rgb(pixels);
            // There and back would be the identity but for rounding.
            let map =
                if wanted == variable { PixelMap::identity() } else { variable.inverse().then(&wanted) };
            Ok(map.on(device)?)
        };
        let (to_network, to_bgr255) = (from_variable(vgg.pixels())?, from_variable(Pixels::Bgr255)?);
        Ok(Self { device: device.clone(), vgg, variable, to_network, to_bgr255, terms: Vec::new() })
    }

    /// How much an absolute change of 1 in 0..255 is in the variable's units.
    pub(crate) fn unit(config: &Config) -> f64 {
        match config.variable {
            Variable::Bgr255 => 1.0,
            Variable::Rgb01 => 1.0 / 255.0,
        }
    }

    /// Adds the content losses toward a picture.
    pub(crate) fn add_content(&mut self, config: &Config, picture: &Picture) -> Result<()> {
        let scaling = match config.loss_scaling {
            config::LossScaling::MeanSquare => ContentScaling::MeanSquare,
            config::LossScaling::Gatys => ContentScaling::HalfSum,
        };
        let layers: Vec<Layer> = config.content_layers.used().map(|(layer, _)| layer).collect();
        let features = self.features(picture, &layers)?;
        for ((layer, weight), target) in config.content_layers.used().zip(features) {
            let loss: Arc<dyn Loss> = match config.content_loss {
                config::ContentLoss::Squared => Arc::new(ContentLoss::new(scaling, target)),
                config::ContentLoss::Cosine => Arc::new(CosineLoss::new(scaling, &target)?),
            };
            self.add(Part::Content, Some(layer), config.content_weight * weight, loss);
        }
        Ok(())
    }

    /// Adds the style losses toward pictures, blended: their descriptors are averaged with the given shares.
    pub(crate) fn add_style(&mut self, config: &Config, styles: &[(f64, Picture)]) -> Result<()> {
        let losses = StyleLosses::new(config, self.vgg.pixels());
        let layers: Vec<Layer> = config.style_layers.used().map(|(layer, _)| layer).collect();
        let mut descriptors: Vec<Vec<(f64, Tensor)>> = layers.iter().map(|_| Vec::new()).collect();
        for (share, picture) in styles {
            for (features, descriptors) in self.features(picture, &layers)?.iter().zip(&mut descriptors) {
                descriptors.push((*share, losses.descriptor(features)?));
            }
        }
        let mut toward = Vec::with_capacity(layers.len());
        for ((_, weight), descriptors) in config.style_layers.used().zip(descriptors) {
            let shares: Vec<(f64, &Tensor)> =
                descriptors.iter().map(|(share, tensor)| (*share, tensor)).collect();
            toward.push(losses.toward(Tensor::linear_combination(&shares)?, weight)?);
        }
        for (layer, (weight, loss)) in layers.into_iter().zip(losses.balanced(toward)?) {
            self.add(Part::Style, Some(layer), config.style_weight * weight, loss);
        }
        Ok(())
    }

    /// Adds the total variation.
    pub(crate) fn add_variation(&mut self, config: &Config) {
        let kind = match config.tv {
            config::TotalVariation::Absolute => Variation::Absolute,
            config::TotalVariation::Squared => Variation::Squared,
        };
        self.add(Part::Variation, None, config.tv_weight, Arc::new(VariationLoss { kind }));
    }

    /// A term of weight zero is no term: it would cost time and change nothing.
    fn add(&mut self, part: Part, layer: Option<Layer>, weight: f64, loss: Arc<dyn Loss>) {
        if weight > 0.0 {
            self.terms.push(Term { part, layer, weight, loss });
        }
    }

    /// Whether there is nothing to minimise.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The variable that stands for a picture: `[1, height, width, 3]`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn variable(&self, picture: &Picture) -> Result<Tensor> {
        let mut values = picture.rgb().to_vec();
        self.variable.values(&mut values);
        Ok(Tensor::new(&self.device, [1, picture.height(), picture.width(), 3], &values)?)
    }

    /// The picture that a variable stands for.
    ///
    /// # Errors
    /// If it is no image or the device fails.
    pub fn picture(&self, variable: &Tensor) -> Result<Picture> {
        let [_, height, width, _] = variable.shape().nhwc("picture")?;
        let mut values = variable.to_vec()?;
        self.variable.inverse().values(&mut values);
        Picture::new(width, height, values, None)
    }

    fn features(&self, picture: &Picture, layers: &[Layer]) -> Result<Vec<Tensor>> {
        let image = self.to_network.apply(&Var::constant(self.variable(picture)?))?;
        Ok(self.vgg.features(&image, layers)?.into_iter().map(|features| features.value().clone()).collect())
    }

    /// The value of each term, and the gradient of their sum with respect to the variable.
    ///
    /// # Errors
    /// If the variable has another size than the content, or the device fails.
    pub fn evaluate(&self, x: &Tensor) -> Result<(Vec<Contribution>, Tensor)> {
        self.device.repeated(|| self.evaluate_once(x))
    }

    fn evaluate_once(&self, x: &Tensor) -> Result<(Vec<Contribution>, Tensor)> {
        let tape = Tape::new();
        let x = tape.leaf(x.clone());
        let layers: Vec<Layer> = self.terms.iter().filter_map(|term| term.layer).collect();
        let mut values: Vec<Option<Var>> = Vec::new();
        values.resize_with(self.terms.len(), || None);
        let mut add = |index: usize, of: &Var| -> Result<()> {
            let loss = &self.terms[index].loss;
            values[index] = Some(loss.value(&loss.statistic(of)?)?);
            Ok(())
        };
        let (of_layers, of_image): (Vec<usize>, Vec<usize>) =
            (0..self.terms.len()).partition(|&index| self.terms[index].layer.is_some());
        let image = self.to_network.apply(&x)?;
        self.vgg.visit(&image, &layers, |index, features| add(of_layers[index], &features))?;
        for index in of_image {
            add(index, &self.to_bgr255.apply(&x)?)?;
        }
        let values: Vec<Var> = values.into_iter().flatten().collect();
        if values.len() < self.terms.len() {
            return Err(Error::Missing("the network gave fewer features than asked for"));
        }
        let mut seeds = Vec::with_capacity(values.len());
        for (value, term) in values.iter().zip(&self.terms) {
            seeds.push((value, Tensor::full(&self.device, [], term.weight as f32)?));
        }
        let gradients = tape.backward(&seeds)?;
        let gradient = gradients.get(&x).cloned();
        let gradient = gradient.ok_or_else(|| Error::Missing("no loss depends on the picture"))?;
        let numbers = Tensor::download(&values.iter().map(Var::value).collect::<Vec<_>>())?;
        let values = numbers.iter().zip(&self.terms).map(|(number, term)| Contribution {
            part: term.part,
            name: term.name(),
            value: term.weight * f64::from(number.first().copied().unwrap_or(f32::NAN)),
        });
        Ok((values.collect(), gradient))
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Term")
            .field("name", &self.name())
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}

impl Term {
    fn name(&self) -> String {
        match (self.part, self.layer) {
            (Part::Content, Some(layer)) => format!("content {layer}"),
            (Part::Style, Some(layer)) => format!("style {layer}"),
            _ => "total variation".into(),
        }
    }
}
