//! Where the colors of a picture lie.

use super::matrix::Matrix;
use crate::Picture;

/// Mean and covariance of a picture's colors, in RGB as it is coded, 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColorStatistics {
    /// The mean color.
    pub mean: [f64; 3],
    /// The covariance of red, green and blue: the mean of products of deviations.
    pub covariance: [[f64; 3]; 3],
}

impl ColorStatistics {
    /// Of a picture. A pixel counts by its alpha (moved into 0..1), since one that is transparent has no color to see; if
    /// all are transparent, they count alike.
    pub fn of(picture: &Picture) -> Self {
        let weights = weights(picture);
        let colors = picture.rgb().as_chunks::<3>().0;
        let pixels = || colors.iter().map(|pixel| pixel.map(f64::from)).zip(weights.iter().copied());
        let total: f64 = weights.iter().sum();
        let mut mean = [0.0; 3];
        for (pixel, weight) in pixels() {
            for (sum, value) in mean.iter_mut().zip(pixel) {
                *sum += weight * value;
            }
        }
        let mean = mean.map(|sum| sum / total);
        let mut covariance = [[0.0; 3]; 3];
        for (pixel, weight) in pixels() {
            add_outer(&mut covariance, weight, std::array::from_fn(|i| pixel[i] - mean[i]));
        }
        Self { mean, covariance: covariance.map(|row| row.map(|sum| sum / total)) }
    }

    /// Of several pictures together, each with a share; shares add up to 1. Their means' differences are part of the
    /// covariance.
    pub fn mixed(parts: &[(f64, Self)]) -> Self {
        let mean = std::array::from_fn(|i| parts.iter().map(|(share, part)| share * part.mean[i]).sum());
        let mut covariance = [[0.0; 3]; 3];
        for (share, part) in parts {
            for (sums, row) in covariance.iter_mut().zip(part.covariance) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += share * value;
                }
            }
            add_outer(&mut covariance, *share, std::array::from_fn(|i| part.mean[i] - mean[i]));
        }
        Self { mean, covariance }
    }
}

fn add_outer(sums: &mut Matrix, weight: f64, x: [f64; 3]) {
    for (row, a) in sums.iter_mut().zip(x) {
        for (sum, b) in row.iter_mut().zip(x) {
            *sum += weight * a * b;
        }
    }
}

/// How much each pixel counts.
pub(super) fn weights(picture: &Picture) -> Vec<f64> {
    let alpha = picture.alpha().unwrap_or_default();
    let weights: Vec<f64> = alpha.iter().map(|&alpha| f64::from(alpha.clamp(0.0, 1.0))).collect();
    let is_seen = weights.iter().any(|&weight| weight > 0.0);
    if is_seen { weights } else { vec![1.0; picture.width() * picture.height()] }
}

#[cfg(test)]
mod tests {
    use super::ColorStatistics;
    use crate::Picture;

    #[test]
    fn of_two_colors() {
        let picture = Picture::new(2, 1, vec![0.25, 0.5, -1.0, 0.75, 0.5, 2.0], None).unwrap();
        let statistics = ColorStatistics::of(&picture);
        assert_eq!(statistics.mean, [0.5, 0.5, 0.5]);
        let deviation = [0.25, 0.0, 1.5];
        assert_eq!(statistics.covariance, deviation.map(|a| deviation.map(|b| a * b)));
    }

    #[test]
    fn what_is_transparent_does_not_count() {
        let seen = vec![0.25, 0.5, 0.0, 0.75, 0.5, 1.0];
        let opaque = ColorStatistics::of(&Picture::new(2, 1, seen.clone(), None).unwrap());
        let rgb = [seen.clone(), vec![0.9, 0.1, 0.1]].concat();
        let of = |alpha| ColorStatistics::of(&Picture::new(3, 1, rgb.clone(), Some(alpha)).unwrap());
        assert_eq!(of(vec![1.0, 1.0, 0.0]), opaque);
        assert_eq!(of(vec![0.5, 0.5, -3.0]), opaque);
        assert_ne!(of(vec![1.0, 1.0, 0.5]), opaque);
        // Nothing to see at all: all the same.
        assert_eq!(of(vec![0.0; 3]), of(vec![1.0; 3]));
    }

    #[test]
    fn a_mixture_is_that_of_all_pixels() {
        let rgb: Vec<f32> = (0..8 * 3).map(|i| ((i * i * 7 + i) % 16) as f32 / 16.0).collect();
        let of =
            |rgb: &[f32]| ColorStatistics::of(&Picture::new(rgb.len() / 3, 1, rgb.to_vec(), None).unwrap());
        let mixed = ColorStatistics::mixed(&[(0.25, of(&rgb[..6])), (0.75, of(&rgb[6..]))]);
        let whole = of(&rgb);
        for i in 0..3 {
            assert!((mixed.mean[i] - whole.mean[i]).abs() < 1e-15);
            for j in 0..3 {
                assert!((mixed.covariance[i][j] - whole.covariance[i][j]).abs() < 1e-15);
            }
        }
    }
}
