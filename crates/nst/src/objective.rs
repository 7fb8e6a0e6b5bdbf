//! The loss of a picture and its gradient.

use crate::config::{self, Config, Variable};
use crate::kept::Kept;
use crate::term::{Contribution, Part, Term};
use crate::view::View;
use crate::{Error, Picture, Result};
use nst_autodiff::{Tape, Var};
use nst_loss::{ContentLoss, ContentScaling, CosineLoss, Loss, NinePointLoss, VariationLoss};
use nst_tensor::{Device, Tensor, Variation};
use nst_vgg::{Layer, PixelConversion, PixelMap, Pixels, Vgg};
use std::sync::Arc;

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
    /// Width and height of the picture.
    size: (usize, usize),
    kept: Option<Kept>,
    views: Vec<View>,
}

impl Objective {
    /// An objective without terms, on a network, of pictures of this width and height.
    pub(crate) fn new(config: &Config, vgg: Arc<Vgg>, device: &Device, size: (usize, usize)) -> Result<Self> {
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
        Ok(Self {
            device: device.clone(),
            vgg,
            variable,
            to_network,
            to_bgr255,
            size,
            kept: None,
            views: Vec::new(),
        })
    }

    /// How much an absolute change of 1 in 0..255 is in the variable's units.
    pub(crate) fn unit(config: &Config) -> f64 {
        match config.variable {
            Variable::Bgr255 => 1.0,
            Variable::Rgb01 => 1.0 / 255.0,
        }
    }

    /// The content losses toward a picture.
    pub(crate) fn content_terms(&self, config: &Config, picture: &Picture) -> Result<Vec<Term>> {
        let scaling = match config.loss_scaling {
            config::LossScaling::MeanSquare => ContentScaling::MeanSquare,
            config::LossScaling::Gatys => ContentScaling::HalfSum,
        };
        let layers: Vec<Layer> = config.content_layers.used().map(|(layer, _)| layer).collect();
        let features = self.features(picture, &layers)?;
        let mut terms = Vec::with_capacity(layers.len());
        for ((layer, weight), target) in config.content_layers.used().zip(features) {
            let loss: Arc<dyn Loss> = match config.content_loss {
                config::ContentLoss::Squared => Arc::new(ContentLoss::new(scaling, target)),
                config::ContentLoss::Cosine => Arc::new(CosineLoss::new(scaling, &target)?),
            };
            let weight = config.content_weight * weight;
            terms.push(Term {
                part: Part::Content,
                layer: Some(layer),
                area: None,
                guide: None,
                weight,
                loss,
            });
        }
        Ok(terms)
    }

    /// Keeps these shares of a picture's pixels.
    pub(crate) fn keep(&mut self, picture: &Picture, shares: &[f32]) -> Result<()> {
        self.kept = Some(Kept::new(&self.variable(picture)?, shares)?);
        Ok(())
    }

