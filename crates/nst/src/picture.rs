//! A picture in memory.

use crate::mask::Mask;
use crate::{Error, Result};
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Rgb};
use std::sync::Arc;

/// The most pixels of a side: 16 bits, as in JPEG.
pub(crate) const MAX_SIDE: usize = 65_535;
/// The most pixels of a picture that is read or made: 128 million, which take 1.5 GiB as single-precision RGB.
pub(crate) const MAX_PIXELS: usize = 1 << 27;

/// A picture: RGB as it is coded in files (sRGB, not linear light), 0..1, with an optional alpha channel and an optional mask
/// beside it. Values outside 0..1 are clamped when the picture is resampled or written.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<f32>,
    alpha: Option<Vec<f32>>,
    mask: Option<Arc<Mask>>,
}

impl Picture {
    /// A picture of `height x width x 3` values, and `height x width` alpha values or none.
    ///
    /// # Errors
    /// If the numbers of values do not fit, there is no pixel, a side has more than 65535, or a value is not finite.
    pub fn new(width: usize, height: usize, rgb: Vec<f32>, alpha: Option<Vec<f32>>) -> Result<Self> {
        let sides = 1..=MAX_SIDE;
        let pixels = width.saturating_mul(height);
        let fits =
            rgb.len() == pixels.saturating_mul(3) && alpha.as_ref().is_none_or(|alpha| alpha.len() == pixels);
        if !fits || !sides.contains(&width) || !sides.contains(&height) {
            return Err(Error::Values(format!(
                "{} values make no picture of {width}x{height} pixels",
                rgb.len()
            )));
        }
        if !rgb.iter().chain(alpha.iter().flatten()).all(|value| value.is_finite()) {
            return Err(Error::Values("a pixel has a value that is not finite".into()));
        }
        Ok(Self { width, height, rgb, alpha, mask: None })
    }

    /// The same with its regions.
    ///
    /// # Errors
    /// If the mask has other proportions, by more than a fiftieth.
    pub fn masked(self, mask: Mask) -> Result<Self> {
        if !mask.fits(self.width, self.height) {
            let problem = format!(
                "{}x{} pixels have other proportions than its picture's {}x{}",
                mask.width(),
                mask.height(),
                self.width,
                self.height
            );
            return Err(Error::Setting { setting: "mask", problem });
        }
        Ok(Self { mask: Some(Arc::new(mask)), ..self })
    }

    /// Its regions, whatever the mask's own size.
    pub fn mask(&self) -> Option<&Mask> {
        self.mask.as_deref()
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// RGB values, row by row.
    pub fn rgb(&self) -> &[f32] {
        &self.rgb
    }

    /// Alpha values, row by row.
    pub fn alpha(&self) -> Option<&[f32]> {
        self.alpha.as_deref()
    }

    /// The same with another's alpha channel, resampled if need be.
    pub(crate) fn with_alpha_of(self, other: Option<&Self>) -> Self {
        let alpha = other.and_then(|other| other.resized_alpha(self.width, self.height));
        Self { alpha, ..self }
    }

    /// The same with each color replaced by another.
    pub(crate) fn mapped(&self, mut map: impl FnMut([f64; 3]) -> [f64; 3]) -> Self {
        let pixels = self.rgb.as_chunks::<3>().0.iter();
        let rgb = pixels.flat_map(|pixel| map(pixel.map(f64::from)).map(|value| value as f32)).collect();
        Self { rgb, alpha: self.alpha.clone(), mask: self.mask.clone(), ..*self }
    }

    /// Width and height with the longest side of `side` pixels (1 to 65535; what lies outside is moved there) and the same
    /// proportions.
    pub fn fitted(&self, side: usize) -> (usize, usize) {
        let side = side.clamp(1, MAX_SIDE);
        let longest = self.width.max(self.height);
        let scaled = |extent: usize| ((extent * side + longest / 2) / longest).max(1);
        (scaled(self.width), scaled(self.height))
    }

    /// Resampled by Lanczos' filter of three lobes (antialiased when it shrinks), to sides of 1 to 65535 pixels (what lies
    /// outside is moved there); the same if the size is the same.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.clamp(1, MAX_SIDE), height.clamp(1, MAX_SIDE));
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let buffer =
            ImageBuffer::<Rgb<f32>, _>::from_raw(self.width as u32, self.height as u32, self.rgb.as_slice());
        // The values fit by construction, so there is a buffer.
        let rgb = buffer
            .map(|buffer| resize(&buffer, width as u32, height as u32, FilterType::Lanczos3).into_raw());
        let (rgb, alpha) = (rgb.unwrap_or_default(), self.resized_alpha(width, height));
        Self { width, height, rgb, alpha, mask: self.mask.clone() }
    }

