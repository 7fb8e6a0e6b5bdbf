//! What can go wrong in the network.

use crate::{Architecture, Layer};

/// A failed use of the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is no layer's.
    #[error(
        "unknown layer '{0}'; layers are conv1_1, relu1_1, ... conv5_3, relu5_3 (vgg19: to conv5_4, relu5_4) and pool1 to pool5"
    )]
    UnknownLayer(String),
    /// A layer that the architecture lacks, or that was not loaded.
    #[error("{architecture} as loaded has no layer {layer}; its deepest is {deepest}")]
    MissingLayer {
        /// The network.
        architecture: Architecture,
        /// The layer asked for.
        layer: Layer,
        /// The deepest one there is.
        deepest: Layer,
    },
    /// An image of which nothing is left after the poolings.
    #[error(
        "an image of {width}x{height} pixels is too small for layer {layer}, which needs at least {minimum} on each side"
    )]
    TooSmall {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// The layer asked for.
        layer: Layer,
        /// The least side.
        minimum: usize,
    },
    /// Tensors or their gradients.
    #[error(transparent)]
    Autodiff(#[from] nst_autodiff::Error),
}

impl From<nst_tensor::Error> for Error {
    fn from(error: nst_tensor::Error) -> Self {
        Self::Autodiff(error.into())
    }
}

/// A result of the network.
pub type Result<T> = std::result::Result<T, Error>;
