//! What can go wrong while minimising.

use crate::BoxError;

/// A failed minimisation. Whatever the error, the iterate is the last accepted one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The objective's own error, passed on.
    #[error("the objective failed: {0}")]
    Objective(#[source] BoxError),
    /// The objective's gradient does not go with the iterate.
    #[error(
        "the gradient must be one tensor of equal shape for each tensor of x: expected {expected}, got {got}"
    )]
    Gradient {
        /// The shapes of x.
        expected: String,
        /// The shapes of the gradient.
        got: String,
    },
    /// The iterate has other shapes than at the step before.
    #[error(
        "x had the shapes {expected} at the last step and now has {got}; call reset before another problem"
    )]
    Layout {
        /// The shapes at the last step.
        expected: String,
        /// The shapes now.
        got: String,
    },
    /// An option out of its range.
    #[error("{option} must be {expected}, got {got}")]
    Option {
        /// The field.
        option: &'static str,
        /// Its range.
        expected: &'static str,
        /// What came.
        got: f64,
    },
    /// The initial inverse Hessian's own error, passed on.
    #[error("the initial inverse Hessian failed: {0}")]
    InitialInverse(#[source] BoxError),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] nst_tensor::Error),
}

impl Error {
    /// An error unless `valid`.
    pub(crate) fn unless(valid: bool, option: &'static str, expected: &'static str, got: f64) -> Result<()> {
        if valid { Ok(()) } else { Err(Self::Option { option, expected, got }) }
    }
}

/// A result of an optimizer.
pub type Result<T> = std::result::Result<T, Error>;
