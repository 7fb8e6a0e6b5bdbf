//! Lightness and color apart, in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020): equal steps
//! of its lightness look equal, and a hue keeps its look at any lightness, which YIQ and CIELAB do less well in blues.

use super::FLAT;
use super::statistics::weights;
use crate::Picture;
use palette::convert::FromColorUnclamped;
use palette::{Oklab, Srgb};

/// Halvings of the range in which the greatest chroma lies: to less than a 4000th.
const HALVINGS: usize = 12;
/// How far beyond 0..1 still counts as within: much less than a step of 8 bits.
const TOLERANCE: f64 = 1e-4;

/// `picture`'s lightness in `colors`' colors (hue and chroma, resampled to its size). Values of both are first moved into
/// 0..1, and so are all of the result: where a color cannot be as light or as dark, its chroma shrinks and its hue and
/// lightness stay. Alpha is `picture`'s.
#[must_use]
pub fn with_colors_of(picture: &Picture, colors: &Picture) -> Picture {
    let colors = colors.resized(picture.width(), picture.height());
    let mut colors = colors.rgb().as_chunks::<3>().0.iter();
    picture.mapped(|pixel| {
        let color = colors.next().map_or(pixel, |color| color.map(f64::from));
        let [light, color] = [pixel, color].map(|rgb| oklab(rgb.map(|value| value.clamp(0.0, 1.0))));
        within_gamut(Oklab::new(light.l, color.a, color.b))
    })
}

/// The picture's lightness alone, as greys.
#[must_use]
pub fn greyed(picture: &Picture) -> Picture {
    picture.mapped(|pixel| grey(oklab(pixel).l))
}

/// The picture's lightness alone, as greys, with mean and standard deviation moved to those of `target`'s lightness: what
/// Gatys and others do to a style picture before a transfer of luminance (arXiv 1606.05897, section 4). Results may lie
/// beyond 0..1. A picture without lightness to speak of, less than rounding to 8 bits gives, becomes a single grey.
#[must_use]
pub fn greyed_like(picture: &Picture, target: &Picture) -> Picture {
    let ([mean, deviation], [wanted, wanted_deviation]) = (lightness(picture), lightness(target));
    let slope = if deviation * deviation > FLAT { wanted_deviation / deviation } else { 0.0 };
    picture.mapped(|pixel| grey(wanted + slope * (oklab(pixel).l - mean)))
}

/// Mean and standard deviation of lightness, each pixel weighted by its alpha.
fn lightness(picture: &Picture) -> [f64; 2] {
    let values = picture.rgb().as_chunks::<3>().0.iter().map(|pixel| oklab(pixel.map(f64::from)).l);
    let values: Vec<(f64, f64)> = values.zip(weights(picture)).collect();
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    let mean = values.iter().map(|(value, weight)| weight * value).sum::<f64>() / total;
    let variance = values.iter().map(|(value, weight)| weight * (value - mean).powi(2)).sum::<f64>() / total;
    [mean, variance.sqrt()]
}

fn oklab([red, green, blue]: [f64; 3]) -> Oklab<f64> {
    Oklab::from_color_unclamped(Srgb::new(red, green, blue))
}

fn rgb(color: Oklab<f64>) -> [f64; 3] {
    let color = Srgb::from_color_unclamped(color);
    [color.red, color.green, color.blue]
}

fn grey(lightness: f64) -> [f64; 3] {
    rgb(Oklab::new(lightness, 0.0, 0.0))
}

/// RGB of the color, or of the one with the greatest chroma at its hue and lightness, within 0..1.
fn within_gamut(color: Oklab<f64>) -> [f64; 3] {
    let at = |share: f64| rgb(Oklab::new(color.l, share * color.a, share * color.b));
    let fits = |rgb: [f64; 3]| rgb.iter().all(|value| (-TOLERANCE..=1.0 + TOLERANCE).contains(value));
    let clamped = |rgb: [f64; 3]| rgb.map(|value| value.clamp(0.0, 1.0));
    if fits(at(1.0)) {
        return clamped(at(1.0));
    }
    let (mut least, mut most) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(least, most);
        if fits(at(middle)) { least = middle } else { most = middle }
    }
    clamped(at(least))
}

#[cfg(test)]
mod tests {
    use super::{greyed, greyed_like, lightness, oklab, rgb, with_colors_of};
    use crate::Picture;
    use palette::Oklab;

    /// Colors of every hue and lightness.
    fn cube() -> Picture {
        let levels = [0.0, 0.2, 0.5, 0.8, 1.0];
        let colors = levels.iter().flat_map(|&r| levels.iter().map(move |&g| (r, g)));
        let rgb = colors.flat_map(|(r, g)| levels.iter().flat_map(move |&b| [r, g, b])).collect();
        Picture::new(25, 5, rgb, None).unwrap()
    }

    /// The same colors in another order, away from the bounds of the cube.
    fn muted() -> Picture {
        let rgb =
            cube().rgb().as_chunks::<3>().0.iter().rev().flat_map(|p| p.map(|v| 0.4 + 0.2 * v)).collect();
        Picture::new(25, 5, rgb, None).unwrap()
    }

