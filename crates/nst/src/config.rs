//! All settings of a style transfer.

pub use crate::choices::{
    Color, ContentLoss, Init, LayerBalance, LineSearch, LossScaling, Model, Optimizer, Padding, Pooling,
    Steps, StyleLoss, StyleMix, TotalVariation, Variable,
};
pub use crate::regions::{Regions, Role};
pub use crate::scales::Scales;
pub use crate::stop::TimeLimit;
use crate::term::Part;
use crate::{Error, LayerWeights, Result};
use nst_vgg::{Architecture, Layer};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Every setting that decides what the picture becomes. As TOML, fields are written in kebab case and all are optional:
/// what is left out keeps its default. [`crate::Preset`] lists the conventions of published systems.
///
/// Weights are in the units of jcjohnson's neural-style: losses are means over elements (see [`LossScaling`]), on a network
/// that sees 0..255.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// Pixels on the longest side of the result. The content picture is resampled to it.
    pub size: usize,
    /// The sizes that the picture goes through, coarse to fine.
    pub scales: Scales,
    /// Iterations of the optimizer at each scale, the last one's for those that follow; empty to share out `iterations`: half of
    /// them at the coarsest, the rest evenly.
    #[serde(deserialize_with = "crate::scales::one_or_several")]
    pub scale_iterations: Vec<usize>,
    /// A picture is *seen* at its own size and, as long as that leaves this many pixels on the longest side, at each half. Its
    /// loss is the mean of the losses there, each as of a run of that size, so that large pictures keep the look of smaller ones. For the
    /// same reason it takes over all that the scale before made of the content, fine strokes too. With 0 it is seen at its own size
    /// alone. Sizes that leave too little of a picture or region for a layer are left out. (Snelgrove 2017, "High-Resolution
    /// Multi-Scale Neural Texture Synthesis", sums style losses over such a pyramid.)
    pub seen_from: usize,
    /// Iterations of the optimizer, at all scales together. Each evaluates the network once; more often with a
    /// line search, or when a step has to be cut. The initial picture is evaluated besides.
    pub iterations: usize,
    /// How long the run may take, from its start to its last evaluation: it ends after the one that passes this. None for no
    /// limit. With one, the picture depends on the machine's speed.
    pub time_limit: Option<TimeLimit>,
    /// Stop when the loss fell by less than this share of itself over 20 evaluations; 0 for never.
    pub min_decrease: f64,
    /// Factor on the content loss.
    pub content_weight: f64,
    /// Factor on the style loss.
    pub style_weight: f64,
    /// Factor on the total variation of the picture in 0..255; smooths.
    pub tv_weight: f64,
    /// How the total variation counts differences.
    pub tv: TotalVariation,
    /// Layers of the content loss.
    pub content_layers: LayerWeights,
    /// Layers of the style loss.
    pub style_layers: LayerWeights,
    /// One factor for each style picture; empty for equal shares. Scaled to add up to 1, as neural-style does.
    pub style_blend: Vec<f64>,
    /// How several styles are blended.
    pub style_mix: StyleMix,
    /// Pixels on the longest side of each style picture; none for the result's size.
    pub style_size: Option<usize>,
    /// Factors on that size: the style's statistics are their mean over these. Above 1, strokes become larger.
    pub style_scales: Vec<f64>,
    /// A picture of the content's regions in flat colors, PNG; none for the whole. For programs that open files by a
    /// configuration, as `nst` does: the library takes pictures with their masks ([`crate::Picture::masked`]).
    pub mask: Option<PathBuf>,
    /// The same for each style picture, in their order; `none` for one without. Empty where none has one.
    pub style_masks: Vec<PathBuf>,
    /// What becomes of the mask's regions.
    pub regions: Regions,
    /// Over how much of the longest side a region goes over into its neighbours at their common edge.
    pub mask_softness: f64,
    /// Where the colors of the result come from.
    pub color: Color,
    /// The network; [`crate::Inputs::weights`] must be of it.
    pub model: Model,
    /// A weight file; none for the weights in the box or, for another network, those that were fetched. For programs
    /// that open files by a configuration, as `nst` does: the library takes weights that are open.
    pub weights: Option<PathBuf>,
    /// What the network's poolings take of each window. Trained with max; Gatys, Ecker and Bethge recommend avg.
    pub pooling: Pooling,
    /// What the network sees around a picture.
    pub padding: Padding,
    /// Which statistics of features describe a style. Moments, wasserstein and histogram are in squared units of the features,
    /// Gram matrices and covariances in fourth powers: style weights do not carry over from one to the other.
    pub style_loss: StyleLoss,
    /// How the layers of the style loss, and those of the histogram loss beside it, are balanced before their weights.
    pub layer_balance: LayerBalance,
    /// Factor on a histogram loss ([`nst_loss::HistogramLoss`]) beside the style loss: against contrast and brightness that a
    /// Gram matrix leaves open (Risser, Wilmot and Barnes 2017). In squared units of the features.
    pub histogram_weight: f64,
    /// Layers of that histogram loss; the paper's.
    pub histogram_layers: LayerWeights,
    /// What the content loss compares at each position.
    pub content_loss: ContentLoss,
    /// How losses are scaled.
    pub loss_scaling: LossScaling,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// L-BFGS: how the length of a step is found.
    pub line_search: LineSearch,
    /// L-BFGS: how long the first step and any other may be, what becomes of a bad one, and what is taken for the curvature where
    /// nothing is known yet.
    pub steps: Steps,
    /// L-BFGS: curvature pairs kept. Each takes twice the memory of the picture.
    pub history: usize,
    /// L-BFGS: factor on each step. Adam: its step size, about the most that a value in 0..255 changes in one step.
    pub learning_rate: f64,
    /// Adam: how much of the running means of the gradient and of its square is kept at each step.
    #[serde(deserialize_with = "crate::adam::two_betas")]
    pub betas: [f64; 2],
    /// Adam: the result is an exponential moving average of the iterates of the last scale, of which this much is kept at each
    /// new one; 0 for none. Each scale begins an average of its own, and is followed by the next from it. It is evaluated once, at
    /// the scale's end.
    pub average: f64,
    /// Adam: after each step, values below 0 or above 1 are moved there.
    pub clamp: bool,
    /// L-BFGS: stop when no element of the gradient is greater; negative for never (torch's `tolerance_grad`).
    pub tolerance_gradient: f64,
    /// L-BFGS: stop when neither the loss nor any value changes more; negative for never (torch's `tolerance_change`).
    pub tolerance_change: f64,
    /// The pixels that the optimizer moves. L-BFGS's first step depends on their units.
    pub variable: Variable,
    /// Where the picture starts.
    pub init: Init,
    /// Standard deviation of initial noise around the mean color, in 0..255.
    pub noise: f64,
    /// Seed of the initial noise.
    pub seed: u64,
}

