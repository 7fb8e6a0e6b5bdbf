//! A picture's regions.

use crate::{Error, FlatColor, Picture, Result};
use image::{ImageBuffer, Luma, imageops};
use std::collections::HashMap;
use std::path::Path;

/// A color makes a region if it covers this share of the mask: the colors between two regions at a smoothed edge do not.
const LEAST_SHARE: f64 = 1e-3;
/// The regions' colors together cover this share of a mask at least: what they do not is edges, not shades.
const LEAST_COVERED: f64 = 0.8;
/// More colors than this are no flat ones.
const MOST_REGIONS: usize = 16;
/// How much a mask's proportions may differ from its picture's: rounding of sizes does.
const PROPORTIONS: f64 = 0.02;

/// Regions of a picture, told apart by flat colors; pixels of any other color belong to the nearest of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    width: usize,
    height: usize,
    colors: Vec<FlatColor>,
    /// Which of the colors each pixel has.
    labels: Vec<u8>,
}

impl Mask {
    /// Reads a mask from a picture file. Use PNG: JPEG has no flat colors.
    ///
    /// # Errors
    /// As [`Picture::load`] and [`Mask::new`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::new(&Picture::load(path)?).map_err(|error| match error {
            Error::Values(problem) => Error::Picture { path: path.into(), problem },
            error => error,
        })
    }

    /// The regions that a picture paints: its colors, but for those that cover less than a thousandth of it.
    ///
    /// # Errors
    /// [`Error::Values`] if there are more than 16, or other colors cover more than a fifth of it.
    pub fn new(picture: &Picture) -> Result<Self> {
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        let pixels: Vec<FlatColor> =
            picture.rgb().as_chunks::<3>().0.iter().map(|pixel| FlatColor(pixel.map(byte))).collect();
        let mut counts: HashMap<FlatColor, usize> = HashMap::new();
        for &color in &pixels {
            *counts.entry(color).or_default() += 1;
        }
        let least = LEAST_SHARE * pixels.len() as f64;
        counts.retain(|_, count| *count as f64 >= least);
        let covered = counts.values().sum::<usize>() as f64;
        if covered < LEAST_COVERED * pixels.len() as f64 || counts.len() > MOST_REGIONS {
            let problem = format!(
                "is no mask: paint 1 to {MOST_REGIONS} regions, each in one color without shading, and save as PNG"
            );
            return Err(Error::Values(problem));
        }
        let mut colors: Vec<FlatColor> = counts.into_keys().collect();
        colors.sort_unstable();
        let mut nearest: HashMap<FlatColor, u8> = HashMap::new();
        let label = |&pixel: &FlatColor| {
            *nearest.entry(pixel).or_insert_with(|| {
                (0u8..).zip(&colors).min_by_key(|(_, color)| color.distance(pixel)).map_or(0, |(at, _)| at)
            })
        };
        let labels = pixels.iter().map(label).collect();
        Ok(Self { width: picture.width(), height: picture.height(), colors, labels })
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The regions' colors.
    pub fn colors(&self) -> &[FlatColor] {
        &self.colors
    }

    /// How much of it lies in regions of these colors, 0..1.
    pub(crate) fn share(&self, is_meant: impl Fn(FlatColor) -> bool) -> f64 {
        let meant: Vec<bool> = self.colors.iter().map(|&color| is_meant(color)).collect();
        let count = self.labels.iter().filter(|&&label| meant[usize::from(label)]).count();
        count as f64 / self.labels.len() as f64
    }

    /// Whether it has the proportions of a picture of this size.
    pub(crate) fn fits(&self, width: usize, height: usize) -> bool {
        let ratio = (self.width * height) as f64 / (self.height * width) as f64;
        (ratio - 1.0).abs() <= PROPORTIONS
    }

    /// How much of each pixel of a picture of this size lies in the region of a color, 0..1, row by row. Over a width of about
    /// `softness` pixels at its edges the region goes over into its neighbours; the shares of all regions add up to 1.
    pub(crate) fn region(
        &self,
        color: FlatColor,
        (width, height): (usize, usize),
        softness: f64,
    ) -> Vec<f32> {
        let inside: Vec<f32> = self
            .labels
            .iter()
            .map(|&label| f32::from(u8::from(self.colors[usize::from(label)] == color)))
            .collect();
        let columns = covered(self.width, width);
        let rows = covered(self.height, height);
        let mut narrow = vec![0.0; self.height * width];
        for (line, narrow) in inside.chunks_exact(self.width).zip(narrow.chunks_exact_mut(width)) {
            for (value, taps) in narrow.iter_mut().zip(&columns) {
                *value = taps.iter().map(|&(at, share)| share * line[at]).sum();
            }
        }
        let mut region = vec![0.0; height * width];
        for (line, taps) in region.chunks_exact_mut(width).zip(&rows) {
            for &(at, share) in taps {
                let from = &narrow[at * width..(at + 1) * width];
                line.iter_mut().zip(from).for_each(|(value, from)| *value += share * from);
            }
        }
        blurred(region, (width, height), softness)
    }
}

/// The pixels of `from` that each pixel of `to` covers, with the shares of its area.
fn covered(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    let of = |index: usize| {
        let (start, end) = (index as f64 * scale, (index + 1) as f64 * scale);
        let pixels = start as usize..(end.ceil() as usize).min(from);
        let share = |at: usize| (end.min((at + 1) as f64) - start.max(at as f64)) / scale;
        pixels.map(|at| (at, share(at) as f32)).filter(|(_, share)| *share > 0.0).collect()
    };
    (0..to).map(of).collect()
}

