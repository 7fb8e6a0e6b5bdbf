//! What can go wrong while differentiating.

/// A failed operation on variables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tensors themselves.
    #[error(transparent)]
    Tensor(#[from] nst_tensor::Error),
    /// Variables of two tapes in one operation.
    #[error("{operation}: the variables belong to different tapes")]
    Tapes {
        /// The operation.
        operation: &'static str,
    },
    /// A pullback or a seed that does not fit its variable.
    #[error("{operation}: expected {expected}, got {got}")]
    Cotangent {
        /// Where it was noticed.
        operation: &'static str,
        /// What would have fitted.
        expected: String,
        /// What came.
        got: String,
    },
}

/// A result of an operation on variables.
pub type Result<T> = std::result::Result<T, Error>;