    /// The alpha channel alone, resampled.
    fn resized_alpha(&self, width: usize, height: usize) -> Option<Vec<f32>> {
        let alpha = self.alpha.as_ref()?;
        if (width, height) == (self.width, self.height) {
            return Some(alpha.clone());
        }
        let buffer =
            ImageBuffer::<Luma<f32>, _>::from_raw(self.width as u32, self.height as u32, alpha.as_slice())?;
        Some(resize(&buffer, width as u32, height as u32, FilterType::Lanczos3).into_raw())
    }

    /// The middle part that has the proportions of `width x height`, resampled to that size.
    #[must_use]
    pub(crate) fn covering(&self, width: usize, height: usize) -> Self {
        let crop_width = self.width.min((self.height * width / height).max(1));
        let crop_height = self.height.min((self.width * height / width).max(1));
        let (left, top) = ((self.width - crop_width) / 2, (self.height - crop_height) / 2);
        let rows = self.rgb.chunks_exact(3 * self.width).skip(top).take(crop_height);
        let rgb = rows.flat_map(|row| &row[3 * left..3 * (left + crop_width)]).copied().collect();
        Self { width: crop_width, height: crop_height, rgb, alpha: None, mask: None }.resized(width, height)
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    fn ramp(width: usize, height: usize) -> Picture {
        let rgb = (0..width * height * 3).map(|i| i as f32 / (width * height * 3) as f32).collect();
        Picture::new(width, height, rgb, None).unwrap()
    }

    #[test]
    fn sizes_keep_their_proportions() {
        assert_eq!(ramp(40, 30).fitted(20), (20, 15));
        assert_eq!(ramp(30, 40).fitted(512), (384, 512));
        assert_eq!(ramp(500, 1).fitted(100), (100, 1));
    }

    #[test]
    fn resampling_keeps_flat_colors_and_small_sizes() {
        let flat = Picture::new(9, 7, vec![0.25; 9 * 7 * 3], Some(vec![1.0; 63])).unwrap();
        for (width, height) in [(1, 1), (4, 3), (9, 7), (20, 31)] {
            let resized = flat.resized(width, height);
            assert_eq!((resized.width(), resized.height()), (width, height));
            assert!(resized.rgb().iter().all(|value| (value - 0.25).abs() < 1e-5));
            assert_eq!(resized.alpha().unwrap().len(), width * height);
        }
    }

    #[test]
    fn covering_takes_the_middle() {
        let picture = ramp(6, 2).covering(2, 2);
        assert_eq!(picture.rgb(), [&ramp(6, 2).rgb()[6..12], &ramp(6, 2).rgb()[24..30]].concat());
    }

    #[test]
    fn no_pixels_or_wrong_lengths_are_refused() {
        assert!(Picture::new(0, 3, vec![], None).is_err());
        assert!(Picture::new(1, 1, vec![0.0; 4], None).is_err());
        assert!(Picture::new(1, 1, vec![0.0; 3], Some(vec![])).is_err());
        assert!(Picture::new(1 << 33, 1 << 33, vec![], None).is_err());
        assert!(Picture::new(1, 1, vec![0.0, f32::NAN, 0.0], None).is_err());
        assert_eq!(ramp(2, 1).fitted(usize::MAX), (65_535, 32_768));
    }
}
