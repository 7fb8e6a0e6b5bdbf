//! The canvas: a coat of paint with a thickness, lit from above left.

use image::{Rgb as Pixel, RgbImage};

use super::scene::Rgb;

/// How strongly slopes of the paint lighten and darken it.
const RELIEF: f32 = 0.55;

pub(crate) struct Canvas {
    width: u32,
    height: u32,
    colour: Vec<Rgb>,
    thickness: Vec<f32>,
}

impl Canvas {
    /// A canvas with a thin coat of paint, of a colour for each pixel.
    pub(crate) fn new(width: u32, height: u32, coat: impl Fn(u32, u32) -> Rgb) -> Self {
        let colour: Vec<Rgb> =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| coat(x, y)).collect();
        let thickness = vec![0.0; colour.len()];
        Self { width, height, colour, thickness }
    }

    /// The pixels with centres between two corners, cut to the canvas.
    pub(crate) fn pixels(&self, low: [f32; 2], high: [f32; 2]) -> impl Iterator<Item = [u32; 2]> + use<> {
        let range = |low: f32, high: f32, end: u32| {
            low.floor().clamp(0.0, end as f32) as u32..high.ceil().clamp(0.0, end as f32) as u32
        };
        let columns = range(low[0], high[0], self.width);
        range(low[1], high[1], self.height).flat_map(move |y| columns.clone().map(move |x| [x, y]))
    }

    /// Lays paint of a thickness over a pixel, which shows through where `cover` is below 1.
    pub(crate) fn lay(&mut self, [x, y]: [u32; 2], paint: Rgb, thickness: f32, cover: f32) {
        let at = y as usize * self.width as usize + x as usize;
        for (under, over) in self.colour[at].iter_mut().zip(paint) {
            *under += (over - *under) * cover;
        }
        // A brush pushes wet paint aside: little of the relief below remains.
        self.thickness[at] += (0.25 * self.thickness[at] + thickness - self.thickness[at]) * cover;
    }

    /// The finished picture.
    pub(crate) fn lit(&self) -> RgbImage {
        RgbImage::from_fn(self.width, self.height, |x, y| {
            let thickness = |x: u32, y: u32| {
                let (x, y) = (x.min(self.width - 1) as usize, y.min(self.height - 1) as usize);
                self.thickness[y * self.width as usize + x]
            };
            let slope = (thickness(x + 1, y) - thickness(x.saturating_sub(1), y))
                + (thickness(x, y + 1) - thickness(x, y.saturating_sub(1)));
            let light = 1.0 + (RELIEF * slope).clamp(-0.45, 0.45);
            // What shines is paint that faces the light: a little white on the steepest slopes.
            let shine = 0.25 * (RELIEF * slope - 0.25).clamp(0.0, 0.5);
            let colour = self.colour[y as usize * self.width as usize + x as usize];
            Pixel(colour.map(|c| ((c * light + shine).clamp(0.0, 1.0) * 255.0).round() as u8))
        })
    }
}
