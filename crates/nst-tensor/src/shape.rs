//! The extents of a tensor.

use crate::{Error, Result};
use std::fmt;

/// The extents of a tensor along each axis, outermost first; empty for a scalar.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of elements; `usize::MAX` if there are more than that.
    pub fn len(&self) -> usize {
        if self.0.contains(&0) { 0 } else { self.0.iter().fold(1, |len, &extent| len.saturating_mul(extent)) }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last extent: the channels of a feature map; 1 for a scalar.
    pub fn channels(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// Elements per channel: batch x height x width of a feature map.
    pub fn positions(&self) -> usize {
        self.0.split_last().map_or(1, |(_, outer)| Self(outer.to_vec()).len())
    }

    /// The four extents of an image or feature map.
    ///
    /// # Errors
    /// If there are not four; `operation` goes into the message.
    pub fn nhwc(&self, operation: &'static str) -> Result<[usize; 4]> {
        self.0
            .as_slice()
            .try_into()
            .map_err(|_| Error::shape(operation, "[batch, height, width, channels]", self))
    }

    /// Whether `self` is what `other` ends with, so that it can be repeated along the other's outer axes.
    pub(crate) fn is_suffix_of(&self, other: &Self) -> bool {
        other.0.ends_with(&self.0)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Self(dims.to_vec())
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn a_scalar_has_one_element() {
        let scalar = Shape::from([]);
        assert_eq!((scalar.len(), scalar.channels(), scalar.positions()), (1, 1, 1));
    }

    #[test]
    fn extents_of_a_feature_map() {
        let shape = Shape::from([2, 3, 4, 5]);
        assert_eq!((shape.len(), shape.channels(), shape.positions()), (120, 5, 24));
        assert_eq!(shape.nhwc("test").unwrap(), [2, 3, 4, 5]);
        let error = Shape::from([3]).nhwc("gram").unwrap_err().to_string();
        assert_eq!(error, "gram: expected [batch, height, width, channels], got [3]");
    }
}
