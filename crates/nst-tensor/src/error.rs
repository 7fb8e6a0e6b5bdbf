//! What can go wrong with tensors.

use crate::Shape;

/// A failed tensor operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Operands whose shapes do not go together.
    #[error("{operation}: expected {expected}, got {got}")]
    Shape {
        /// The operation.
        operation: &'static str,
        /// What would have fitted.
        expected: String,
        /// What came.
        got: String,
    },
    /// Operands on different devices.
    #[error("{operation}: the operands live on different devices; copy one of them with Tensor::to")]
    Device {
        /// The operation.
        operation: &'static str,
    },
    /// The device itself failed.
    #[error("{operation} on {device}: {message}")]
    Backend {
        /// The operation.
        operation: &'static str,
        /// The device's name.
        device: String,
        /// What the device said.
        message: String,
    },
}

impl Error {
    pub(crate) fn shape(operation: &'static str, expected: impl Into<String>, got: &Shape) -> Self {
        Self::Shape { operation, expected: expected.into(), got: got.to_string() }
    }
}

/// A result of a tensor operation.
pub type Result<T> = std::result::Result<T, Error>;
