//! What a network expects its input pixels to be.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The pixels a network was trained on. Both trainings of VGG in circulation have the same tensor names and shapes, so
/// a file must say which one it is: the wrong pixels give no error, only worse pictures. Written `bgr255` and `rgb01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pixels {
    /// Channels blue, green, red, each 0..255 minus 103.939, 116.779, 123.68: the authors' Caffe models and whatever
    /// is converted from them.
    Bgr255,
    /// Channels red, green, blue, each 0..1 minus 0.485, 0.456, 0.406, over 0.229, 0.224, 0.225: torchvision's models.
    Rgb01,
}

impl Pixels {
    /// Both of them.
    pub const ALL: [Pixels; 2] = [Pixels::Bgr255, Pixels::Rgb01];

    /// `"bgr255"` or `"rgb01"`.
    pub fn name(self) -> &'static str {
        match self {
            Pixels::Bgr255 => "bgr255",
            Pixels::Rgb01 => "rgb01",
        }
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Pixels {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|pixels| pixels.name() == name)
            .ok_or_else(|| Error::unknown_name("pixels", name, Self::ALL.map(Self::name)))
    }
}
