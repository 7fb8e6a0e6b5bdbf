//! Histograms of feature maps, channel by channel, that change smoothly enough to be differentiated.

use crate::reduce::total;
use rayon::prelude::*;

/// Positions that one partial histogram covers.
const CHUNK: usize = 16 * 1024;
/// Channels of one partial histogram: a cache line of floats. With 256 bins it has 32 KB.
const LANES: usize = 16;

/// Equal bins for each channel.
#[derive(Clone, Copy, Debug)]
pub struct Bins<'a> {
    /// How many each channel has, at least 2.
    pub count: usize,
    /// The value of each channel's first bin.
    pub first: &'a [f32],
    /// Bins per unit of each channel's values: the inverse of their distance.
    pub per_unit: &'a [f32],
}

impl Bins<'_> {
    fn channels(&self) -> usize {
        self.first.len()
    }

    /// The bin below a value, and how far the value lies on the way to the next: 0 to 1, beyond the outermost bins less or more.
    #[inline]
    fn place(&self, channel: usize, value: f32) -> (usize, f32) {
        let at = (value - self.first[channel]) * self.per_unit[channel];
        // Not a number is taken for 0 here, and stays one in the share.
        let below = (at.max(0.0) as usize).min(self.count - 2);
        (below, at - below as f32)
    }

    fn check(&self, values: &[f32], weights: Option<&[f32]>, histogram: usize) {
        let channels = self.channels();
        assert!((2..1 << 24).contains(&self.count), "{} bins", self.count);
        assert_eq!(
            (self.per_unit.len(), histogram),
            (channels, self.count * channels),
            "{channels} channels"
        );
        assert_eq!(values.len() % channels.max(1), 0, "{channels} channels");
        if let Some(weights) = weights {
            assert_eq!(weights.len() * channels, values.len(), "a weight for each position");
        }
    }
}

/// The histogram of each channel of `positions x channels` values, as `bins x channels`, each position by its weight (or 1).
/// A value between two bins counts for both, the more the nearer it is (linear binning), so that a channel's mass and mean are
/// kept. One beyond the outermost bins counts for the two nearest by the same formula, for the nearer with more than its weight
/// and for the other with less than nothing.
///
/// # Panics
/// If the lengths do not fit or there are fewer than 2 bins.
pub fn histogram(bins: Bins<'_>, values: &[f32], weights: Option<&[f32]>, output: &mut [f32]) {
    bins.check(values, weights, output.len());
    let channels = bins.channels();
    let positions = values.len() / channels.max(1);
    let (chunks, blocks) = (positions.div_ceil(CHUNK), channels.div_ceil(LANES));
    let partials: Vec<Vec<f64>> = (0..chunks * blocks)
        .into_par_iter()
        .map(|task| {
            let (chunk, first) = (task / blocks, task % blocks * LANES);
            let lanes = first..(first + LANES).min(channels);
            let mut sums = vec![0.0; bins.count * LANES];
            for position in chunk * CHUNK..((chunk + 1) * CHUNK).min(positions) {
                let weight = weights.map_or(1.0, |weights| weights[position]);
                let row = &values[position * channels..][lanes.clone()];
                for (lane, (&value, channel)) in row.iter().zip(lanes.clone()).enumerate() {
                    let (below, share) = bins.place(channel, value);
                    sums[below * LANES + lane] += f64::from(weight * (1.0 - share));
                    sums[(below + 1) * LANES + lane] += f64::from(weight * share);
                }
            }
            sums
        })
        .collect();
    for (at, to) in output.iter_mut().enumerate() {
        let (bin, channel) = (at / channels, at % channels);
        let of_block = partials.iter().skip(channel / LANES).step_by(blocks);
        *to = total(of_block.map(|sums| sums[bin * LANES + channel % LANES])) as f32;
    }
}

