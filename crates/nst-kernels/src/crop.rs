//! Rectangles of images: cut out, and added into.

use rayon::prelude::*;
use std::fmt;

/// A rectangle of an image's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Its first row.
    pub top: usize,
    /// Its first column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Region {
    /// Whether it lies within an image of so many rows and columns.
    pub fn is_within(self, height: usize, width: usize) -> bool {
        let fits = |first: usize, len, extent| first.checked_add(len).is_some_and(|end| end <= extent);
        fits(self.top, self.height, height) && fits(self.left, self.width, width)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} at row {}, column {}", self.height, self.width, self.top, self.left)
    }
}

/// Copies a region of each image of `[batch, height, width, channels]` to `[batch, region.height, region.width, channels]`.
///
/// # Panics
/// If the region does not lie within the images, or a length does not fit.
pub fn crop(shape: [usize; 4], region: Region, input: &[f32], output: &mut [f32]) {
    let [_, height, width, channels] = shape;
    assert_fits(shape, region, input, output);
    let (line, part) = (width * channels, region.width * channels);
    output.par_chunks_exact_mut(part.max(1)).enumerate().for_each(|(row, to)| {
        let (image, y) = (row / region.height, row % region.height);
        let first = (image * height + region.top + y) * line + region.left * channels;
        to.copy_from_slice(&input[first..][..part]);
    });
}

/// Adds `part`, `[batch, region.height, region.width, channels]`, to that region of each image of
/// `[batch, height, width, channels]`: the adjoint of [`crop`].
///
/// # Panics
/// As [`crop`].
pub fn add_region(shape: [usize; 4], region: Region, part: &[f32], output: &mut [f32]) {
    let [_, height, width, channels] = shape;
    assert_fits(shape, region, output, part);
    if part.is_empty() {
        return;
    }
    let (line, part_line) = (width * channels, region.width * channels);
    let images = output.chunks_exact_mut(height * line).zip(part.chunks_exact(region.height * part_line));
    for (image, part) in images {
        let rows = image[region.top * line..].par_chunks_exact_mut(line);
        rows.zip(part.par_chunks_exact(part_line)).for_each(|(to, part)| {
            to[region.left * channels..].iter_mut().zip(part).for_each(|(to, value)| *to += value);
        });
    }
}

fn assert_fits([batch, height, width, channels]: [usize; 4], region: Region, whole: &[f32], part: &[f32]) {
    assert!(region.is_within(height, width), "{region} of {height}x{width}");
    let lens = [batch * height * width * channels, batch * region.height * region.width * channels];
    assert_eq!([whole.len(), part.len()], lens, "{region} of {:?}", [batch, height, width, channels]);
}

#[cfg(test)]
mod tests {
    use super::{Region, add_region, crop};
    use crate::reference::{self, test_values};

    /// Regions of an image of 5 rows and 7 columns: all of it, at each corner, inside, empty.
    const REGIONS: [[usize; 4]; 7] =
        [[0, 0, 5, 7], [0, 0, 2, 3], [4, 6, 1, 1], [1, 2, 3, 4], [0, 3, 5, 1], [5, 7, 0, 0], [2, 1, 0, 3]];

    #[test]
    fn regions_are_cut_out_and_added_as_the_literal_versions_do() {
        for [top, left, height, width] in REGIONS {
            let region = Region { top, left, height, width };
            for [batch, channels] in [[1, 1], [2, 3], [0, 3], [2, 0]] {
                let shape = [batch, 5, 7, channels];
                let image = test_values(shape.iter().product(), 1);
                let part = test_values(batch * height * width * channels, 2);
                let mut output = vec![9.0; part.len()];
                crop(shape, region, &image, &mut output);
                assert_eq!(output, reference::crop(shape, region, &image), "{region} of {shape:?}");
                let mut sum = image.clone();
                add_region(shape, region, &part, &mut sum);
                assert_eq!(sum, reference::add_region(shape, region, &part, &image), "{region} of {shape:?}");
            }
        }
    }

    #[test]
    fn a_region_beyond_the_image_is_seen_also_where_its_end_overflows() {
        let region = Region { top: 1, left: 0, height: 2, width: 3 };
        assert!(region.is_within(3, 3));
        assert!(!region.is_within(2, 3));
        assert!(!region.is_within(3, 2));
        assert!(!Region { top: usize::MAX, ..region }.is_within(3, 3));
        assert!(!Region { width: usize::MAX, left: 1, ..region }.is_within(3, 3));
    }
}
