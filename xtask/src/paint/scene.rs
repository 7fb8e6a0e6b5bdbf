//! What is painted: a flow and a colour for every place.
//!
//! Lengths are in heights of the picture: y runs from 0 at the top to 1, x from 0 to the aspect ratio.

mod facets;
mod swirls;

use std::path::{Path, PathBuf};

use super::noise::mix;
use facets::Facets;
use swirls::Swirls;

/// Red, green and blue as a screen takes them (sRGB), 0..1.
pub(crate) type Rgb = [f32; 3];

pub(crate) trait Scene {
    /// Direction of the strokes at a place, of length 1.
    fn flow(&self, place: [f32; 2]) -> [f32; 2];
    /// The colour of a place.
    fn colour(&self, place: [f32; 2]) -> Rgb;
    /// A colour that stands out from its surroundings; `choice` in 0..1 picks one.
    fn accent(&self, place: [f32; 2], choice: f32) -> Rgb;
}

/// The scenes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Subject {
    /// Whirls in a night sky over rolling fields
    Swirls,
    /// Splinters of earth colours with dark edges, each hatched its own way
    Facets,
}

impl Subject {
    /// The picture of it among the examples.
    pub(crate) fn example(self) -> PathBuf {
        let name = match self {
            Self::Swirls => "swirls",
            Self::Facets => "facets",
        };
        Path::new("examples").join(name).with_extension("jpg")
    }

    pub(crate) fn scene(self, aspect: f32, seed: u32) -> Box<dyn Scene> {
        match self {
            Self::Swirls => Box::new(Swirls::new(aspect, seed)),
            Self::Facets => Box::new(Facets::new(aspect, seed)),
        }
    }
}

/// The colour at `t` of a ramp that runs from 0 to 1.
fn ramp(colours: &[Rgb], t: f32) -> Rgb {
    let last = colours.len() - 1;
    let at = t.clamp(0.0, 1.0) * last as f32;
    let from = (at as usize).min(last - 1);
    std::array::from_fn(|c| mix(colours[from][c], colours[from + 1][c], at - from as f32))
}

fn one_of(colours: [Rgb; 4], choice: f32) -> Rgb {
    colours[((choice * 4.0) as usize).min(3)]
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

const fn hex(rgb: u32) -> Rgb {
    let [_, red, green, blue] = rgb.to_be_bytes();
    [red as f32 / 255.0, green as f32 / 255.0, blue as f32 / 255.0]
}
