//! What the loss is the sum of.

use crate::FlatColor;
use nst_loss::{Guide, Loss};
use nst_vgg::Layer;
use std::fmt;
use std::sync::Arc;

/// The part of the loss that a term counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Likeness to the content picture.
    Content,
    /// Likeness to the style pictures.
    Style,
    /// Likeness of histograms to the style pictures', beside the style loss ([`crate::Config::histogram_weight`]).
    Histogram,
    /// The total variation.
    Variation,
}

/// One loss at one layer (or of the picture itself), with its weight.
#[derive(Clone)]
pub(crate) struct Term {
    pub(crate) part: Part,
    pub(crate) layer: Option<Layer>,
    /// The region where it holds, if not everywhere, by its color.
    pub(crate) area: Option<FlatColor>,
    /// How much each position of the layer lies in it.
    pub(crate) guide: Option<Guide>,
    pub(crate) weight: f64,
    pub(crate) loss: Arc<dyn Loss>,
}

/// What a term contributes to the loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// What the term counts as.
    pub part: Part,
    /// The term's name, such as `style relu4_1`, `style relu4_1 red` in a region, or `style relu4_1 at 512x341` where the picture
    /// is seen at several sizes ([`crate::Config::seen_from`]).
    pub name: String,
    /// Its value, weighted.
    pub value: f64,
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
    /// Such as `style relu4_1`, or `style relu4_1 red` in a region.
    pub(crate) fn name(&self) -> String {
        let part = match self.part {
            Part::Content => "content",
            Part::Style => "style",
            Part::Histogram => "histogram",
            Part::Variation => "total variation",
        };
        let layer = self.layer.map(|layer| format!(" {layer}")).unwrap_or_default();
        let area = self.area.map(|color| format!(" {color}")).unwrap_or_default();
        format!("{part}{layer}{area}")
    }
}
