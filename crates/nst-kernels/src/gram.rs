//! The Gram matrix of a feature map.

use crate::reduce::total;
use crate::rows::{blocks, padded_rows};
use crate::tile::{Left, MAX_COLUMNS, MAX_ROWS, Right};
use crate::{Isa, Transpose, matmul};
use rayon::prelude::*;
use std::ops::Range;

/// Positions whose features stay in the cache while every tile of the matrix takes its share of them.
const CHUNK: usize = 512;
/// Partial matrices at most: enough for the threads of a large machine, few enough to keep their memory small. A fixed
/// number, so that the order of summation does not depend on the threads.
const PARTIALS: usize = 16;

/// `output[i, j] = sum over positions of features[p, i] * features[p, j]`: FᵀF of a feature map of `positions x channels`
/// (the sum of Gatys, Ecker and Bethge 2015, equation 3, without any normalisation). The result is exactly symmetric.
///
/// # Panics
/// If a slice's length does not fit.
pub fn gram(isa: Isa, channels: usize, features: &[f32], output: &mut [f32]) {
    assert_eq!(output.len(), channels * channels, "Gram matrix of {channels} channels");
    assert_eq!(features.len() % channels.max(1), 0, "feature map of {channels} channels");
    output.fill(0.0);
    if channels == 0 {
        return;
    }
    let positions = features.len() / channels;
    let share = positions.div_ceil(PARTIALS).next_multiple_of(CHUNK);
    let partials: Vec<Vec<f32>> = blocks(positions, share)
        .into_par_iter()
        .map(|block| upper_triangle(isa, channels, features, block))
        .collect();
    output.par_chunks_exact_mut(channels).enumerate().for_each(|(i, row)| {
        for (j, value) in row.iter_mut().enumerate() {
            let at = i.min(j) * channels + i.max(j);
            *value = total(partials.iter().map(|partial| f64::from(partial[at]))) as f32;
        }
    });
}

/// The gradient of [`gram`] with respect to the features: `F (gradient + gradientᵀ)`.
///
/// # Panics
/// If a slice's length does not fit.
pub fn gram_backward(isa: Isa, channels: usize, features: &[f32], gradient: &[f32], output: &mut [f32]) {
    assert_eq!(gradient.len(), channels * channels, "gradient of a Gram matrix of {channels} channels");
    assert_eq!(features.len() % channels.max(1), 0, "feature map of {channels} channels");
    let positions = features.len() / channels.max(1);
    let symmetric: Vec<f32> = (0..channels * channels)
        .map(|at| gradient[at] + gradient[at % channels * channels + at / channels])
        .collect();
    let (features, symmetric) = ((features, Transpose::No), (symmetric.as_slice(), Transpose::No));
    matmul(isa, [positions, channels, channels], features, symmetric, output);
}

/// The products of the positions in `block`; of the lower triangle only what shares a tile with the diagonal.
fn upper_triangle(isa: Isa, channels: usize, features: &[f32], block: Range<usize>) -> Vec<f32> {
    let kernel = isa.tile_kernel();
    let padded = channels.next_multiple_of(kernel.columns);
    let mut partial = vec![0.0; channels * channels];
    for start in block.clone().step_by(CHUNK) {
        let end = (start + CHUNK).min(block.end);
        let values = padded_rows(&features[start * channels..end * channels], None, channels, padded);
        for i in (0..channels).step_by(kernel.rows) {
            let rows = i..(i + kernel.rows).min(channels);
            let bases = std::array::from_fn(|row| (i + row).min(rows.end - 1));
            let left = Left { values: &values, bases, offsets: &[0], run: end - start, step: padded };
            // The first panel of columns that reaches the diagonal or lies above it.
            for j in (i / kernel.columns * kernel.columns..channels).step_by(kernel.columns) {
                let columns = j..(j + kernel.columns).min(channels);
                let right = Right { values: &values[j..], step: padded };
                let mut sums = [0.0; MAX_ROWS * MAX_COLUMNS];
                kernel.add_products(&left, &right, &mut sums);
                for (row, sums) in rows.clone().zip(sums.chunks_exact(kernel.columns)) {
                    let to = &mut partial[row * channels..][columns.clone()];
                    for (to, sum) in to.iter_mut().zip(sums) {
                        *to += sum;
                    }
                }
            }
        }
    }
    partial
}

#[cfg(test)]
mod tests {
    use super::{gram, gram_backward};
    use crate::Isa;
    use crate::reference::{self, test_values};

    #[test]
    fn the_gradient_is_that_of_the_reference() {
        let (positions, channels) = (7, 5);
        let (features, gradient) =
            (test_values(positions * channels, 3), test_values(channels * channels, 4));
        let mut output = vec![1.0; features.len()];
        gram_backward(Isa::best(), channels, &features, &gradient, &mut output);
        // Literally: d/dF[p, i] of sum of gradient[a, b] F[q, a] F[q, b].
        let expected: Vec<f32> = (0..features.len())
            .map(|at| {
                let (p, i) = (at / channels, at % channels);
                (0..channels)
                    .map(|b| {
                        (gradient[i * channels + b] + gradient[b * channels + i]) * features[p * channels + b]
                    })
                    .sum()
            })
            .collect();
        reference::assert_close(&output, &expected, 1e-5);
    }

    #[test]
    fn agrees_with_the_reference_and_is_symmetric() {
        for isa in Isa::available() {
            for (positions, channels) in [(1, 1), (5, 3), (600, 64), (1031, 37), (40, 130), (0, 4), (9000, 8)]
            {
                let features = test_values(positions * channels, 3);
                let mut output = vec![1.0; channels * channels];
                gram(isa, channels, &features, &mut output);
                reference::assert_close(&output, &reference::gram(channels, &features), 1e-5);
                for i in 0..channels {
                    for j in 0..channels {
                        assert_eq!(output[i * channels + j].to_bits(), output[j * channels + i].to_bits());
                    }
                }
            }
        }
    }
}