    /// The picture that a variable stands for, in the variable's units.
    fn shown(&self, x: &Var) -> Result<Var> {
        self.kept.as_ref().map_or_else(|| Ok(x.clone()), |kept| kept.apply(x))
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn network_pixels(&self) -> Pixels {
        self.vgg.pixels()
    }

    /// The total variation.
    pub(crate) fn variation_term(config: &Config) -> Term {
        let loss: Arc<dyn Loss> = match config.tv {
            config::TotalVariation::Absolute => Arc::new(VariationLoss { kind: Variation::Absolute }),
            config::TotalVariation::Squared => Arc::new(VariationLoss { kind: Variation::Squared }),
            config::TotalVariation::NinePoint => Arc::new(NinePointLoss),
        };
        let weight = config.tv_weight;
        Term { part: Part::Variation, layer: None, area: None, guide: None, weight, loss }
    }

    /// Adds losses of the picture as it is seen at one size.
    pub(crate) fn add_view(&mut self, view: View) {
        self.views.push(view);
    }

    /// Whether the picture is seen at smaller sizes than its own as well.
    pub(crate) fn is_seen_smaller(&self) -> bool {
        self.views.len() > 1
    }

    /// Whether there is nothing to minimise.
    pub(crate) fn is_empty(&self) -> bool {
        self.views.iter().all(|view| view.terms.is_empty())
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
        let mut values = self.shown(&Var::constant(variable.clone()))?.value().to_vec()?;
        self.variable.inverse().values(&mut values);
        Picture::new(width, height, values, None)
    }

    pub(crate) fn features(&self, picture: &Picture, layers: &[Layer]) -> Result<Vec<Tensor>> {
        let image = self.to_network.apply(&Var::constant(self.variable(picture)?))?;
        Ok(self.vgg.features(&image, layers)?.into_iter().map(|features| features.value().clone()).collect())
    }

    /// The value of each term, and the gradient of their sum with respect to the variable.
    ///
    /// # Errors
    /// If the variable is no picture of the objective's size, or the device fails.
    pub fn evaluate(&self, x: &Tensor) -> Result<(Vec<Contribution>, Tensor)> {
        let (width, height) = self.size;
        if x.shape().dims() != [1, height, width, 3] {
            return Err(Error::Values(format!(
                "the objective is of pictures of shape [1, {height}, {width}, 3], not {}",
                x.shape()
            )));
        }
        self.device.repeated(|| self.evaluate_once(x))
    }

    fn evaluate_once(&self, x: &Tensor) -> Result<(Vec<Contribution>, Tensor)> {
        let tape = Tape::new();
        let x = tape.leaf(x.clone());
        let shown = self.shown(&x)?;
        let mut values: Vec<Var> = Vec::new();
        for view in &self.views {
            values.extend(self.values(view, &view.of(&shown)?)?);
        }
        let terms: Vec<&Term> = self.views.iter().flat_map(|view| &view.terms).collect();
        let mut seeds = Vec::with_capacity(values.len());
        for (value, term) in values.iter().zip(&terms) {
            seeds.push((value, Tensor::full(&self.device, [], term.weight as f32)?));
        }
        let gradients = tape.backward(&seeds)?;
        let gradient = gradients.get(&x).cloned();
        let gradient = gradient.ok_or_else(|| Error::Missing("no loss depends on the picture"))?;
        let numbers = Tensor::download(&values.iter().map(Var::value).collect::<Vec<_>>())?;
        let names = self.views.iter().flat_map(|view| view.terms.iter().map(|term| view.name(term)));
        let values = numbers.iter().zip(&terms).zip(names).map(|((number, term), name)| Contribution {
            part: term.part,
            name,
            value: term.weight * f64::from(number.first().copied().unwrap_or(f32::NAN)),
        });
        Ok((values.collect(), gradient))
    }

    /// The value of each term of a view, of the picture as it is seen there.
    fn values(&self, view: &View, seen: &Var) -> Result<Vec<Var>> {
        let layers: Vec<Layer> = view.terms.iter().filter_map(|term| term.layer).collect();
        let mut values: Vec<Option<Var>> = Vec::new();
        values.resize_with(view.terms.len(), || None);
        let mut add = |index: usize, of: &Var| -> Result<()> {
            let Term { loss, guide, .. } = &view.terms[index];
            values[index] = Some(loss.value(&loss.statistic(of, guide.as_ref())?)?);
            Ok(())
        };
        let (of_layers, of_image): (Vec<usize>, Vec<usize>) =
            (0..view.terms.len()).partition(|&index| view.terms[index].layer.is_some());
        let image = self.to_network.apply(seen)?;
        self.vgg.visit(&image, &layers, |index, features| add(of_layers[index], &features))?;
        for index in of_image {
            add(index, &self.to_bgr255.apply(seen)?)?;
        }
        let values: Vec<Var> = values.into_iter().flatten().collect();
        if values.len() < view.terms.len() {
            return Err(Error::Missing("the network gave fewer features than asked for"));
        }
        Ok(values)
    }
}
