//! Sums over whole slices, in double precision and in an order that the length alone decides.

use rayon::prelude::*;

/// Floats that one partial sum covers.
pub(crate) const CHUNK: usize = 16 * 1024;
/// Independent sums within a chunk, so that the compiler may use wide registers.
const LANES: usize = 16;

/// The sum of all values.
pub fn sum(values: &[f32]) -> f64 {
    let partials: Vec<f64> =
        values.par_chunks(CHUNK).map(|chunk| in_lanes(chunk.iter().copied().map(f64::from))).collect();
    total(partials.into_iter())
}

/// The sum over all positions of each channel of `positions x channels` values.
///
/// # Panics
/// If the lengths do not fit.
pub fn channel_sums(values: &[f32], output: &mut [f32]) {
    let channels = output.len();
    assert_eq!(values.len() % channels.max(1), 0, "{channels} channels");
    let positions = (CHUNK / channels.max(1)).max(1);
    let partials: Vec<Vec<f64>> = values
        .par_chunks((positions * channels).max(1))
        .map(|chunk| {
            let mut sums = vec![0.0; channels];
            for row in chunk.chunks_exact(channels) {
                sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            sums
        })
        .collect();
    for (channel, to) in output.iter_mut().enumerate() {
        *to = total(partials.iter().map(|sums| sums[channel])) as f32;
    }
}

/// The sum of partial sums, in their order. Of none it is 0; the standard library's sum would be -0, and be printed so.
pub(crate) fn total(partials: impl Iterator<Item = f64>) -> f64 {
    partials.fold(0.0, |sum, partial| sum + partial)
}

/// The sum of a chunk's values, value `i` in lane `i % LANES`.
fn in_lanes(mut values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let mut lanes = [0.0; LANES];
    for _ in 0..values.len() / LANES {
        lanes.iter_mut().zip(values.by_ref()).for_each(|(lane, value)| *lane += value);
    }
    let rest: f64 = values.sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::{channel_sums, sum};
    use crate::reference::test_values;
    use approx::assert_relative_eq;

    #[test]
    fn sums_agree_with_the_plain_loop() {
        for len in [0, 1, 15, 16, 17, 40_000] {
            let a = test_values(len, 1);
            let plain: f64 = a.iter().copied().map(f64::from).sum();
            assert_relative_eq!(sum(&a), plain, max_relative = 1e-12, epsilon = 1e-9);
        }
    }

    #[test]
    fn nothing_sums_to_positive_zero() {
        let mut sums = [9.0];
        channel_sums(&[], &mut sums);
        assert_eq!([sum(&[]), sums[0].into()].map(f64::to_bits), [0; 2]);
    }

    #[test]
    fn channels_are_summed_apart() {
        let mut output = [0.0; 3];
        let values: Vec<f32> = (0..60_000).map(|i| (i % 3) as f32).collect();
        channel_sums(&values, &mut output);
        assert_eq!(output, [0.0, 20_000.0, 40_000.0]);
    }
}
