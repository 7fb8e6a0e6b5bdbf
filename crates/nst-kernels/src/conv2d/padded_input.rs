//! The input rows that a task sees, with zeros around them, in a scratch small enough for the cache.

use crate::rows::copy_masked;
use std::ops::Range;

/// The extents of one image.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Plane {
    pub(super) fn len(self) -> usize {
        self.height * self.width * self.channels
    }
}

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

    /// Fills `scratch` with the padded rows `rows` (0 is the first row of the upper padding) of one image.
    pub(super) fn fill(
        &self,
        scratch: &mut Vec<f32>,
        image: &[f32],
        mask: Option<&[f32]>,
        rows: Range<usize>,
    ) {
        let Plane { height, width, channels } = self.plane;
        let line = self.width * channels;
        scratch.resize(rows.len() * line, 0.0);
        for (to, padded_y) in scratch.chunks_exact_mut(line.max(1)).zip(rows) {
            let Some(y) = padded_y.checked_sub(self.padding[0]).filter(|&y| y < height) else {
                to.fill(0.0);
                continue;
            };
            let from = y * width * channels..(y + 1) * width * channels;
            let (left, rest) = to.split_at_mut(self.padding[1] * channels);
            let (to, right) = rest.split_at_mut(width * channels);
            left.fill(0.0);
            right.fill(0.0);
            match mask {
                None => to.copy_from_slice(&image[from]),
                Some(mask) => copy_masked(&image[from.clone()], &mask[from], to),
            }
        }
    }
}