/// What is set of a loss of features.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LossSettings<'a> {
    pub(crate) part: Part,
    /// Of the settings `weight` and `layers`.
    pub(crate) names: [&'static str; 2],
    pub(crate) weight: f64,
    pub(crate) layers: &'a LayerWeights,
}

impl<'a> LossSettings<'a> {
    /// The layers that it looks at, if it counts.
    pub(crate) fn layers_in_use(self) -> impl Iterator<Item = Layer> + 'a {
        self.layers.used().map(|(layer, _)| layer).filter(move |_| self.weight > 0.0)
    }
}

impl Default for Config {
    /// Found by measuring and looking, at 512 pixels.
    fn default() -> Self {
        let layers = |text: &str| text.parse().unwrap_or_default();
        Self {
            size: 512,
            scales: Scales::Auto,
            scale_iterations: Vec::new(),
            seen_from: 512,
            iterations: 180,
            time_limit: None,
            min_decrease: 0.0,
            content_weight: 20.0,
            style_weight: 100.0,
            tv_weight: 0.0,
            tv: TotalVariation::Absolute,
            content_layers: layers("relu4_2"),
            style_layers: layers("relu1_1,relu2_1,relu3_1,relu4_1,relu5_1"),
            style_blend: Vec::new(),
            style_mix: StyleMix::Statistics,
            style_size: None,
            style_scales: vec![1.0],
            mask: None,
            style_masks: Vec::new(),
            regions: Regions::default(),
            mask_softness: 0.02,
            color: Color::Style,
            model: Model::Vgg16,
            weights: None,
            pooling: Pooling::Max,
            padding: Padding::Zeros,
            style_loss: StyleLoss::Gram,
            layer_balance: LayerBalance::None,
            histogram_weight: 0.0,
            histogram_layers: layers("relu1_1,relu4_1"),
            content_loss: ContentLoss::Squared,
            loss_scaling: LossScaling::MeanSquare,
            optimizer: Optimizer::Lbfgs,
            line_search: LineSearch::None,
            steps: Steps::Bounded,
            history: 20,
            learning_rate: 1.0,
            betas: [0.9, 0.999],
            average: 0.0,
            clamp: false,
            tolerance_gradient: -1.0,
            tolerance_change: -1.0,
            variable: Variable::Bgr255,
            init: Init::Content,
            noise: 1.0,
            seed: 0,
        }
    }
}

