//! Coarse to fine: the sizes that a picture goes through, and how many iterations each gets.
//!
//! A network sees a fixed number of pixels around each, so in a large picture it sees little of it, and makes small strokes.
//! A picture that is first made small, then enlarged and gone on with, has strokes of every size and takes far fewer pixels'
//! worth of evaluations (Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 7).

use crate::prepare::Layout;
use crate::{Config, Pictures};
use serde::{Deserialize, Deserializer, Serialize};
use std::str::FromStr;

/// The coarsest scale of [`Scales::Auto`] is no smaller: from 96 pixels or less, what the content shows dissolves (measured on
/// VGG-19 with neural-style's weights).
const COARSEST: usize = 128;
/// The share of the iterations that the coarsest of several scales gets: it decides where large strokes go, and its iterations are
/// the cheapest. Found by looking (docs/convergence.md).
const AT_COARSEST: f64 = 0.5;

/// The sizes that a picture goes through. Written `auto`, `sqrt2`, a number of scales, or sizes with commas between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "Written")]
pub enum Scales {
    /// From 128 pixels or a little more on, each twice the one before (√2 is no better).
    Auto,
    /// So many, each twice the one before; 1 for the result's size alone.
    Count(usize),
    /// From 128 pixels or a little more on, each √2 times the one before (crowsonkb's style-transfer-pytorch).
    Sqrt2,
    /// These sizes on the longest side, ascending; the result's own comes last and may be left out.
    Sizes(Vec<usize>),
}

/// One size of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Pixels on the longest side.
    pub(crate) size: usize,
    /// Iterations of the optimizer at it.
    pub(crate) iterations: usize,
}

impl Scales {
    /// The sizes for a result of `size` pixels on the longest side, ascending; the last is `size`. A run leaves out those of
    /// [`Self::Auto`] and [`Self::Sqrt2`] at which a picture is too small for a layer.
    pub fn sizes(&self, size: usize) -> Vec<usize> {
        let halvings = match self {
            Self::Sizes(sizes) => {
                let smaller = sizes.iter().copied().filter(|&other| other < size);
                return smaller.chain([size]).collect();
            }
            Self::Sqrt2 => return sqrt2(size),
            Self::Count(count) => count.saturating_sub(1),
            Self::Auto => (1..usize::BITS).take_while(|&times| halved(size, times) >= COARSEST).count(),
        };
        (0..=halvings as u32).rev().map(|times| halved(size, times)).collect()
    }

    /// What is wrong with them for a result of `size` pixels.
    pub(crate) fn problem(&self, size: usize) -> Option<String> {
        match self {
            Self::Auto | Self::Sqrt2 => None,
            Self::Count(0) => Some("must be 1 scale or more".into()),
            Self::Count(count) => {
                let coarsest =
                    u32::try_from(count - 1).ok().and_then(|times| size.checked_shr(times)).unwrap_or(0);
                (coarsest == 0).then(|| format!("{count} scales of {size} pixels begin below one pixel"))
            }
            Self::Sizes(sizes) => {
                let ascending = sizes.first().is_some_and(|&first| first > 0)
                    && sizes.windows(2).all(|pair| pair[0] < pair[1]);
                if !ascending {
                    return Some("sizes must ascend, such as 128,256,512".into());
                }
                let last = sizes.last().copied().unwrap_or(0);
                (last > size).then(|| format!("{last} is more than the size of {size}"))
            }
        }
    }
}

impl Config {
    /// Scales of these sizes, coarse to fine.
    fn ladder(&self, sizes: &[usize]) -> Vec<Scale> {
        let iterations: Vec<usize> = match self.scale_iterations.last() {
            Some(&last) => {
                let given = self.scale_iterations.iter().copied();
                given.chain(std::iter::repeat(last)).take(sizes.len()).collect()
            }
            None => shared(self.iterations, sizes.len()),
        };
        sizes.iter().zip(iterations).map(|(&size, iterations)| Scale { size, iterations }).collect()
    }

    /// The scales that `pictures` can go through, before the last, and the last. Of [`Scales::Auto`] and
    /// [`Scales::Sqrt2`], those are left out in which
    /// a picture is too small for a layer.
    pub(crate) fn ladder_for(&self, pictures: &Pictures) -> (Vec<Scale>, Scale) {
        let automatic = matches!(self.scales, Scales::Auto | Scales::Sqrt2);
        let possible = |size: usize| {
            let scale = Scale { size, iterations: 0 };
            size == self.size || !automatic || Layout::checked(&self.at(scale), pictures).is_ok()
        };
        let mut sizes = self.scales.sizes(self.size);
        sizes.retain(|&size| possible(size));
        let mut ladder = self.ladder(&sizes);
        let last = ladder.pop().unwrap_or(Scale { size: self.size, iterations: self.iterations });
        (ladder, last)
    }

    /// The settings of each smaller size at which a picture of one scale is seen, beside its own: [`Config::seen_from`].
    pub(crate) fn seen_smaller(&self) -> impl Iterator<Item = Self> + '_ {
        let halves = (1..usize::BITS).map(|times| halved(self.size, times));
        let seen = halves.take_while(|&size| self.seen_from > 0 && size >= self.seen_from.max(2));
        seen.map(|size| self.at(Scale { size, iterations: self.iterations }))
    }

    /// The pixels of an iteration at one scale, at all sizes seen, in squares of the longest side.
    pub(crate) fn pixels(&self) -> f64 {
        let sides = std::iter::once(self.size).chain(self.seen_smaller().map(|seen| seen.size));
        sides.map(|side| (side * side) as f64).sum()
    }

    /// The settings of one of its scales: a run of its own, the style pictures in the same proportion.
    pub(crate) fn at(&self, scale: Scale) -> Self {
        let style_size = self
            .style_size
            .map(|size| (size as f64 * scale.size as f64 / self.size as f64).round().max(1.0) as usize);
        Self {
            size: scale.size,
            style_size,
            iterations: scale.iterations,
            scales: Scales::Count(1),
            scale_iterations: Vec::new(),
            ..self.clone()
        }
    }
}

