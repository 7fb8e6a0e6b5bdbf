//! Images of another size.

use crate::Taps;
use rayon::prelude::*;
use std::cell::RefCell;

thread_local! {
    /// A line of an image, kept for the next one.
    static SUM: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Values to write that are worth a task.
const PART: usize = 1 << 14;

/// Resizes each image of `[batch, rows.from, columns.from, channels]` to `[batch, rows.to(), columns.to(), channels]`:
/// weighted sums of rows, then weighted sums of the columns of those, each in single precision in the order of the taps.
/// Linear in the values; nothing is clamped. With the taps [transposed](Taps::transposed), the gradient.
///
/// # Panics
/// If the taps or a length do not fit.
pub fn resize(shape: [usize; 4], rows: &Taps, columns: &Taps, input: &[f32], output: &mut [f32]) {
    let [batch, height, width, channels] = shape;
    assert_eq!([rows.from, columns.from], [height, width], "taps for {shape:?}");
    assert_eq!(
        [input.len(), output.len()],
        [batch * height * width * channels, batch * rows.to() * columns.to() * channels],
        "{shape:?} to {}x{}",
        rows.to(),
        columns.to()
    );
    let (line, new_line) = (width * channels, columns.to() * channels);
    // Small images are not worth splitting.
    let fewest = PART / new_line.max(1) + 1;
    let lines = output.par_chunks_exact_mut(new_line.max(1)).enumerate().with_min_len(fewest);
    lines.for_each(|(row, to)| {
        let (image, y) = (row / rows.to(), row % rows.to());
        let image = &input[image * height * line..][..height * line];
        SUM.with_borrow_mut(|sum| {
            sum.clear();
            sum.resize(line, 0.0);
            for (from, weight) in rows.of(y) {
                add_scaled(sum, weight, &image[from * line..][..line]);
            }
            for (x, to) in to.chunks_exact_mut(channels).enumerate() {
                to.fill(0.0);
                for (from, weight) in columns.of(x) {
                    add_scaled(to, weight, &sum[from * channels..][..channels]);
                }
            }
        });
    });
}

fn add_scaled(sums: &mut [f32], weight: f32, values: &[f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
}

#[cfg(test)]
mod tests {
    use super::resize;
    use crate::reference::{self, assert_close, test_values};
    use crate::{Interpolation, Taps};
    use approx::assert_relative_eq;

    const BOTH: [Interpolation; 2] = [Interpolation::Linear, Interpolation::Cubic];
    const SIZES: [[usize; 2]; 6] = [[1, 1], [13, 11], [7, 5], [26, 22], [3, 41], [60, 2]];

    fn each(mut check: impl FnMut([usize; 4], [usize; 2], Interpolation)) {
        for ([height, width], to) in SIZES.into_iter().flat_map(|from| SIZES.map(|to| (from, to))) {
            for (batch, channels) in [(1, 3), (2, 1), (1, 0), (0, 3)] {
                for interpolation in BOTH {
                    check([batch, height, width, channels], to, interpolation);
                }
            }
        }
    }

    fn taps([from, to]: [[usize; 2]; 2], interpolation: Interpolation) -> [Taps; 2] {
        [0, 1].map(|axis| Taps::new(from[axis], to[axis], interpolation))
    }

    #[test]
    fn resized_images_agree_with_the_literal_version() {
        each(|shape @ [batch, height, width, channels], to, interpolation| {
            let [rows, columns] = taps([[height, width], to], interpolation);
            let input = test_values(shape.iter().product(), 1);
            let mut output = vec![9.0; batch * to[0] * to[1] * channels];
            resize(shape, &rows, &columns, &input, &mut output);
            assert_close(&output, &reference::resize(shape, to, interpolation, &input), 1e-6);
        });
    }

    #[test]
    fn the_gradient_agrees_with_the_literal_version_and_is_the_adjoint() {
        each(|shape @ [batch, height, width, channels], to, interpolation| {
            let [rows, columns] = taps([[height, width], to], interpolation);
            let resized = [batch, to[0], to[1], channels];
            let gradient = test_values(resized.iter().product(), 2);
            let input = test_values(shape.iter().product(), 1);
            let (mut output, mut back) = (vec![9.0; gradient.len()], vec![9.0; input.len()]);
            resize(resized, &rows.transposed(), &columns.transposed(), &gradient, &mut back);
            assert_close(&back, &reference::resize_backward(shape, to, interpolation, &gradient), 1e-6);
            resize(shape, &rows, &columns, &input, &mut output);
            let dot = |a: &[f32], b: &[f32]| -> f64 {
                a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
            };
            assert_relative_eq!(dot(&output, &gradient), dot(&input, &back), epsilon = 1e-5);
        });
    }

    #[test]
    fn nothing_is_clamped_and_the_same_size_is_a_copy() {
        let values: Vec<f32> = test_values(60, 1).iter().map(|x| 1e3 * x).collect();
        let [rows, columns] = taps([[4, 5]; 2], Interpolation::Cubic);
        let mut output = vec![0.0; 60];
        resize([1, 4, 5, 3], &rows, &columns, &values, &mut output);
        assert_eq!(output, values);
        // Between -1000 and 1000, the cubic goes beyond both.
        let [rows, columns] = taps([[1, 4], [1, 16]], Interpolation::Cubic);
        let mut output = [0.0; 16];
        resize([1, 1, 4, 1], &rows, &columns, &[-1e3, -1e3, 1e3, 1e3], &mut output);
        assert!(output.iter().any(|&x| x > 1e3) && output.iter().any(|&x| x < -1e3), "{output:?}");
    }
}
