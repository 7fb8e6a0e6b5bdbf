//! The two networks whose weights this crate knows.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A network of Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*
/// (arXiv 1409.1556), table 1. Written `vgg16` and `vgg19`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Configuration D: thirteen convolutions in blocks of 2, 2, 3, 3, 3.
    Vgg16,
    /// Configuration E: sixteen convolutions in blocks of 2, 2, 4, 4, 4.
    Vgg19,
}

impl Architecture {
    /// Both of them.
    pub const ALL: [Architecture; 2] = [Architecture::Vgg16, Architecture::Vgg19];

    /// `"vgg16"` or `"vgg19"`.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Vgg16 => "vgg16",
            Architecture::Vgg19 => "vgg19",
        }
    }

    /// The numbers N of the convolutions, in network order, in torchvision's names `features.N.weight` and
    /// `features.N.bias`: its `features` also count the `ReLU`s and the poolings between them.
    pub fn convolutions(self) -> &'static [usize] {
        match self {
            Architecture::Vgg16 => &[0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
            Architecture::Vgg19 => &[0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34],
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Architecture {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|architecture| architecture.name() == name)
            .ok_or_else(|| Error::unknown_name("architecture", name, Self::ALL.map(Self::name)))
    }
}
