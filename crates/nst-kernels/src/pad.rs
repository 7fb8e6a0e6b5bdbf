//! Borders around images.

use rayon::prelude::*;

/// What stands in a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Zeros, as around the images that a convolution sees. The gradient of this padding is a crop, and it is that of a crop.
    Zero,
    /// The nearest pixel of the image. The gradient with respect to a pixel at the edge is the sum of those of all that repeat
    /// it.
    Edge,
}

/// How many rows and columns are put around an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Border {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns before.
    pub left: usize,
    /// Columns behind.
    pub right: usize,
}

impl Border {
    /// The rows and columns of an image with this border; none if they cannot be counted.
    pub fn around(self, [height, width]: [usize; 2]) -> Option<[usize; 2]> {
        let grown = |extent: usize, before, behind| extent.checked_add(before)?.checked_add(behind);
        Some([grown(height, self.top, self.bottom)?, grown(width, self.left, self.right)?])
    }
}

/// Puts a border around each image of `[batch, height, width, channels]`:
/// `[batch, top + height + bottom, left + width + right, channels]`.
///
/// # Panics
/// If a length does not fit, or an edge is to be repeated that images without pixels lack.
pub fn pad(shape: [usize; 4], border: Border, padding: Padding, input: &[f32], output: &mut [f32]) {
    let [batch, height, width, channels] = shape;
    let [padded_height, padded_width] = border.around([height, width]).expect("a border that can be counted");
    assert_eq!(
        [input.len(), output.len()],
        [batch * height * width * channels, batch * padded_height * padded_width * channels],
        "{border:?} around {shape:?}"
    );
    let (line, padded) = (width * channels, padded_width * channels);
    output.par_chunks_exact_mut(padded.max(1)).enumerate().for_each(|(row, to)| {
        let (image, y) = (row / padded_height, row % padded_height);
        let inside = y.checked_sub(border.top).filter(|&y| y < height);
        let source = match padding {
            Padding::Zero => inside,
            Padding::Edge => Some(y.saturating_sub(border.top).min(height - 1)),
        };
        let Some(y) = source else { return to.fill(0.0) };
        let from = &input[(image * height + y) * line..][..line];
        let (left, rest) = to.split_at_mut(border.left * channels);
        let (middle, right) = rest.split_at_mut(line);
        middle.copy_from_slice(from);
        match padding {
            Padding::Zero => [left, right].into_iter().for_each(|side| side.fill(0.0)),
            Padding::Edge => {
                let pixels = [&from[..channels], &from[line - channels..]];
                for (side, pixel) in [left, right].into_iter().zip(pixels) {
                    side.chunks_exact_mut(channels).for_each(|to| to.copy_from_slice(pixel));
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Border, Padding, pad};
    use crate::reference::{self, test_values};

    #[test]
    fn borders_are_those_of_the_literal_version() {
        for [top, bottom, left, right] in [[0; 4], [1, 2, 3, 4], [7, 0, 0, 9], [0, 1, 5, 0]] {
            let border = Border { top, bottom, left, right };
            for shape in [[1, 1, 1, 1], [2, 3, 5, 3], [1, 4, 1, 2], [0, 3, 5, 3], [2, 3, 5, 0], [2, 0, 5, 3]]
            {
                let image = test_values(shape.iter().product(), 1);
                for padding in [Padding::Zero, Padding::Edge] {
                    if padding == Padding::Edge && shape[1] == 0 {
                        continue;
                    }
                    let expected = reference::pad(shape, border, padding, &image);
                    let mut output = vec![9.0; expected.len()];
                    pad(shape, border, padding, &image, &mut output);
                    assert_eq!(output, expected, "{border:?} {padding:?} around {shape:?}");
                }
            }
        }
    }

    #[test]
    fn a_border_that_cannot_be_counted() {
        let border = Border { top: 1, bottom: usize::MAX, ..Border::default() };
        assert_eq!(border.around([0, 0]), None);
        assert_eq!(Border { bottom: 2, ..border }.around([5, 7]), Some([8, 7]));
    }
}
