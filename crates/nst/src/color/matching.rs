//! Giving one picture the color distribution of another by a linear map: A x + b, so that mean and covariance become the
//! other's (Gatys, Bethge, Hertzmann and Shechtman, "Preserving Color in Neural Artistic Style Transfer", arXiv 1606.05897,
//! section 3).

use super::matrix::{Matrix, apply, cholesky, function, lower_inverse, product};
use super::{ColorStatistics, FLAT};
use crate::Picture;

/// Which of the linear maps with the wanted covariance; they differ by a rotation of colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// By symmetric square roots, A = Σt^½ Σ^-½: along principal axes. It treats red, green and blue alike, and keeps
    /// colors nearer to what they were.
    PrincipalAxes,
    /// By Cholesky factors, A = Lt L⁻¹: red depends on red alone, green on red and green. Hues may turn.
    Cholesky,
}

/// The picture with its colors moved by a linear map, so that their mean and covariance are `target`'s. Results may lie
/// beyond 0..1; alpha stays.
///
/// Where the picture's colors do not vary (a grey picture varies in one direction, a single color in none), no linear map
/// makes them: such directions become flat. Less variance than rounding to 8 bits gives counts as none, lest noise be
/// blown up.
#[must_use]
pub fn matched(picture: &Picture, target: &ColorStatistics, matching: Matching) -> Picture {
    let from = ColorStatistics::of(picture);
    let map = linear_map(&from.covariance, &target.covariance, matching);
    picture.mapped(|pixel| {
        let moved = apply(&map, std::array::from_fn(|i| pixel[i] - from.mean[i]));
        std::array::from_fn(|i| moved[i] + target.mean[i])
    })
}