impl Config {
    /// How many of an architecture's convolutions, from the image on, its layers need: no more of the weights have to be
    /// read. None if it lacks one of them.
    pub fn convolutions(&self, architecture: Architecture) -> Option<usize> {
        self.layers_in_use()
            .map(|layer| layer.depth(architecture))
            .try_fold(0, |deepest, depth| Some(deepest.max(depth?)))
    }

    /// The losses of features, whether they count or not.
    pub(crate) fn losses(&self) -> [LossSettings<'_>; 3] {
        [
            LossSettings {
                part: Part::Content,
                names: ["content-weight", "content-layers"],
                weight: self.content_weight,
                layers: &self.content_layers,
            },
            LossSettings {
                part: Part::Style,
                names: ["style-weight", "style-layers"],
                weight: self.style_weight,
                layers: &self.style_layers,
            },
            LossSettings {
                part: Part::Histogram,
                names: ["histogram-weight", "histogram-layers"],
                weight: self.histogram_weight,
                layers: &self.histogram_layers,
            },
        ]
    }

    /// Those toward styles that count.
    pub(crate) fn losses_of_styles(&self) -> impl Iterator<Item = LossSettings<'_>> {
        self.losses().into_iter().filter(|loss| loss.part != Part::Content && loss.weight > 0.0)
    }

    /// The layers of all losses that count.
    pub(crate) fn layers_in_use(&self) -> impl Iterator<Item = Layer> + '_ {
        self.losses().into_iter().flat_map(LossSettings::layers_in_use)
    }

    /// Pixels on the longest side of each style picture, at each of its scales.
    pub(crate) fn style_sizes(&self) -> Vec<usize> {
        let size = self.style_size.unwrap_or(self.size) as f64;
        self.style_scales.iter().map(|scale| (size * scale).round().max(1.0) as usize).collect()
    }

    /// Reads settings from TOML; what is not written keeps its value in `self`, except that `iterations` written alone take the
    /// place of `scale-iterations`. Where both are written, those for each scale count.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no TOML, an unknown field, or a value that is none of its choices.
    pub fn overlay(&self, toml: &toml::Table) -> Result<Self> {
        let mut table = toml::Table::try_from(self).map_err(|error| Error::Config(error.to_string()))?;
        if toml.contains_key("iterations") {
            table.remove("scale-iterations");
        }
        table.extend(toml.clone());
        table
            .try_into()
            .map_err(|error: toml::de::Error| Error::Config(error.to_string().trim().replace('\n', "; ")))
    }
}

mod check;
#[cfg(test)]
mod tests;
