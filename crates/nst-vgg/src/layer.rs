//! Layers by name.

use crate::{Architecture, Error};
use std::fmt;
use std::str::FromStr;

/// A place in the network, named as in the papers: block 1 to 5, convolution within the block. Ordered by depth.
///
/// ```
/// use nst_vgg::Layer;
///
/// let layer: Layer = "relu4_2".parse()?;
/// assert_eq!(layer.to_string(), "relu4_2");
/// assert!("conv4_2".parse::<Layer>()? < layer);
/// assert!("relu6_1".parse::<Layer>().is_err());
/// # Ok::<(), nst_vgg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layer {
    block: usize,
    /// From 1; after the last convolution for a pooling, so that the order is that of depth.
    index: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Conv,
    Relu,
    Pool,
}

/// More than the convolutions of any block.
const POOL_INDEX: usize = 5;

impl Layer {
    /// Convolution `index` of block `block`, before the ReLU.
    pub(crate) fn conv(block: usize, index: usize) -> Self {
        Self { block, index, stage: Stage::Conv }
    }

    /// A convolution's output after the ReLU.
    pub(crate) fn activated(self) -> Self {
        Self { stage: Stage::Relu, ..self }
    }

    /// The pooling after block `block`.
    pub(crate) fn pool(block: usize) -> Self {
        Self { block, index: POOL_INDEX, stage: Stage::Pool }
    }

    pub(crate) fn block(self) -> usize {
        self.block
    }

    /// The last convolution that has to be computed for this layer.
    pub(crate) fn convolution(self, architecture: Architecture) -> Self {
        let last = block_sizes(architecture)[self.block - 1];
        Self::conv(self.block, if self.stage == Stage::Pool { last } else { self.index })
    }

    /// Whether a pooling follows this convolution.
    pub(crate) fn ends_block(self, architecture: Architecture) -> bool {
        self.index == block_sizes(architecture)[self.block - 1]
    }

    /// How many of an architecture's convolutions, from the image on, have to be computed for this layer; None if it has no
    /// such layer.
    pub fn depth(self, architecture: Architecture) -> Option<usize> {
        let convolution = self.convolution(architecture);
        let sizes = block_sizes(architecture);
        let before: usize = sizes[..self.block - 1].iter().sum();
        (convolution.index <= sizes[self.block - 1]).then_some(before + convolution.index)
    }

    /// The least side of an image of which something is left at this layer.
    pub fn minimum_side(self) -> usize {
        self.stride()
    }

    /// How many pixels of the image lie between two positions: each pooling halves the sides, rounding down.
    pub fn stride(self) -> usize {
        1 << (self.block - usize::from(self.stage != Stage::Pool))
    }

    /// The convolutions of an architecture, in order.
    pub fn convolutions(architecture: Architecture) -> impl Iterator<Item = Self> {
        (1..)
            .zip(block_sizes(architecture))
            .flat_map(|(block, size)| (1..=size).map(move |index| Self::conv(block, index)))
    }

    /// Every layer of an architecture, in order.
    pub fn all(architecture: Architecture) -> Vec<Self> {
        (1..)
            .zip(block_sizes(architecture))
            .flat_map(|(block, size)| {
                (1..=size)
                    .flat_map(move |index| [Self::conv(block, index), Self::conv(block, index).activated()])
                    .chain([Self::pool(block)])
            })
            .collect()
    }
}

/// Convolutions in each block (Simonyan and Zisserman 2014, table 1, columns D and E).
pub(crate) fn block_sizes(architecture: Architecture) -> [usize; 5] {
    match architecture {
        Architecture::Vgg16 => [2, 2, 3, 3, 3],
        Architecture::Vgg19 => [2, 2, 4, 4, 4],
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Conv => write!(f, "conv{}_{}", self.block, self.index),
            Stage::Relu => write!(f, "relu{}_{}", self.block, self.index),
            Stage::Pool => write!(f, "pool{}", self.block),
        }
    }
}

impl FromStr for Layer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        // VGG-19 has every layer that any of the networks has.
        let known = Self::all(Architecture::Vgg19).into_iter().find(|layer| layer.to_string() == name);
        known.ok_or_else(|| Error::UnknownLayer(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::Layer;
    use crate::Architecture;

    #[test]
    fn names_and_depths() {
        let all = Layer::all(Architecture::Vgg16);
        assert_eq!(all.len(), 13 * 2 + 5);
        assert!(all.is_sorted());
        for layer in all {
            assert_eq!(layer.to_string().parse::<Layer>().unwrap(), layer);
        }
        let layer = |name: &str| name.parse::<Layer>().unwrap();
        let depths = |architecture| {
            ["conv1_1", "pool2", "relu3_4", "relu5_1"].map(|name| layer(name).depth(architecture))
        };
        assert_eq!(depths(Architecture::Vgg16), [Some(1), Some(4), None, Some(11)]);
        assert_eq!(depths(Architecture::Vgg19), [Some(1), Some(4), Some(8), Some(13)]);
        assert!(!Layer::all(Architecture::Vgg16).contains(&layer("conv3_4")));
        assert_eq!(
            ["conv1_1", "pool1", "relu2_1", "relu5_1", "pool5"].map(|name| layer(name).minimum_side()),
            [1, 2, 2, 16, 32]
        );
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["", "relu", "relu0_1", "relu4_5", "conv4_02", "Relu4_2", "relu4_2 ", "pool6"] {
            assert!(name.parse::<Layer>().is_err(), "{name}");
        }
    }
}
