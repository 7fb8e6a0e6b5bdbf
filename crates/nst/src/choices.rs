//! Settings that are one of a few named choices.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// The names that a configuration may use.
            pub const NAMES: &[&str] = &[$($text),*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)* })
            }
        }
    };
}

choice! {
    /// How the total variation counts differences of neighbours.
    TotalVariation {
        /// By their absolute value: keeps edges.
        Absolute = "absolute",
        /// By their square: softens edges.
        Squared = "squared",
        /// By their square, those along diagonals as well, as a mean over pixels instead of a sum (crowsonkb's
        /// style-transfer-pytorch; [`nst_loss::NinePointLoss`] has the formula).
        NinePoint = "nine-point",
    }
}

choice! {
    /// The network.
    Model {
        /// VGG-16: in the box.
        Vgg16 = "vgg16",
        /// VGG-19: of the papers; to be fetched.
        Vgg19 = "vgg19",
    }
}

choice! {
    /// What a pooling takes of each window.
    Pooling {
        /// The greatest value.
        Max = "max",
        /// The mean.
        Average = "avg",
    }
}

choice! {
    /// What the network sees around a picture.
    Padding {
        /// Zeros, as it was trained with: the mean color.
        Zeros = "zeros",
        /// The nearest pixel of the picture, so that its edge is not seen as one. Layers after the first see zeros.
        Replicate = "replicate",
    }
}

choice! {
    /// Which statistics of features describe a style.
    StyleLoss {
        /// The Gram matrix.
        Gram = "gram",
        /// The covariance: the Gram matrix of centred features.
        Covariance = "covariance",
        /// Each channel's mean and standard deviation. The mean over channels of squared differences, whatever
        /// [`LossScaling`] says.
        Moments = "moments",
        /// Means and covariances, by the 2-Wasserstein distance of two Gaussians: their mean over channels, whatever
        /// [`LossScaling`] says.
        Wasserstein = "wasserstein",
        /// The distribution of each channel's values by itself, by the 2-Wasserstein distance: the mean over channels, whatever
        /// [`LossScaling`] says.
        Histogram = "histogram",
    }
}

choice! {
    /// How several styles are blended.
    StyleMix {
        /// By their statistics: the picture is drawn to one style between them, the weighted mean of their Gram matrices (or
        /// what else describes them). One loss a layer, however many styles.
        Statistics = "statistics",
        /// By their losses: the picture is drawn to each, as far as the others let it. Where the loss is a squared difference
        /// (all but `wasserstein`; with `histogram` up to its bins), its gradient is the same as with statistics, at as many times
        /// the work as there are styles; then only the loss's value differs, and what [`LayerBalance`] makes of each style.
        Losses = "losses",
    }
}

choice! {
    /// How the layers' losses toward styles are balanced before their weights, those of histograms among themselves.
    LayerBalance {
        /// They are not: as each loss comes, so that the strongest layers decide.
        None = "none",
        /// Each is divided by its *energy*: what it would be if the picture had no features in that layer, so that it depends
        /// on the style alone (of a Gram matrix, the style's own squared norm, scaled). All are multiplied by the mean of
        /// the energies, by the layers' weights, so that the style as a whole counts as before. A layer without energy
        /// keeps its loss.
        Energy = "energy",
    }
}

choice! {
    /// What the content loss compares at each position.
    ContentLoss {
        /// Features, by their squared difference.
        Squared = "squared",
        /// Their direction alone, by the cosine of the angle between them, in the units of squared differences.
        Cosine = "cosine",
    }
}

choice! {
    /// How losses are scaled.
    LossScaling {
        /// Means over elements: content MSE(F), style MSE(G / (C M)) (neural-style, the PyTorch tutorial).
        MeanSquare = "mean-square",
        /// Content half the sum, style sum over 4 C² (Gatys, Ecker and Bethge 2015).
        Gatys = "gatys",
    }
}

choice! {
    /// The optimizer.
    Optimizer {
        /// L-BFGS.
        Lbfgs = "lbfgs",
        /// Adam.
        Adam = "adam",
    }
}

choice! {
    /// How L-BFGS finds the length of a step.
    LineSearch {
        /// It does not: full steps.
        None = "none",
        /// By a search for the strong Wolfe conditions, at most 25 evaluations.
        Wolfe = "wolfe",
    }
}

choice! {
    /// Which steps L-BFGS takes.
    Steps {
        /// The first moves pixels by 4 (of 255) on average; none by more than 20 in the root mean square; one that makes the
        /// loss more than double, or not finite, is cut to 0.3 of its length, again if need be. What pairs do not tell of the
        /// curvature is estimated for each band of the picture's frequencies. When a picture that began as the content is enlarged for
        /// the next scale, what it has beyond the content goes along in full where it is much larger than 16 pixels, and 0.4 of it (at
        /// twice the size) where it is fine, unless the content weighs nothing.
        Bounded = "bounded",
        /// As torch: the first of min(1, 1 / sum |g|) times -g, the others in full (without a line search), come what may.
        Torch = "torch",
    }
}

choice! {
    /// The pixels that the optimizer moves.
    Variable {
        /// BGR in 0..255 minus the mean color (Caffe).
        Bgr255 = "bgr255",
        /// RGB in 0..1.
        Rgb01 = "rgb01",
    }
}

choice! {
    /// Where the colors of the result come from. All but the first follow Gatys, Bethge, Hertzmann and Shechtman,
    /// "Preserving Color in Neural Artistic Style Transfer" (arXiv 1606.05897), or turn it round.
    Color {
        /// From the styles, as the method has it.
        Style = "style",
        /// The result has the lightness of the stylised picture and the colors of the content picture.
        Content = "content",
        /// As `content`, and the network sees lightness alone: content and styles as greys, and the styles' lightness with
        /// mean and deviation of the content's.
        Luminance = "luminance",
        /// The styles are first given the content's colors, by a linear map along principal axes.
        Match = "match",
        /// As `match`, by Cholesky factors.
        MatchCholesky = "match-cholesky",
        /// The reverse of `match`: the content is first given the styles' colors (those of all together, by their shares).
        MatchReverse = "match-reverse",
    }
}

/// Where the picture starts. Written `content`, `noise`, `style` or as the path of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Init {
    /// The content picture.
    Content,
    /// Noise around the mean color.
    Noise,
    /// The first style picture, cropped to the content's shape.
    Style,
    /// A picture, resampled to the result's size.
    File(PathBuf),
}

impl Init {
    /// The file to start from, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

impl From<String> for Init {
    fn from(text: String) -> Self {
        match text.as_str() {
            "content" => Self::Content,
            "noise" => Self::Noise,
            "style" => Self::Style,
            _ => Self::File(text.into()),
        }
    }
}

impl From<Init> for String {
    fn from(init: Init) -> Self {
        match init {
            Init::Content => "content".into(),
            Init::Noise => "noise".into(),
            Init::Style => "style".into(),
            Init::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}