/// A with A `from` Aᵀ = `to`.
fn linear_map(from: &Matrix, to: &Matrix, matching: Matching) -> Matrix {
    match matching {
        Matching::PrincipalAxes => {
            let inverse = function(from, |value| if value > FLAT { 1.0 / value.sqrt() } else { 0.0 });
            product(&function(to, |value| value.max(0.0).sqrt()), &inverse)
        }
        Matching::Cholesky => product(&cholesky(to, 0.0), &lower_inverse(&cholesky(from, FLAT))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::{IDENTITY, transposed};
    use super::{ColorStatistics, Matching, Matrix, linear_map, matched, product};
    use crate::Picture;

    const BOTH: [Matching; 2] = [Matching::PrincipalAxes, Matching::Cholesky];

    /// Colors that depend on each other, some beyond 0..1.
    fn colorful(seed: usize) -> Picture {
        let value = |i: usize| ((i * i * 13 + 31 * seed * i + 7 * seed) % 97) as f32 / 97.0;
        let mixed = |i: usize| {
            let [a, b, c] = [value(3 * i), value(3 * i + 1), value(3 * i + 2)];
            [0.9 * a + 0.3 * b, 0.2 + 0.5 * b - 0.2 * a, 0.4 * c + 0.3 * a]
        };
        Picture::new(20, 15, (0..300).flat_map(mixed).collect(), None).unwrap()
    }

    fn flat(color: [f32; 3]) -> Picture {
        Picture::new(3, 2, color.repeat(6), None).unwrap()
    }

    fn grey() -> Picture {
        Picture::new(9, 1, (0..9).flat_map(|i| [0.1 * i as f32; 3]).collect(), None).unwrap()
    }

    fn difference(a: &Matrix, b: &Matrix) -> f64 {
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    fn assert_mean(picture: &Picture, expected: [f64; 3]) {
        for (mean, expected) in ColorStatistics::of(picture).mean.iter().zip(expected) {
            assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
        }
    }

    #[test]
    fn mean_and_covariance_become_the_targets() {
        for matching in BOTH {
            for (of, like) in [(1, 2), (2, 1), (3, 5)] {
                let target = ColorStatistics::of(&colorful(like));
                let before = colorful(of);
                let off = difference(&ColorStatistics::of(&before).covariance, &target.covariance);
                assert!(off > 1e-3, "the pictures are alike before: {off}");
                let after = matched(&before, &target, matching);
                assert_mean(&after, target.mean);
                assert!(difference(&ColorStatistics::of(&after).covariance, &target.covariance) < 1e-6);
            }
        }
    }

    #[test]
    fn what_is_alike_already_stays() {
        for matching in BOTH {
            let picture = colorful(1);
            let same = matched(&picture, &ColorStatistics::of(&picture), matching);
            for (a, b) in picture.rgb().iter().zip(same.rgb()) {
                assert!((a - b).abs() < 1e-6);
            }
        }
    }

    /// numpy: `sqrtm(to) @ inv(sqrtm(from))` by `eigh`, and `cholesky(to) @ inv(cholesky(from))`.
    #[test]
    fn maps_are_those_of_numpy() {
        let from = [[0.06, 0.03, 0.01], [0.03, 0.05, 0.02], [0.01, 0.02, 0.04]];
        let to = [[0.02, -0.005, 0.004], [-0.005, 0.03, 0.01], [0.004, 0.01, 0.08]];
        let principal = [
            [0.677110627104, -0.31134503120926, 0.073111531267664],
            [-0.3298405139053, 0.94377310361882, -0.086081550888206],
            [0.0069412530528939, -0.23589631239886, 1.5113223152057],
        ];
        let lower = [
            [0.57735026918963, 0.0, 0.0],
            [-0.59750105088489, 0.90632696717497, 0.0],
            [0.015091739407407, -0.31028519573355, 1.5331254737838],
        ];
        assert!(difference(&linear_map(&from, &to, Matching::PrincipalAxes), &principal) < 1e-12);
        assert!(difference(&linear_map(&from, &to, Matching::Cholesky), &lower) < 1e-12);
        for matching in BOTH {
            let map = linear_map(&from, &to, matching);
            assert!(difference(&product(&map, &product(&from, &transposed(&map))), &to) < 1e-15);
        }
    }

    #[test]
    fn channels_that_do_not_depend_on_each_other_are_scaled() {
        let diagonal = |values: [f64; 3]| {
            let mut matrix = IDENTITY;
            (0..3).for_each(|i| matrix[i][i] = values[i]);
            matrix
        };
        for matching in BOTH {
            let map = linear_map(&diagonal([0.01, 0.04, 0.09]), &diagonal([0.04, 0.01, 0.09]), matching);
            assert!(difference(&map, &diagonal([2.0, 0.5, 1.0])) < 1e-14);
        }
    }

    #[test]
    fn pictures_without_color_do_what_they_can() {
        for matching in BOTH {
            let target = ColorStatistics::of(&colorful(1));
            // A single color becomes the mean color; anything becomes a single color.
            let single = matched(&flat([0.3, 0.2, 0.9]), &target, matching);
            assert_mean(&single, target.mean);
            assert_eq!(single.rgb()[..3], single.rgb()[15..]);
            let flattened = matched(&colorful(1), &ColorStatistics::of(&flat([0.3, 0.2, 0.9])), matching);
            assert!(flattened.rgb().chunks(3).all(|pixel| (pixel[0] - 0.3).abs() < 1e-6));
            // A grey picture has one direction, which gets the colors' main one, and no more than was there.
            let colored = ColorStatistics::of(&matched(&grey(), &target, matching));
            assert!(colored.covariance[0][0] > 1e-3);
            assert!(colored.covariance[0][0] <= target.covariance[0][0] * (1.0 + 1e-6));
            // A colored one becomes grey.
            let greyed = matched(&colorful(1), &ColorStatistics::of(&grey()), matching);
            assert!(greyed.rgb().chunks(3).all(|p| (p[0] - p[1]).abs() < 1e-5 && (p[1] - p[2]).abs() < 1e-5));
        }
    }

    #[test]
    fn noise_below_eight_bits_is_not_blown_up() {
        let noisy = |i: usize| {
            let grey = 0.1 * i as f32;
            [grey, grey + if i.is_multiple_of(2) { 1e-4 } else { -1e-4 }, grey]
        };
        let picture = Picture::new(9, 1, (0..9).flat_map(noisy).collect(), None).unwrap();
        let target = ColorStatistics::of(&colorful(1));
        for matching in BOTH {
            let [noisy, clean] = [&picture, &grey()].map(|picture| matched(picture, &target, matching));
            for (a, b) in noisy.rgb().iter().zip(clean.rgb()) {
                assert!((a - b).abs() < 1e-3, "{a} {b}");
            }
        }
    }
}
