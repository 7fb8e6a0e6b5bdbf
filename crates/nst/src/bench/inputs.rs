//! Pictures and weights that are made for measuring.

use crate::{Picture, Result};
use nst_vgg::{Architecture, Layer};
use nst_weights::{Convolution, Pixels, Weights};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Pixels of each side of a picture.
const SIDE: usize = 256;

/// A picture of slanted stripes; any size of a run is made of it by resampling.
pub(super) fn stripes(across: usize, along: usize) -> Result<Picture> {
    let value = |i: usize| {
        let (channel, x, y) = (i % 3, i / 3 % SIDE, i / 3 / SIDE);
        ((channel + 1) * (x * across + y * along) % 97) as f32 / 96.0
    };
    Picture::new(SIDE, SIDE, (0..SIDE * SIDE * 3).map(value).collect(), None)
}

/// Weights of full width for timing a network whose trained ones are not here: random numbers that keep the scale of
/// features from layer to layer (He, Zhang, Ren and Sun 2015, "Delving Deep into Rectifiers", equation 10), no biases.
/// Evaluations take as long as with trained ones; pictures made with them would show nothing.
pub fn random_weights(architecture: Architecture) -> Weights {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut in_channels = 3;
    let convolutions = Layer::convolutions(architecture).map(|layer| {
        // 64 in the first block, twice as many in each one after it, 512 at most (Simonyan and Zisserman 2014, table 1).
        let out_channels = (64 * layer.minimum_side()).min(512);
        let shape = [out_channels, in_channels, 3, 3];
        let deviation = (2.0 / (9 * in_channels) as f32).sqrt();
        in_channels = out_channels;
        let normal = StandardNormal.sample_iter(&mut random).map(|value: f32| deviation * value);
        let filter = normal.take(shape.iter().product()).collect();
        Convolution { filter, shape, bias: vec![0.0; out_channels] }
    });
    Weights {
        architecture,
        pixels: Pixels::Bgr255,
        convolutions: convolutions.collect(),
        source: "random numbers".into(),
        licence: String::new(),
        attribution: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::random_weights;
    use nst_vgg::Architecture;
    use nst_weights::Weights;

    #[test]
    fn random_networks_have_the_shape_of_trained_ones() {
        let shapes = |weights: &Weights| {
            weights.convolutions.iter().map(|convolution| convolution.shape).collect::<Vec<_>>()
        };
        let random = random_weights(Architecture::Vgg16);
        assert_eq!(shapes(&random), shapes(&Weights::embedded().unwrap()));
        let last = &random.convolutions[12].filter;
        let square = last.iter().map(|value| f64::from(value * value)).sum::<f64>() / last.len() as f64;
        assert!((square * 9.0 * 512.0 / 2.0 - 1.0).abs() < 0.01, "{square}");
        assert_eq!(random_weights(Architecture::Vgg19).convolutions.len(), 16);
    }
}
