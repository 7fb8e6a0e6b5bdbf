//! One stroke of a bristle brush.

use super::canvas::Canvas;
use super::noise::{Noise, mix, rise};
use super::scene::Rgb;

pub(crate) struct Stroke {
    /// Way of the brush's middle, in pixels.
    pub(crate) path: Vec<[f32; 2]>,
    /// Width of the brush in pixels.
    pub(crate) width: f32,
    /// The paint that most bristles carry.
    pub(crate) paint: Rgb,
    /// The paint that the other bristles picked up.
    pub(crate) second: Rgb,
    pub(crate) seed: u32,
}

/// A pixel as seen from the brush.
struct Place {
    /// Distance along the path in pixels.
    along: f32,
    /// Distance to the right of the path, in half widths: the brush reaches from -1 to 1.
    across: f32,
}

impl Stroke {
    pub(crate) fn paint(&self, canvas: &mut Canvas) {
        let (low, high) = self.bounds();
        let length = self.path.windows(2).map(|ends| distance(ends[0], ends[1])).sum::<f32>();
        let bristles = Noise::new(self.seed);
        for pixel in canvas.pixels(low, high) {
            if let Some(place) = self.place([pixel[0] as f32 + 0.5, pixel[1] as f32 + 0.5]) {
                self.dab(canvas, pixel, &place, length, bristles);
            }
        }
    }

    /// The paint that the bristles leave on one pixel.
    fn dab(&self, canvas: &mut Canvas, pixel: [u32; 2], place: &Place, length: f32, bristles: Noise) {
        let pixels = place.across * self.width / 2.0;
        // A bristle is about 1.6 pixels wide and keeps its character over a long way.
        let bristle = bristles.at(pixels / 1.6, place.along / 90.0);
        let tuft = bristles.at(pixels / 5.0 + 77.0, place.along / 140.0);

        // Bristles touch down and lift off one by one; towards the end the empty ones leave gaps.
        let ragged = self.width * (0.1 + 0.8 * bristle);
        let ends = rise(0.0, 2.0, place.along - ragged * round_end(place.across))
            * rise(0.0, 3.0, length - place.along - 1.5 * ragged * round_end(place.across));
        let dry = rise(0.55, 1.0, place.along / length) * rise(0.55, 0.25, bristle);
        let edge = rise(1.0, 1.0 - 2.4 / self.width, place.across.abs() + 0.10 * (bristle - 0.5));
        let cover = edge * ends * (1.0 - 0.8 * dry);
        if cover <= 0.0 {
            return;
        }

        let share = rise(0.50, 0.72, tuft + 0.25 * (bristle - 0.5)) * 0.85;
        let streak = 0.28 * (bristle - 0.5) + 0.12 * (tuft - 0.5);
        let paint = std::array::from_fn(|c| {
            (mix(self.paint[c], self.second[c], share) * (1.0 + streak) + 0.4 * streak).clamp(0.0, 1.0)
        });
        // Paint squeezed out at the sides stands higher than the middle, and the touch-down leaves the most.
        let rim = rise(0.55, 0.88, place.across.abs());
        let load = mix(1.0, 0.55, place.along / length) * (0.5 + 0.5 * (self.width / 16.0).min(1.0));
        canvas.lay(pixel, paint, load * (0.45 + 0.35 * rim + 0.75 * bristle), cover);
    }

    /// The nearest place of the path, if the brush reaches the point from there.
    fn place(&self, point: [f32; 2]) -> Option<Place> {
        let (mut along, mut nearest) = (0.0, None::<(f32, Place)>);
        for ends in self.path.windows(2) {
            let [from, to] = [ends[0], ends[1]];
            let length = distance(from, to).max(f32::MIN_POSITIVE);
            let way = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
            let offset = [point[0] - from[0], point[1] - from[1]];
            let ahead = (offset[0] * way[0] + offset[1] * way[1]).clamp(0.0, length);
            let gap = distance(point, [from[0] + way[0] * ahead, from[1] + way[1] * ahead]);
            if gap <= self.width / 2.0 && nearest.as_ref().is_none_or(|(least, _)| gap < *least) {
                let side = (offset[1] * way[0] - offset[0] * way[1]).signum();
                nearest = Some((gap, Place { along: along + ahead, across: side * gap * 2.0 / self.width }));
            }
            along += length;
        }
        nearest.map(|(_, place)| place)
    }

    fn bounds(&self) -> ([f32; 2], [f32; 2]) {
        let reach = self.width / 2.0;
        let all = |pick: fn(f32, f32) -> f32, start: f32, reach: f32| {
            self.path
                .iter()
                .fold([start; 2], |end, point| [pick(end[0], point[0]), pick(end[1], point[1])])
                .map(|end| end + reach)
        };
        (all(f32::min, f32::INFINITY, -reach), all(f32::max, f32::NEG_INFINITY, reach))
    }
}

/// The bristles at the sides of a round brush touch later and lift earlier.
fn round_end(across: f32) -> f32 {
    0.35 + across * across
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