/// Blurred so that a step becomes a slope of about `softness` pixels.
fn blurred(values: Vec<f32>, (width, height): (usize, usize), softness: f64) -> Vec<f32> {
    // Of a Gaussian's slope, 95 % lie within four deviations.
    let sigma = (softness / 4.0) as f32;
    if sigma < 0.25 {
        return values;
    }
    let buffer = ImageBuffer::<Luma<f32>, _>::from_raw(width as u32, height as u32, values);
    // The values fit by construction, so there is a buffer.
    buffer.map_or_else(Vec::new, |buffer| imageops::blur(&buffer, sigma).into_raw())
}

/// The mean over each block of `stride x stride` pixels; what is left over at the right and at the bottom belongs to none, as
/// with pooling.
pub(crate) fn pooled(values: &[f32], (width, height): (usize, usize), stride: usize) -> Vec<f32> {
    let (columns, rows) = (width / stride, height / stride);
    let mut means = vec![0.0; columns * rows];
    for (y, line) in values.chunks_exact(width).take(rows * stride).enumerate() {
        let means = &mut means[y / stride * columns..][..columns];
        for (mean, block) in means.iter_mut().zip(line.chunks_exact(stride)) {
            *mean += block.iter().sum::<f32>() / (stride * stride) as f32;
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::{Mask, pooled};
    use crate::{FlatColor, Picture};

    const RED: FlatColor = FlatColor([255, 0, 0]);
    const BLUE: FlatColor = FlatColor([0, 0, 255]);

    /// Left of `edge` red, right of it blue, between them a pixel of another color.
    fn mask(width: usize, height: usize, edge: usize) -> Mask {
        let pixel = |at: usize| match (at % width).cmp(&edge) {
            std::cmp::Ordering::Less => [1.0, 0.0, 0.0],
            std::cmp::Ordering::Equal if at == edge => [0.6, 0.0, 0.4],
            _ => [0.0, 0.0, 1.0],
        };
        let rgb = (0..width * height).flat_map(pixel).collect();
        Mask::new(&Picture::new(width, height, rgb, None).unwrap()).unwrap()
    }

    #[test]
    fn colors_make_regions_and_others_belong_to_the_nearest() {
        let mask = mask(60, 50, 30);
        assert_eq!(mask.colors(), [BLUE, RED]);
        let red = mask.region(RED, (60, 50), 0.0);
        // The one pixel between them is nearer to red.
        assert_eq!(red.iter().sum::<f32>(), 30.0 * 50.0 + 1.0);
        let shades = (0..40 * 40).flat_map(|at| [(at % 40) as f32 / 40.0, 0.0, 0.0]).collect();
        let error = Mask::new(&Picture::new(40, 40, shades, None).unwrap()).unwrap_err().to_string();
        assert!(error.contains("1 to 16 regions"), "{error}");
        let noise = (0..50 * 50 * 3).map(|at| ((at * at) % 65_521 % 251) as f32 / 250.0).collect();
        assert!(Mask::new(&Picture::new(50, 50, noise, None).unwrap()).is_err());
    }

    #[test]
    fn a_region_keeps_its_area_in_every_size() {
        let mask = mask(60, 50, 20);
        for (width, height) in [(60, 50), (30, 25), (7, 6), (131, 99), (1, 1)] {
            for softness in [0.0, 6.0] {
                let [red, blue] = [RED, BLUE].map(|color| mask.region(color, (width, height), softness));
                let share = red.iter().sum::<f32>() / red.len() as f32;
                assert!((share - 1001.0 / 3000.0).abs() < 0.03, "{width}x{height}: {share}");
                assert!(red.iter().zip(&blue).all(|(red, blue)| (red + blue - 1.0).abs() < 1e-5));
            }
        }
        // A pixel on the edge belongs to both.
        let halves = mask.region(RED, (45, 50), 0.0);
        assert!((halves[45 + 14] - 1.0).abs() < 1e-6 && (halves[45 + 15] - 0.0).abs() < 1e-6);
        let halves = mask.region(RED, (40, 50), 0.0);
        assert!((halves[40 + 13] - 1.0 / 3.0).abs() < 1e-5);
    }

    #[test]
    fn soft_edges_go_over_in_a_slope() {
        let red = mask(60, 50, 30).region(RED, (60, 50), 8.0);
        let line = &red[25 * 60..26 * 60];
        assert!(line.is_sorted_by(|a, b| a >= b));
        assert!(line[24] > 0.9 && line[35] < 0.1 && line[27] < 0.95 && line[32] > 0.05);
    }

    #[test]
    fn layers_take_the_mean_of_what_they_see() {
        let values: Vec<f32> = (0..5 * 5).map(|at| at as f32).collect();
        assert_eq!(pooled(&values, (5, 5), 1), values);
        assert_eq!(pooled(&values, (5, 5), 2), [3.0, 5.0, 13.0, 15.0]);
    }

    #[test]
    fn proportions_are_the_picture_s() {
        let mask = mask(60, 50, 30);
        assert!(mask.fits(600, 500) && mask.fits(300, 251) && !mask.fits(50, 60) && !mask.fits(60, 55));
    }
}
