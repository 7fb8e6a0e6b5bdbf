//! Pooling over 2x2 windows.

use rayon::prelude::*;

/// What a pooling takes of each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// The greatest value; NaN if one is NaN.
    Max,
    /// The mean.
    Average,
}

impl Pooling {
    /// What it takes of a window, whose values come in reading order.
    pub(crate) fn of(self, window: [f32; 4]) -> f32 {
        match self {
            Self::Max => window[greatest(window)],
            Self::Average => 0.25 * ((window[0] + window[1]) + (window[2] + window[3])),
        }
    }
}

/// The corner of the greatest value, of equal ones the first in reading order, as in torch; the last NaN if there is one.
pub(crate) fn greatest(window: [f32; 4]) -> usize {
    (1..4).fold(
        0,
        |best, corner| {
            if window[corner] > window[best] || window[corner].is_nan() { corner } else { best }
        },
    )
}

/// The geometry of a pooling over 2x2 windows with stride two. A last odd row or column is left out (floor), as torch and
/// Caffe's VGG do.
///
/// Input `[batch, height, width, channels]`, output `[batch, height / 2, width / 2, channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool2d {
    /// Images.
    pub batch: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl Pool2d {
    /// Floats of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.height * self.width * self.channels
    }

    /// Floats of the output.
    pub fn output_len(&self) -> usize {
        self.batch * (self.height / 2) * (self.width / 2) * self.channels
    }

    /// The greatest value of each window; NaN if one is NaN.
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn max(&self, input: &[f32], output: &mut [f32]) {
        self.forward(input, output, |window| Pooling::Max.of(window));
    }

    /// The mean of each window.
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn average(&self, input: &[f32], output: &mut [f32]) {
        self.forward(input, output, |window| Pooling::Average.of(window));
    }

    /// The gradient of [`Pool2d::max`]: a window's gradient goes to its greatest value, of equal ones the first in
    /// reading order, as in torch.
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn max_backward(&self, input: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
        assert_eq!(input.len(), self.input_len(), "input of {self:?}");
        self.backward(output_gradient, input_gradient, |corners, gradient| {
            let greatest = greatest(corners.map(|at| input[at]));
            std::array::from_fn(|corner| if corner == greatest { gradient } else { 0.0 })
        });
    }

    /// The gradient of [`Pool2d::average`].
    ///
    /// # Panics
    /// If a slice does not fit the geometry.
    pub fn average_backward(&self, output_gradient: &[f32], input_gradient: &mut [f32]) {
        self.backward(output_gradient, input_gradient, |_, gradient| [0.25 * gradient; 4]);
    }

    fn forward(&self, input: &[f32], output: &mut [f32], reduce: impl Fn([f32; 4]) -> f32 + Sync) {
        assert_eq!(
            (input.len(), output.len()),
            (self.input_len(), self.output_len()),
            "operands of {self:?}"
        );
        let line = self.width / 2 * self.channels;
        output.par_chunks_exact_mut(line.max(1)).enumerate().for_each(|(row, to)| {
            let first = self.first_of(row);
            for (x, to) in to.chunks_exact_mut(self.channels).enumerate() {
                for (channel, to) in to.iter_mut().enumerate() {
                    let corners = self.corners(first + 2 * x * self.channels + channel);
                    *to = reduce(corners.map(|at| input[at]));
                }
            }
        });
    }

    /// Writes each pair of input rows from `spread(indices of the window's corners, gradient of the window)`.
    fn backward(
        &self,
        output_gradient: &[f32],
        input_gradient: &mut [f32],
        spread: impl Fn([usize; 4], f32) -> [f32; 4] + Sync,
    ) {
        assert_eq!(
            (output_gradient.len(), input_gradient.len()),
            (self.output_len(), self.input_len()),
            "operands of {self:?}"
        );
        let (line, out_line) = (self.width * self.channels, self.width / 2 * self.channels);
        let image = self.height * line;
        input_gradient.par_chunks_exact_mut(image.max(1)).enumerate().for_each(|(index, image)| {
            image.par_chunks_mut((2 * line).max(1)).enumerate().for_each(|(pair, rows)| {
                if pair >= self.height / 2 {
                    rows.fill(0.0);
                    return;
                }
                // A last odd column belongs to no window.
                rows.chunks_exact_mut(line).for_each(|row| row[2 * out_line..].fill(0.0));
                let row = index * (self.height / 2) + pair;
                let gradients = &output_gradient[row * out_line..][..out_line];
                let first = self.first_of(row);
                for (x, gradients) in gradients.chunks_exact(self.channels).enumerate() {
                    for (channel, &gradient) in gradients.iter().enumerate() {
                        let at = 2 * x * self.channels + channel;
                        let values = spread(self.corners(first + at), gradient);
                        for (corner, value) in self.corners(at).into_iter().zip(values) {
                            rows[corner] = value;
                        }
                    }
                }
            });
        });
    }

    /// Index in the input of the first value that output row `row` (over all images) sees.
    fn first_of(&self, row: usize) -> usize {
        let (image, y) = (row / (self.height / 2), row % (self.height / 2));
        (image * self.height + 2 * y) * self.width * self.channels
    }

    /// Indices of a window's corners, from that of the first.
    fn corners(&self, first: usize) -> [usize; 4] {
        let below = first + self.width * self.channels;
        [first, first + self.channels, below, below + self.channels]
    }
}

#[cfg(test)]
mod tests {
    use super::Pool2d;
    use crate::reference::{self, test_values};

    #[test]
    fn both_poolings_and_their_gradients_agree_with_the_reference() {
        for (batch, height, width, channels) in
            [(1, 2, 2, 1), (2, 5, 7, 3), (1, 8, 6, 16), (1, 1, 9, 2), (1, 9, 1, 2), (3, 4, 4, 5)]
        {
            let pool = Pool2d { batch, height, width, channels };
            let input = test_values(pool.input_len(), 1);
            let gradient = test_values(pool.output_len(), 2);
            let mut output = vec![9.0; pool.output_len()];
            pool.max(&input, &mut output);
            assert_eq!(output, reference::max_pool(&pool, &input));
            pool.average(&input, &mut output);
            reference::assert_close(&output, &reference::average_pool(&pool, &input), 1e-6);
            let mut output = vec![9.0; pool.input_len()];
            pool.max_backward(&input, &gradient, &mut output);
            assert_eq!(output, reference::max_pool_backward(&pool, &input, &gradient));
            pool.average_backward(&gradient, &mut output);
            reference::assert_close(&output, &reference::average_pool_backward(&pool, &gradient), 1e-6);
        }
    }

    #[test]
    fn of_equal_values_the_first_takes_the_gradient() {
        let pool = Pool2d { batch: 1, height: 2, width: 2, channels: 1 };
        let mut output = [0.0; 4];
        pool.max_backward(&[0.0, 3.0, 3.0, 3.0], &[5.0], &mut output);
        assert_eq!(output, [0.0, 5.0, 0.0, 0.0]);
    }

    #[test]
    fn nan_wins() {
        let pool = Pool2d { batch: 1, height: 2, width: 2, channels: 1 };
        let mut output = [0.0];
        pool.max(&[1.0, f32::NAN, 2.0, 3.0], &mut output);
        assert!(output[0].is_nan());
    }
}
