//! Total variation: how much neighbouring pixels differ.

use crate::reduce::total;
use rayon::prelude::*;

/// How a difference between neighbours counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variation {
    /// By its absolute value: edges are cheap, noise is not (Rudin, Osher and Fatemi 1992, in its anisotropic form).
    Absolute,
    /// By its square: smoother, softens edges.
    Squared,
}

impl Variation {
    fn of(self, difference: f32) -> f64 {
        match self {
            Self::Absolute => f64::from(difference.abs()),
            Self::Squared => f64::from(difference) * f64::from(difference),
        }
    }

    /// The derivative; at 0 that of the absolute value is taken as 0, as in torch.
    fn derivative(self, difference: f32) -> f32 {
        match self {
            Self::Absolute if difference == 0.0 => 0.0,
            Self::Absolute => difference.signum(),
            Self::Squared => 2.0 * difference,
        }
    }
}

/// The sum over all horizontal and vertical pairs of neighbours within each image of `[batch, height, width, channels]`.
///
/// # Panics
/// If the length does not fit the shape.
pub fn total_variation(kind: Variation, shape: [usize; 4], image: &[f32]) -> f64 {
    let [batch, height, width, channels] = shape;
    assert_eq!(image.len(), batch * height * width * channels, "image of {shape:?}");
    let line = width * channels;
    let rows: Vec<f64> = (0..batch * height)
        .into_par_iter()
        .map(|row| {
            let here = &image[row * line..(row + 1) * line];
            let right = here.iter().zip(here.get(channels..).unwrap_or(&[]));
            let last = row % height == height - 1;
            let below = here.iter().zip(if last { &[] } else { &image[(row + 1) * line..(row + 2) * line] });
            right.chain(below).map(|(a, b)| kind.of(b - a)).sum()
        })
        .collect();
    total(rows.into_iter())
}

/// The gradient of [`total_variation`].
///
/// # Panics
/// If a length does not fit the shape.
pub fn total_variation_backward(kind: Variation, shape: [usize; 4], image: &[f32], gradient: &mut [f32]) {
    let [batch, height, width, channels] = shape;
    let line = width * channels;
    assert_eq!((image.len(), gradient.len()), (batch * height * line, image.len()), "image of {shape:?}");
    gradient.par_chunks_exact_mut(line.max(1)).enumerate().for_each(|(row, gradient)| {
        let first = row * line;
        for (at, to) in gradient.iter_mut().enumerate() {
            let here = image[first + at];
            let toward = |neighbour: usize| kind.derivative(here - image[neighbour]);
            let mut sum = 0.0;
            if at >= channels {
                sum += toward(first + at - channels);
            }
            if at + channels < line {
                sum += toward(first + at + channels);
            }
            if row % height > 0 {
                sum += toward(first + at - line);
            }
            if row % height < height - 1 {
                sum += toward(first + at + line);
            }
            *to = sum;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Variation, total_variation, total_variation_backward};
    use crate::reference::test_values;
    use approx::assert_relative_eq;

    #[test]
    fn a_small_image_by_hand() {
        // Rows 1 4 and 6 2: horizontal 3 and 4, vertical 5 and 2.
        let image = [1.0, 4.0, 6.0, 2.0];
        assert_relative_eq!(total_variation(Variation::Absolute, [1, 2, 2, 1], &image), 14.0);
        assert_relative_eq!(total_variation(Variation::Squared, [1, 2, 2, 1], &image), 54.0);
        assert_eq!(total_variation(Variation::Absolute, [1, 1, 1, 1], &[5.0]).to_bits(), 0);
        let mut gradient = [0.0; 4];
        total_variation_backward(Variation::Absolute, [1, 2, 2, 1], &image, &mut gradient);
        assert_eq!(gradient, [-2.0, 2.0, 2.0, -2.0]);
        total_variation_backward(Variation::Squared, [1, 2, 2, 1], &image, &mut gradient);
        assert_eq!(gradient, [-16.0, 10.0, 18.0, -12.0]);
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        for shape in [[2, 3, 4, 3], [1, 1, 5, 2], [1, 5, 1, 2], [1, 1, 1, 3]] {
            let image = test_values(shape.iter().product(), 1);
            for kind in [Variation::Absolute, Variation::Squared] {
                let mut gradient = vec![9.0; image.len()];
                total_variation_backward(kind, shape, &image, &mut gradient);
                for (i, &gradient) in gradient.iter().enumerate() {
                    let at = |step: f32| {
                        let mut moved = image.clone();
                        moved[i] += step;
                        total_variation(kind, shape, &moved)
                    };
                    // Exact in f32, and smaller than any difference between two test values: no kink is crossed.
                    let step = 1.0 / 65536.0;
                    let expected = (at(step) - at(-step)) / f64::from(2.0 * step);
                    assert_relative_eq!(f64::from(gradient), expected, epsilon = 1e-3, max_relative = 1e-3);
                }
            }
        }
    }
}
