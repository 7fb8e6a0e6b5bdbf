//! Whirls in a night sky over rolling fields.

use super::{Rgb, Scene, distance, hex, one_of, ramp};
use crate::paint::noise::{Noise, mix, rise};

/// The sky from its darkest streams to its lightest.
const SKY: [Rgb; 6] =
    [hex(0x10184A), hex(0x1B368C), hex(0x255FB8), hex(0x2E93B8), hex(0x7FC6C0), hex(0xE3EBC6)];
/// A whirl from its heart outwards; the last merges into the sky.
const WHIRL: [Rgb; 6] =
    [hex(0xFFF4B8), hex(0xFFCF33), hex(0xF28C1A), hex(0xF7E08A), hex(0x3FA9A6), hex(0x1F4BA5)];
/// The hills, far to near, each from its shadows to its lights.
const HILLS: [[Rgb; 4]; 3] = [
    [hex(0x1C1F55), hex(0x3B358E), hex(0x2F6FA8), hex(0x8FA9D8)],
    [hex(0x0E3B3E), hex(0x146B5B), hex(0x5F9A3C), hex(0xE0C84A)],
    [hex(0x7A1F1A), hex(0xC84A16), hex(0xF09A1E), hex(0xFFDE6B)],
];

/// A whirl of the sky.
struct Whirl {
    centre: [f32; 2],
    radius: f32,
    /// Speed of rotation against that of the stream; its sign is the sense.
    spin: f32,
}

pub(super) struct Swirls {
    whirls: Vec<Whirl>,
    noise: Noise,
}

impl Swirls {
    pub(super) fn new(aspect: f32, seed: u32) -> Self {
        let whirl = |x: f32, y: f32, radius, spin| Whirl { centre: [x * aspect, y], radius, spin };
        let whirls = vec![
            whirl(0.30, 0.30, 0.210, 3.2),
            whirl(0.76, 0.21, 0.165, -3.0),
            whirl(0.57, 0.47, 0.110, 2.6),
            whirl(0.06, 0.10, 0.110, -2.4),
            whirl(0.95, 0.52, 0.100, 2.6),
            whirl(0.53, 0.06, 0.075, 2.4),
            whirl(0.10, 0.56, 0.085, -2.4),
        ];
        Self { whirls, noise: Noise::new(seed) }
    }

    /// The nearest hill that covers a place; `None` is sky.
    fn hill(&self, [x, y]: [f32; 2]) -> Option<usize> {
        (0..HILLS.len()).rev().find(|&hill| y > self.ridge(hill, x))
    }

    /// Height of a hill's outline.
    fn ridge(&self, hill: usize, x: f32) -> f32 {
        let [base, swing, rate] = [[0.66, 0.085, 1.9], [0.76, 0.075, 1.5], [0.88, 0.085, 1.2]][hill];
        base + swing * 2.0 * (self.noise.at(x * rate + 11.0 * hill as f32, 5.0 + hill as f32) - 0.5)
    }

    fn sky_stream(&self, x: f32, y: f32) -> f32 {
        let wave = 0.05 * (6.0 * x + 1.0).sin() + 0.22 * (self.noise.at(x * 2.2, y * 2.2) - 0.5);
        let turning = self.whirls.iter().map(|whirl| {
            let away = distance([x, y], whirl.centre) / whirl.radius;
            whirl.spin * whirl.radius * (-away * away).exp()
        });
        y + wave + turning.sum::<f32>()
    }

    /// Furrows follow the outline, and bend away from it further down.
    fn hill_stream(&self, hill: usize, x: f32, y: f32) -> f32 {
        let depth = y - self.ridge(hill, x);
        let bend = 0.30 * (self.noise.at(x * 3.0 + 31.0 * hill as f32, y * 3.0) - 0.5);
        depth + bend * rise(0.0, 0.12, depth)
    }
}

impl Scene for Swirls {
    fn flow(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        const STEP: f32 = 1e-3;
        // Along the level lines of the stream function, so that the flow has neither sources nor sinks.
        let hill = self.hill([x, y]);
        let stream = |x, y| match hill {
            None => self.sky_stream(x, y),
            Some(hill) => self.hill_stream(hill, x, y),
        };
        let u = stream(x, y + STEP) - stream(x, y - STEP);
        let v = stream(x - STEP, y) - stream(x + STEP, y);
        let speed = u.hypot(v).max(f32::MIN_POSITIVE);
        [u / speed, v / speed]
    }

    fn colour(&self, [x, y]: [f32; 2]) -> Rgb {
        if let Some(hill) = self.hill([x, y]) {
            let furrow = zigzag(self.hill_stream(hill, x, y) * [11.0, 10.0, 9.0][hill]);
            let patch = self.noise.rough(x * 4.0 + 9.0 * hill as f32, y * 7.0);
            return ramp(&HILLS[hill], 0.70 * furrow + 1.1 * (patch - 0.40));
        }
        let band = zigzag(self.sky_stream(x, y) * 5.5);
        let cloud = self.noise.rough(x * 2.6, y * 3.4 + 40.0);
        let mut colour = ramp(&SKY, 0.62 * band + 0.75 * (cloud - 0.28));
        for whirl in &self.whirls {
            let away = distance([x, y], whirl.centre) / whirl.radius;
            let wobble = 0.16 * (self.noise.at(x * 14.0, y * 14.0 + 80.0) - 0.5);
            let strength = rise(1.15, 0.72, away + wobble);
            let light = ramp(&WHIRL, 0.95 * (away + wobble));
            colour = std::array::from_fn(|c| mix(colour[c], light[c], strength));
        }
        colour
    }

    fn accent(&self, place: [f32; 2], choice: f32) -> Rgb {
        let accents = match self.hill(place) {
            Some(2) => [hex(0x1E4FA0), hex(0xC21F1F), hex(0x177A6A), hex(0xFFF2C0)],
            Some(_) => [hex(0xC23A1F), hex(0xF2B62A), hex(0x7ED0C8), hex(0x1A1F5A)],
            None => [hex(0xF28C1A), hex(0xF6EEC8), hex(0x2AB0A0), hex(0xD84828)],
        };
        one_of(accents, choice)
    }
}

/// From 0 up to 1 and down again as `x` grows by 1.
fn zigzag(x: f32) -> f32 {
    1.0 - (2.0 * (x - x.floor()) - 1.0).abs()
}
