//! What can go wrong in a style transfer.

use std::path::PathBuf;

/// A failed style transfer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting outside its range, or settings that contradict each other.
    #[error("{setting}: {problem}")]
    Setting {
        /// The setting, as it is written in a configuration file.
        setting: &'static str,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A configuration file or preset that cannot be understood.
    #[error("{0}")]
    Config(String),
    /// A picture that cannot be used.
    #[error("picture '{}': {problem}", path.display())]
    Picture {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A picture to write whose name does not say how.
    #[error("picture '{}': the extension must be png, jpg, jpeg, webp, tif or tiff to say what to write", path.display())]
    Extension {
        /// Its file.
        path: PathBuf,
    },
    /// Values that make no picture.
    #[error("{0}")]
    Values(String),
    /// What the run needs and was not given.
    #[error("{0}")]
    Missing(&'static str),
    /// A picture too small to have features.
    #[error(
        "the {role} picture is {width}x{height} pixels, too small: layer {layer} needs at least {minimum} on each side"
    )]
    TooSmall {
        /// Content or style.
        role: &'static str,
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// The deepest layer in use.
        layer: String,
        /// The least side.
        minimum: usize,
    },
    /// The initial picture has no finite loss, so there is nothing to start from.
    #[error(
        "the loss of the initial picture is not finite: check the weight file and the weights of the losses"
    )]
    NotFinite,
    /// The network.
    #[error(transparent)]
    Vgg(#[from] nst_vgg::Error),
    /// The losses.
    #[error(transparent)]
    Loss(#[from] nst_loss::Error),
    /// The optimizer.
    #[error(transparent)]
    Optimizer(#[from] nst_optim::Error),
    /// Tensors.
    #[error(transparent)]
    Tensor(#[from] nst_tensor::Error),
}

impl From<nst_autodiff::Error> for Error {
    fn from(error: nst_autodiff::Error) -> Self {
        Self::Loss(error.into())
    }
}

/// A result of a style transfer.
pub type Result<T> = std::result::Result<T, Error>;