    fn labs(picture: &Picture) -> Vec<Oklab<f64>> {
        picture.rgb().as_chunks::<3>().0.iter().map(|pixel| oklab(pixel.map(f64::from))).collect()
    }

    /// CSS Color Module Level 4 gives these for sRGB's corners; Ottosson's page has white and the sign conventions.
    #[test]
    fn oklab_is_as_published() {
        for (color, expected) in [
            ([1.0, 1.0, 1.0], [1.0, 0.0, 0.0]),
            ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
            ([1.0, 0.0, 0.0], [0.62796, 0.22486, 0.12585]),
            ([0.0, 1.0, 0.0], [0.86644, -0.23389, 0.17950]),
            ([0.0, 0.0, 1.0], [0.45201, -0.03246, -0.31153]),
        ] {
            let lab = oklab(color);
            for (value, expected) in [lab.l, lab.a, lab.b].iter().zip(expected) {
                assert!((value - expected).abs() < 1e-5, "{color:?}: {lab:?}");
            }
        }
        // The transfer function of IEC 61966-2-1: code 0.5 is 0.21404 of the light, of which a grey's lightness is the
        // cube root.
        assert!((oklab([0.5; 3]).l - 0.21404_f64.cbrt()).abs() < 1e-5);
    }

    #[test]
    fn there_and_back_is_the_same_beyond_the_bounds_too() {
        for color in [[0.2, 0.5, 0.9], [0.0, 0.001, 0.03], [-0.2, 0.4, 1.3]] {
            for (a, b) in rgb(oklab(color)).iter().zip(color) {
                assert!((a - b).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_picture_in_its_own_colors_is_itself() {
        for (a, b) in with_colors_of(&cube(), &cube()).rgb().iter().zip(cube().rgb()) {
            assert!((a - b).abs() < 2e-4, "{a} {b}");
        }
    }

    #[test]
    fn lightness_is_kept_everywhere_and_chroma_where_it_fits() {
        let (lights, colors) = (muted(), cube());
        let (mut kept, mut shrunk) = (0, 0);
        let result = with_colors_of(&lights, &colors);
        assert!(result.rgb().iter().all(|value| (0.0..=1.0).contains(value)));
        for ((light, color), result) in labs(&lights).iter().zip(labs(&colors)).zip(labs(&result)) {
            assert!((result.l - light.l).abs() < 1e-4, "{light:?} {result:?}");
            let (chroma, wanted) = (result.a.hypot(result.b), color.a.hypot(color.b));
            // The hue stays: the two are parallel.
            assert!((result.a * color.b - result.b * color.a).abs() < 1e-4 * wanted.max(1e-3));
            assert!(chroma <= wanted + 1e-4);
            if (chroma - wanted).abs() < 1e-3 {
                kept += 1;
            } else {
                // It could not be more: a little more is beyond the bounds.
                let more = rgb(Oklab::new(light.l, 1.01 * result.a, 1.01 * result.b));
                assert!(more.iter().any(|value| !(0.0..=1.0).contains(value)), "{color:?} {result:?}");
                shrunk += 1;
            }
        }
        assert!(kept > 10 && shrunk > 10, "{kept} {shrunk}");
    }

    #[test]
    fn overshooting_pictures_count_as_they_would_be_written() {
        let over = Picture::new(2, 1, vec![1.4, 1.2, 1.1, -0.2, -0.1, -0.3], None).unwrap();
        let color = Picture::new(2, 1, vec![0.2, 0.5, 0.9, 0.2, 0.5, 0.9], None).unwrap();
        for (value, expected) in
            with_colors_of(&over, &color).rgb().iter().zip([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
        {
            assert!((value - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn colors_are_resampled_and_alpha_stays() {
        let alpha = vec![0.25; 125];
        let picture = Picture::new(25, 5, cube().rgb().to_vec(), Some(alpha.clone())).unwrap();
        let small = Picture::new(1, 1, vec![0.5; 3], None).unwrap();
        let result = with_colors_of(&picture, &small);
        assert_eq!((result.width(), result.height(), result.alpha()), (25, 5, Some(&alpha[..])));
        assert!(labs(&result).iter().all(|lab| lab.a.hypot(lab.b) < 1e-3));
    }

    #[test]
    fn greys_have_the_lightness_and_no_color() {
        for (grey, color) in labs(&greyed(&cube())).iter().zip(labs(&cube())) {
            assert!((grey.l - color.l).abs() < 1e-5 && grey.a.hypot(grey.b) < 1e-5);
        }
    }

    #[test]
    fn mean_and_deviation_of_lightness_become_the_targets() {
        let [before, after, wanted] = [&cube(), &greyed_like(&cube(), &muted()), &muted()].map(lightness);
        assert!((before[1] - wanted[1]).abs() > 0.1);
        for (value, expected) in after.iter().zip(wanted) {
            assert!((value - expected).abs() < 1e-6);
        }
        // What has no lightness to stretch becomes a single grey of the mean.
        let flat = Picture::new(2, 2, vec![0.3; 12], None).unwrap();
        let [mean, deviation] = lightness(&greyed_like(&flat, &cube()));
        assert!((mean - before[0]).abs() < 1e-6 && deviation < 1e-6);
    }
}
