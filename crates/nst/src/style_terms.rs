//! Losses toward styles: each area's own, blended of the styles it takes.

use crate::areas::{self, Area};
use crate::config::{Config, LossSettings, StyleLoss, StyleMix};
use crate::objective::Objective;
use crate::style_losses::StyleLosses;
use crate::term::{Part, Term};
use crate::{FlatColor, Picture, Result};
use nst_tensor::Tensor;
use nst_vgg::Layer;

/// A loss at a layer.
struct LayerLoss<'a> {
    layer: Layer,
    weight: f64,
    losses: &'a StyleLosses,
}

impl Objective {
    /// The losses toward an area's styles, wherever in the picture it lies, before [`Config::style_weight`] and
    /// [`Config::histogram_weight`].
    pub(crate) fn style_terms(&self, config: &Config, area: &Area<'_>) -> Result<Vec<Term>> {
        let kinds: Vec<(LossSettings<'_>, StyleLosses)> = config
            .losses_of_styles()
            .map(|loss| {
                let kind =
                    if loss.part == Part::Histogram { StyleLoss::Histogram } else { config.style_loss };
                (loss, StyleLosses::new(kind, config, self.network_pixels()))
            })
            .collect();
        let parts: Vec<(Part, Vec<LayerLoss<'_>>)> = kinds
            .iter()
            .map(|(loss, losses)| {
                let at = |(layer, weight)| LayerLoss { layer, weight, losses };
                (loss.part, loss.layers.used().map(at).collect())
            })
            .collect();
        let all: Vec<&LayerLoss<'_>> = parts.iter().flat_map(|(_, of_layers)| of_layers).collect();
        // Of each style, its descriptor for each loss.
        let mut styles = Vec::with_capacity(area.styles.len());
        for (share, picture) in &area.styles {
            styles.push((*share, self.descriptors(config, &all, picture, area.color)?));
        }
        let blends: Vec<(f64, Vec<Tensor>)> = match config.style_mix {
            StyleMix::Losses => styles,
            StyleMix::Statistics => {
                let of_loss = |loss: usize| {
                    let terms: Vec<(f64, &Tensor)> =
                        styles.iter().map(|(share, descriptors)| (*share, &descriptors[loss])).collect();
                    Tensor::linear_combination(&terms)
                };
                vec![(1.0, (0..all.len()).map(of_loss).collect::<nst_tensor::Result<_>>()?)]
            }
        };
        let mut terms = Vec::new();
        for (share, descriptors) in blends {
            let mut descriptors = descriptors.into_iter();
            for (part, of_layers) in &parts {
                let Some(LayerLoss { losses, .. }) = of_layers.first() else { continue };
                let toward = of_layers.iter().zip(descriptors.by_ref());
                let toward = toward.map(|(of_layer, descriptor)| losses.toward(descriptor, of_layer.weight));
                let balanced = losses.balanced(toward.collect::<Result<_>>()?)?;
                terms.extend(of_layers.iter().zip(balanced).map(|(of_layer, (weight, loss))| Term {
                    part: *part,
                    layer: Some(of_layer.layer),
                    area: area.color,
                    guide: None,
                    weight: share * weight,
                    loss,
                }));
            }
        }
        Ok(terms)
    }

    /// A style's descriptors for these losses, of its region of a color if it has a mask: their mean over the sizes of
    /// [`Config::style_scales`].
    fn descriptors(
        &self,
        config: &Config,
        losses: &[&LayerLoss<'_>],
        picture: &Picture,
        color: Option<FlatColor>,
    ) -> Result<Vec<Tensor>> {
        let share = 1.0 / config.style_scales.len() as f64;
        let layers: Vec<Layer> = losses.iter().map(|loss| loss.layer).collect();
        let mut sums: Vec<Vec<(f64, Tensor)>> = layers.iter().map(|_| Vec::new()).collect();
        for size in config.style_sizes() {
            let (width, height) = picture.fitted(size);
            let resized = picture.resized(width, height);
            let region = color.and_then(|color| areas::region(config, &resized, color, (width, height)));
            for ((loss, features), sums) in
                losses.iter().zip(self.features(&resized, &layers)?).zip(&mut sums)
            {
                let guide = match (&region, color) {
                    (Some(region), Some(color)) => {
                        let guide = areas::guide(region, (width, height), loss.layer, features.device())?;
                        Some(guide.ok_or_else(|| areas::too_small(color, loss.layer))?)
                    }
                    _ => None,
                };
                sums.push((share, loss.losses.descriptor(&features, guide.as_ref())?));
            }
        }
        let mean = |terms: Vec<(f64, Tensor)>| {
            let terms: Vec<(f64, &Tensor)> = terms.iter().map(|(share, tensor)| (*share, tensor)).collect();
            Tensor::linear_combination(&terms)
        };
        Ok(sums.into_iter().map(mean).collect::<nst_tensor::Result<_>>()?)
    }

    /// Terms as they hold in an area: all of the picture, or a region, as much as it counts. Each region's loss gets the
    /// region's share of the picture, so that a pixel is drawn as strongly as without a mask.
    pub(crate) fn area_terms(
        &self,
        config: &Config,
        terms: Vec<Term>,
        content: Option<&Picture>,
        size: (usize, usize),
    ) -> Result<Vec<Term>> {
        let color = terms.first().and_then(|term| term.area);
        let region = color.and_then(|color| areas::region(config, content?, color, size));
        let mut held = Vec::with_capacity(terms.len());
        for mut term in terms {
            term.weight *=
                if term.part == Part::Histogram { config.histogram_weight } else { config.style_weight };
            if let (Some(region), Some(layer)) = (&region, term.layer) {
                // A region can be lost at a deep layer, in the rows and columns that pooling leaves over.
                let Some(guide) = areas::guide(region, size, layer, self.device())? else { continue };
                term.weight *=
                    region.iter().map(|&share| f64::from(share)).sum::<f64>() / region.len() as f64;
                term.guide = Some(guide);
            }
            held.push(term);
        }
        Ok(held)
    }
}