/// Half of `size` so many times, rounded up.
fn halved(size: usize, times: u32) -> usize {
    size.div_ceil(1usize.checked_shl(times).unwrap_or(usize::MAX))
}

/// `size` over each power of √2 that leaves [`COARSEST`] or more, rounded, halves to even, as that program does.
fn sqrt2(size: usize) -> Vec<usize> {
    let shrunk = |times: i32| (size as f64 / 2f64.powf(f64::from(times) / 2.0)).round_ties_even() as usize;
    let smaller = (1..).map(shrunk).take_while(|&size| size >= COARSEST);
    let mut sizes: Vec<usize> = std::iter::once(size).chain(smaller).collect();
    sizes.reverse();
    sizes
}

/// Iterations shared out among scales: [`AT_COARSEST`], and the others evenly; they add up to all.
fn shared(iterations: usize, scales: usize) -> Vec<usize> {
    let coarsest = if scales > 1 { (iterations as f64 * AT_COARSEST).round() as usize } else { iterations };
    let until = |scale: usize| (iterations - coarsest) * scale / (scales - 1).max(1);
    let others = (1..scales).map(|scale| until(scale) - until(scale - 1));
    std::iter::once(coarsest).chain(others).collect()
}

impl FromStr for Scales {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        if text == "sqrt2" {
            return Ok(Self::Sqrt2);
        }
        let numbers: Vec<usize> =
            text.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>().map_err(|_| {
                format!("'{text}' is neither 'auto', 'sqrt2', a number of scales, nor sizes such as 128,256")
            })?;
        Ok(match numbers.as_slice() {
            [count] => Self::Count(*count),
            _ => Self::Sizes(numbers),
        })
    }
}

/// Scales in a settings file: a number may stand without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Count(usize),
    Text(String),
}

/// Reads iterations for each scale: a list of numbers, or one.
pub(crate) fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "scale-iterations: say a number, or a list of numbers such as [100, 60, 40]"
    )]
    enum Written {
        One(usize),
        Several(Vec<usize>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::One(iterations) => vec![iterations],
        Written::Several(iterations) => iterations,
    })
}

impl TryFrom<Written> for Scales {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Count(count) => Ok(Self::Count(count)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl From<Scales> for String {
    fn from(scales: Scales) -> Self {
        match scales {
            Scales::Auto => "auto".into(),
            Scales::Sqrt2 => "sqrt2".into(),
            Scales::Count(count) => count.to_string(),
            Scales::Sizes(sizes) => sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scales, shared};
    use crate::Config;

    #[test]
    fn a_ladder_begins_at_128_pixels_or_more() {
        for (size, sizes) in [
            (64, vec![64]),
            (254, vec![254]),
            (255, vec![128, 255]),
            (512, vec![128, 256, 512]),
            (700, vec![175, 350, 700]),
            (2048, vec![128, 256, 512, 1024, 2048]),
        ] {
            assert_eq!(Scales::Auto.sizes(size), sizes);
        }
        assert_eq!(Scales::Sqrt2.sizes(512), [128, 181, 256, 362, 512]);
        assert_eq!(Scales::Sqrt2.sizes(100), [100]);
        assert_eq!(Scales::Count(1).sizes(512), [512]);
        assert_eq!(Scales::Count(2).sizes(500), [250, 500]);
        assert_eq!("100,300".parse::<Scales>().unwrap().sizes(512), [100, 300, 512]);
        assert_eq!("100,512".parse::<Scales>().unwrap().sizes(512), [100, 512]);
    }

    #[test]
    fn iterations_are_shared_out() {
        assert_eq!(shared(180, 3), [90, 45, 45]);
        assert_eq!(shared(180, 5), [90, 22, 23, 22, 23]);
        assert_eq!(shared(180, 1), [180]);
        assert_eq!(shared(1, 3).iter().sum::<usize>(), 1);
        let config = Config { scale_iterations: vec![30, 20], ..Config::default() };
        let iterations: Vec<usize> =
            config.ladder(&[128, 256, 512]).iter().map(|scale| scale.iterations).collect();
        assert_eq!(iterations, [30, 20, 20]);
    }

    #[test]
    fn what_makes_no_ladder_is_said() {
        for (text, size) in [("0", 512), ("20", 512), ("256,128", 512), ("0,128", 512), ("128,600", 512)] {
            assert!(text.parse::<Scales>().unwrap().problem(size).is_some(), "{text}");
        }
        for text in ["", "two", "128;256", "-1"] {
            assert!(text.parse::<Scales>().is_err(), "{text}");
        }
        for scales in [Scales::Auto, Scales::Sqrt2, Scales::Count(3), Scales::Sizes(vec![128, 256])] {
            assert_eq!(String::from(scales.clone()).parse::<Scales>().unwrap(), scales);
            assert_eq!(scales.problem(512), None);
        }
    }

    #[test]
    fn a_scale_is_a_run_with_styles_in_proportion() {
        let config = Config { size: 512, style_size: Some(300), ..Config::default() };
        let coarse = config.at(config.ladder(&[128, 256, 512])[0]);
        assert_eq!((coarse.size, coarse.style_size, coarse.iterations), (128, Some(75), 90));
        assert_eq!(coarse.scales.sizes(coarse.size), [128]);
    }
}