/// From the gradient with respect to the [`histogram`], that with respect to the values: the difference of that of the two bins
/// that a value counts for, over their distance.
///
/// # Panics
/// As [`histogram`].
pub fn histogram_backward(
    bins: Bins<'_>,
    values: &[f32],
    weights: Option<&[f32]>,
    gradient: &[f32],
    output: &mut [f32],
) {
    bins.check(values, weights, gradient.len());
    assert_eq!(values.len(), output.len(), "a gradient for each value");
    let channels = bins.channels().max(1);
    let rows = values.par_chunks_exact(channels).zip(output.par_chunks_exact_mut(channels));
    rows.enumerate().for_each(|(position, (values, output))| {
        let weight = weights.map_or(1.0, |weights| weights[position]);
        for (channel, (&value, to)) in values.iter().zip(output).enumerate() {
            let (below, _) = bins.place(channel, value);
            let difference =
                gradient[(below + 1) * channels + channel] - gradient[below * channels + channel];
            *to = weight * difference * bins.per_unit[channel];
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Bins, CHUNK, histogram, histogram_backward};
    use crate::reference::{self, assert_close, test_values};

    #[test]
    fn a_few_values_by_hand() {
        let bins = Bins { count: 3, first: &[1.0], per_unit: &[0.5] };
        // Bins at 1, 3 and 5: on one, a quarter on the way, below the first, above the last.
        for (value, expected) in [
            (3.0, [0.0, 1.0, 0.0]),
            (1.5, [0.75, 0.25, 0.0]),
            (0.0, [1.5, -0.5, 0.0]),
            (6.0, [0.0, -0.5, 1.5]),
        ] {
            let mut output = [9.0; 3];
            histogram(bins, &[value], None, &mut output);
            assert_eq!(output, expected, "{value}");
            histogram(bins, &[value; 3], Some(&[0.5, 0.0, 2.0]), &mut output);
            assert_eq!(output, expected.map(|share| 2.5 * share), "{value}");
        }
        let mut gradient = [9.0; 4];
        let weights = [1.0, 1.0, 2.0, 1.0];
        histogram_backward(bins, &[1.5, 0.0, 4.0, 9.0], Some(&weights), &[1.0, 2.0, 5.0], &mut gradient);
        assert_eq!(gradient, [0.5, 0.5, 3.0, 1.5]);
    }

    #[test]
    fn both_agree_with_the_literal_versions() {
        for (positions, channels, count) in
            [(0, 3, 2), (1, 1, 2), (7, 0, 5), (100, 17, 9), (313, 33, 256), (2 * CHUNK + 5, 3, 7)]
        {
            let values = test_values(positions * channels, 1);
            let weights: Vec<f32> = test_values(positions, 2).iter().map(|weight| weight.abs()).collect();
            let gradient = test_values(count * channels, 3);
            // Some values lie beyond the bins.
            let first: Vec<f32> = test_values(channels, 4).iter().map(|value| 0.3 * value - 0.8).collect();
            let per_unit: Vec<f32> =
                test_values(channels, 5).iter().map(|value| (1.0 + 0.5 * value) * count as f32).collect();
            let bins = Bins { count, first: &first, per_unit: &per_unit };
            for weights in [None, Some(&weights[..])] {
                let mut output = vec![9.0; count * channels];
                histogram(bins, &values, weights, &mut output);
                assert_close(&output, &reference::histogram(bins, &values, weights), 1e-6);
                let mut output = vec![9.0; values.len()];
                histogram_backward(bins, &values, weights, &gradient, &mut output);
                let expected = reference::histogram_backward(bins, &values, weights, &gradient);
                assert_close(&output, &expected, 1e-6);
            }
        }
    }

    /// In single precision a sum of so many equal shares would be off by far more.
    #[test]
    fn a_million_equal_values_are_counted_exactly() {
        let bins = Bins { count: 2, first: &[0.0], per_unit: &[1.0] };
        let mut output = [0.0; 2];
        histogram(bins, &vec![0.3; 1 << 20], None, &mut output);
        let share = |share: f32| (f64::from(share) * f64::from(1 << 20)) as f32;
        assert_eq!(output, [share(1.0 - 0.3), share(0.3)]);
    }

    #[test]
    fn what_is_no_number_is_not_lost() {
        let bins = Bins { count: 4, first: &[0.0], per_unit: &[1.0] };
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut output = [0.0; 4];
            histogram(bins, &[value, 1.0], None, &mut output);
            assert!(output.iter().any(|mass| !mass.is_finite()), "{value}: {output:?}");
        }
    }
}
