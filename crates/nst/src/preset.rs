//! Settings under a name: the defaults, and the conventions of published systems.

use crate::config::{
    Init, LayerBalance, LossScaling, Optimizer, Padding, Pooling, Scales, Steps, StyleLoss, TotalVariation,
    Variable,
};
use crate::{Config, Error, LayerWeights};
use std::fmt;
use std::str::FromStr;

/// From each preset's documentation, whose first line is what [`Preset::about`] gives, its name and its settings.
macro_rules! presets {
    ($(#[doc = $about:literal] $(#[$more:meta])* $variant:ident = $name:literal => $config:expr,)*) => {
        /// Settings under a name. Those of a published system follow its conventions exactly, all but one at one scale: losses,
        /// weights, layers, pooling, the optimizer and its first step, the pixels it moves. The network is a matter of [`Config::model`]
        /// and [`Config::weights`]: these systems used VGG-19, and the pixels a network sees always belong to its weights.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Preset {
            $(#[doc = $about] $(#[$more])* $variant,)*
        }

        impl Preset {
            /// All of them.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name, such as `"neural-style"`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is, in a line.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about.trim_ascii(),)* }
            }

            /// Its settings.
            pub fn config(self) -> Config {
                match self { $(Self::$variant => $config,)* }
            }
        }
    };
}

presets! {
    /// The defaults: found by measuring and looking, at 512 pixels
    Default = "default" => Config::default(),

    /// A quick look: a third of the default's iterations
    Draft = "draft" => Config { iterations: 60, ..Config::default() },

    /// Three times the default's iterations: finer strokes, fewer traces of the photo
    Best = "best" => Config { iterations: 540, ..Config::default() },

    /// The photo stays in charge: painted light, color and strokes on what is still a photo
    Subtle = "subtle" => Config { content_weight: 400.0, ..Config::default() },

    /// Big shapes and glowing colors: style layers count alike
    Bold = "bold" => Config {
        layer_balance: LayerBalance::Energy,
        ..Config::default()
    },

    /// A texture in the style, in the size of the content and without it, from noise
    Texture = "texture" => Config { content_weight: 0.0, init: Init::Noise, ..Config::default() },

    /// The paper of Gatys, Ecker and Bethge (2015): average pooling, its loss scales and weights, from noise
    ///
    /// "A Neural Algorithm of Artistic Style", eq. 1 to 7: content 1, style 1000 (the paper's ratio 1e-3), white noise.
    Gatys = "gatys" => Config {
        iterations: 500,
        content_weight: 1.0,
        style_weight: 1e3,
        // w_l = 1/5 (the paper's experiments).
        style_layers: layers("relu1_1=0.2,relu2_1=0.2,relu3_1=0.2,relu4_1=0.2,relu5_1=0.2"),
        pooling: Pooling::Average,
        loss_scaling: LossScaling::Gatys,
        init: Init::Noise,
        ..torch()
    },

    /// jcjohnson's neural-style and its PyTorch port: weights, total variation, L-BFGS with full steps, from noise
    ///
    /// The port is ProGamerGov's. Content 5, style 100, total variation 1e-3, 1000 evaluations, L-BFGS with history 100.
    NeuralStyle = "neural-style" => Config {
        iterations: 1000,
        content_weight: 5.0,
        tv_weight: 1e-3,
        init: Init::Noise,
        noise: 1e-3,
        ..torch()
    },

    /// PyTorch's "Neural Transfer" tutorial: layers before the ReLU, RGB in 0..1, from the content
    ///
    /// Content 1, style 1e6, L-BFGS with torch's defaults. Its clamping inside the closure, which makes L-BFGS diverge, is left
    /// out.
    PytorchTutorial = "pytorch-tutorial" => Config {
        iterations: 300,
        content_weight: 1.0,
        style_weight: 1e6,
        content_layers: layers("conv2_2"),
        style_layers: layers("conv1_1,conv1_2,conv2_1,conv2_2,conv3_1"),
        variable: Variable::Rgb01,
        tolerance_gradient: 1e-7,
        tolerance_change: 1e-9,
        ..torch()
    },

    /// crowsonkb's style-transfer-pytorch: Wasserstein distances, averaged steps of Adam through scales √2 apart
    ///
    /// Content 0.015; style layers that count 256, 64, 16, 4 and 1 (over 341); nine-point total variation 2, of pixels in 0..1;
    /// the picture's edge repeated around it. Steps are clamped, moments go over from one scale to the next, and the average is
    /// the result.
    ///
    /// Its weights are for torchvision's networks, which see pixels of unit variance (`vgg19`). On the authors', such as the
    /// one in the box, features are 57.6 times as large (255 times the deviation 0.226), and content and style losses 3300
    /// times: total variation hardly counts then, and a [`Config::tv_weight`] of 0.1 restores its share.
    ///
    /// Where it differs from that program: matrix roots are found more exactly than by its twelve steps of Newton and Schulz,
    /// which make Wasserstein distances greater (measured on VGG-16 and one pair of 160 pixels: by 0.5 to 16 %, here at most
    /// 0.1 %); iterates and gradients are enlarged by the cubic of a = -1/2, not -3/4; styles smaller than a scale are enlarged,
    /// too.
    Crowsonkb = "crowsonkb" => Config {
        scales: Scales::Sqrt2,
        scale_iterations: vec![1000, 500],
        seen_from: 0,
        iterations: 3000,
        content_weight: 0.015,
        style_weight: 1.0 / 341.0,
        style_layers: layers("relu1_1=256,relu2_1=64,relu3_1=16,relu4_1=4,relu5_1=1"),
        style_loss: StyleLoss::Wasserstein,
        tv: TotalVariation::NinePoint,
        tv_weight: 2.0 / (255.0 * 255.0),
        padding: Padding::Replicate,
        variable: Variable::Rgb01,
        optimizer: Optimizer::Adam,
        // 0.02 of 0..1.
        learning_rate: 0.02 * 255.0,
        betas: [0.9, 0.99],
        average: 0.99,
        clamp: true,
        ..Config::default()
    },
}

/// What the other published systems have in common: one scale, and L-BFGS as torch has it.
fn torch() -> Config {
    Config { scales: Scales::Count(1), seen_from: 0, steps: Steps::Torch, history: 100, ..Config::default() }
}

fn layers(text: &str) -> LayerWeights {
    text.parse().unwrap_or_default()
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|preset| preset.name() == name);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::Config(format!("unknown preset '{name}'; presets are {names}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Preset;

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in Preset::ALL {
            preset.config().check().unwrap();
            assert_eq!(preset.name().parse::<Preset>().unwrap(), preset);
            assert!(preset.config().style_layers.iter().count() == 5);
            assert!(!preset.about().is_empty() && preset.about().len() < 110, "{}", preset.about());
        }
        assert_eq!(Preset::Default.config(), crate::Config::default());
        assert!("vincent".parse::<Preset>().is_err());
    }
}
