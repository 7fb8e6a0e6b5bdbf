//! Colors on a rectangle: fields, pictures and letters.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use nst::Picture;

/// A rectangle of pixels, RGB in 0..1.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<f32>,
}

impl Canvas {
    /// All of one grey.
    pub(super) fn new(width: usize, height: usize, grey: f32) -> Self {
        Self { width, height, rgb: vec![grey; width * height * 3] }
    }

    /// Lays a color over a pixel, as much as `cover` says (0..1). What lies beyond the edge is left out.
    fn cover(&mut self, (x, y): (usize, usize), color: [f32; 3], cover: f32) {
        if x < self.width && y < self.height {
            let at = 3 * (y * self.width + x);
            for (below, above) in self.rgb[at..at + 3].iter_mut().zip(color) {
                *below += (above.clamp(0.0, 1.0) - *below) * cover.clamp(0.0, 1.0);
            }
        }
    }

    /// Fills a rectangle with a grey.
    pub(super) fn fill(&mut self, (left, top): (usize, usize), (width, height): (usize, usize), grey: f32) {
        for y in top..top + height {
            for x in left..left + width {
                self.cover((x, y), [grey; 3], 1.0);
            }
        }
    }

    /// Draws a picture; what is transparent in it shows what was there.
    pub(super) fn draw(&mut self, (left, top): (usize, usize), picture: &Picture) {
        for (index, &color) in picture.rgb().as_chunks::<3>().0.iter().enumerate() {
            let (x, y) = (index % picture.width(), index / picture.width());
            let cover = picture.alpha().map_or(1.0, |alpha| alpha[index]);
            self.cover((left + x, top + y), color, cover);
        }
    }

    /// Writes a line.
    pub(super) fn write(&mut self, (left, top): (usize, usize), text: &str, letters: Letters, grey: f32) {
        for (place, letter) in text.chars().enumerate() {
            for (index, &ink) in letters.ink(letter).iter().enumerate() {
                let (x, y) = (index % letters.width(), index / letters.width());
                let at = (left + place * letters.width() + x, top + y);
                self.cover(at, [grey; 3], f32::from(ink) / 255.0);
            }
        }
    }

    /// As a picture.
    ///
    /// # Errors
    /// If it is larger than pictures may be.
    pub(super) fn into_picture(self) -> nst::Result<Picture> {
        Picture::new(self.width, self.height, self.rgb, None)
    }
}

/// Letters of one size, all equally wide.
#[derive(Clone, Copy)]
pub(super) struct Letters(RasterHeight);

impl Letters {
    /// Of a size that goes with pictures of this width.
    pub(super) fn beside(width: usize) -> Self {
        Self(match width {
            ..256 => RasterHeight::Size16,
            256..512 => RasterHeight::Size24,
            _ => RasterHeight::Size32,
        })
    }

    /// From one letter to the next.
    pub(super) fn width(self) -> usize {
        get_raster_width(FontWeight::Regular, self.0)
    }

    /// From one line to the next.
    pub(super) fn height(self) -> usize {
        self.0.val()
    }

    /// How much ink each pixel of a letter gets, row by row; of one that the font lacks, that of `?`.
    fn ink(self, letter: char) -> &'static [u8] {
        let raster = |letter| get_raster(letter, FontWeight::Regular, self.0);
        raster(letter).or_else(|| raster('?')).map_or(&[], |letter| letter.pixels())
    }
}

#[cfg(test)]
mod tests {
    use super::{Canvas, Letters};
    use nst::Picture;

    #[test]
    fn transparent_pictures_show_the_background() {
        let mut canvas = Canvas::new(3, 2, 0.5);
        let picture = Picture::new(2, 1, vec![1.0, 0.0, 2.0, 1.0, 1.0, 1.0], Some(vec![1.0, 0.5])).unwrap();
        canvas.draw((1, 1), &picture);
        let drawn = canvas.into_picture().unwrap();
        assert_eq!(drawn.rgb()[..12], [0.5; 12]);
        assert_eq!(drawn.rgb()[12..], [1.0, 0.0, 1.0, 0.75, 0.75, 0.75]);
    }

    #[test]
    fn every_letter_has_ink_and_its_width() {
        for (width, height) in [(100, 16), (300, 24), (800, 32)] {
            let letters = Letters::beside(width);
            assert_eq!(letters.height(), height);
            for letter in ('!'..='~').chain("äöüéßλ".chars()) {
                let ink = letters.ink(letter);
                assert_eq!(ink.len(), height * letters.width());
                assert!(ink.iter().any(|&ink| ink > 128), "{letter}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut canvas = Canvas::new(10, 10, 1.0);
        canvas.write((5, 5), "MM", Letters::beside(1), 0.0);
        canvas.fill((9, 9), (5, 5), 0.25);
        let drawn = canvas.into_picture().unwrap();
        assert!(drawn.rgb()[..150].iter().all(|&value| value == 1.0));
        assert_eq!(drawn.rgb()[297..], [0.25; 3]);
        assert!(drawn.rgb().iter().any(|&value| value < 0.2));
    }
}
