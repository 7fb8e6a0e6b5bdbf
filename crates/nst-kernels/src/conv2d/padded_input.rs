//! The input rows that a task sees, with zeros around them, in a scratch small enough for the cache.

use crate::gate::Gate;
use crate::plane::Plane;
use std::ops::Range;

/// Input rows with zeros around them.
pub(super) struct PaddedInput {
    plane: Plane,
    pub(super) width: usize,
    padding: [usize; 2],
}

impl PaddedInput {
    pub(super) fn new(plane: Plane, width: usize, padding: [usize; 2]) -> Self {
        Self { plane, width, padding }
    }

    /// Floats of one row.
    pub(super) fn line(&self) -> usize {
        self.width * self.plane.channels
    }

    /// Fills `scratch` with the padded rows `rows` (0 is the first row of the upper padding) of one image, as they come
    /// through a gate.
    pub(super) fn fill(
        &self,
        scratch: &mut [f32],
        (values, gate): (&[f32], Gate<'_>),
        image: usize,
        rows: Range<usize>,
    ) {
        let Plane { height, width, channels } = self.plane;
        for (to, padded_y) in scratch.chunks_exact_mut(self.line().max(1)).zip(rows) {
            let Some(y) = padded_y.checked_sub(self.padding[0]).filter(|&y| y < height) else {
                to.fill(0.0);
                continue;
            };
            let (left, rest) = to.split_at_mut(self.padding[1] * channels);
            let (to, right) = rest.split_at_mut(width * channels);
            left.fill(0.0);
            right.fill(0.0);
            let row = image * height + y;
            if gate.is_open() {
                to.copy_from_slice(&values[row * width * channels..][..width * channels]);
            } else {
                gate.pass_row(self.plane, values, row, to);
            }
        }
    }
}
