//! Splinters of earth colours with dark edges, as the cubists saw things.

use std::f32::consts::PI;

use super::{Rgb, Scene, hex, one_of, ramp};
use crate::paint::noise::Noise;

/// Each from its shadows to its lights: ochre, sage, brick, slate, ivory.
const PAINTS: [[Rgb; 4]; 5] = [
    [hex(0x2B1D14), hex(0x7A4A1E), hex(0xC88F3A), hex(0xF4DCA0)],
    [hex(0x18241F), hex(0x3F5F55), hex(0x86A595), hex(0xDDE8DA)],
    [hex(0x3C100E), hex(0x9C3322), hex(0xDB7A55), hex(0xF8CDAE)],
    [hex(0x0C0F14), hex(0x28323D), hex(0x586A7A), hex(0xB7C4CE)],
    [hex(0x6B5A3E), hex(0xC4B184), hex(0xEEE3C0), hex(0xFFFBE8)],
];
const EDGE: Rgb = hex(0x14100E);
/// Half the width of an edge.
const EDGE_WIDTH: f32 = 0.007;
/// Splinters in a height.
const ROWS: usize = 7;
/// How much longer a splinter is along its hatching.
const LENGTH: f32 = 2.2;
/// Directions of hatching, evenly over the half circle.
const DIRECTIONS: f32 = 6.0;

/// What is nearer to its site than to any other, by a distance that is shorter along its own direction.
struct Splinter {
    site: [f32; 2],
    along: [f32; 2],
    paints: [Rgb; 4],
    shade: f32,
}

pub(super) struct Facets {
    splinters: Vec<Splinter>,
    noise: Noise,
}

impl Facets {
    pub(super) fn new(aspect: f32, seed: u32) -> Self {
        let noise = Noise::new(seed);
        let columns = (ROWS as f32 * aspect).ceil() as usize;
        // Values of the lattice itself, one row for each property.
        let chance = |at: usize, property: usize| noise.at(at as f32, 100.0 + property as f32);
        let splinters = (0..ROWS * columns).map(|at| {
            let cell = [at % columns, at / columns].map(|index| index as f32);
            let angle = (chance(at, 0) * DIRECTIONS).floor() * PI / DIRECTIONS;
            Splinter {
                site: [cell[0] + chance(at, 1), cell[1] + chance(at, 2)].map(|x| x / ROWS as f32),
                along: [angle.cos(), angle.sin()],
                paints: PAINTS[(chance(at, 3) * PAINTS.len() as f32) as usize % PAINTS.len()],
                shade: chance(at, 4),
            }
        });
        Self { splinters: splinters.collect(), noise }
    }

    /// The splinter of a place, and how far the place is from its edge.
    fn splinter(&self, place: [f32; 2]) -> (&Splinter, f32) {
        let mut nearest = (&self.splinters[0], f32::INFINITY);
        let mut second = f32::INFINITY;
        for splinter in &self.splinters {
            let away = splinter.distance(place);
            if away < nearest.1 {
                second = nearest.1;
                nearest = (splinter, away);
            } else {
                second = second.min(away);
            }
        }
        (nearest.0, (second - nearest.1) / 2.0)
    }
}

impl Splinter {
    /// A place by its distance from the site along the hatching and across it.
    fn within(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [dx, dy] = [x - self.site[0], y - self.site[1]];
        let [u, v] = self.along;
        [u * dx + v * dy, u * dy - v * dx]
    }

    fn distance(&self, place: [f32; 2]) -> f32 {
        let [along, across] = self.within(place);
        (along / LENGTH).hypot(across)
    }
}

impl Scene for Facets {
    fn flow(&self, place: [f32; 2]) -> [f32; 2] {
        self.splinter(place).0.along
    }

    fn colour(&self, place: [f32; 2]) -> Rgb {
        let (splinter, edge) = self.splinter(place);
        if edge < EDGE_WIDTH {
            return EDGE;
        }
        // Lit from one side, so that each seems to lie in a plane of its own.
        let [_, across] = splinter.within(place);
        let cloud = self.noise.rough(place[0] * 5.0, place[1] * 5.0);
        ramp(&splinter.paints, splinter.shade + 3.0 * across + 0.6 * (cloud - 0.5))
    }

    fn accent(&self, place: [f32; 2], choice: f32) -> Rgb {
        let [shadow, dark, light, brightest] = self.splinter(place).0.paints;
        one_of([shadow, dark, light, brightest], choice)
    }
}
