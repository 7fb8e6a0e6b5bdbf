//! What can go wrong in a loss.

/// A failed loss.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Features or statistics that do not fit the loss's target.
    #[error("{loss}: expected {expected}, got {got}")]
    Mismatch {
        /// The loss.
        loss: &'static str,
        /// What would have fitted.
        expected: String,
        /// What came.
        got: String,
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

/// A result of a loss.
pub type Result<T> = std::result::Result<T, Error>;
