//! Histograms.

use super::rounded;
use crate::Bins;

/// The bin below a value and the share of the next, in single precision, where it decides which bins count: a value that
/// rounding puts on a bin belongs to the same two as in the fast routine.
fn place(bins: Bins<'_>, channel: usize, value: f32) -> (usize, f64) {
    let at = (value - bins.first[channel]) * bins.per_unit[channel];
    let below = (at.floor().max(0.0) as usize).min(bins.count - 2);
    (below, f64::from(at) - below as f64)
}

/// Calls `visit(index of the value, channel, weight of its position)` for every value.
fn visit(bins: Bins<'_>, values: &[f32], weights: Option<&[f32]>, mut visit: impl FnMut(usize, usize, f64)) {
    let channels = bins.first.len();
    for at in 0..values.len() {
        visit(at, at % channels, weights.map_or(1.0, |weights| weights[at / channels].into()));
    }
}

/// [`crate::histogram`].
pub fn histogram(bins: Bins<'_>, values: &[f32], weights: Option<&[f32]>) -> Vec<f32> {
    let channels = bins.first.len();
    let mut output = vec![0.0; bins.count * channels];
    visit(bins, values, weights, |at, channel, weight| {
        let (below, share) = place(bins, channel, values[at]);
        output[below * channels + channel] += weight * (1.0 - share);
        output[(below + 1) * channels + channel] += weight * share;
    });
    rounded(output)
}

/// [`crate::histogram_backward`].
pub fn histogram_backward(
    bins: Bins<'_>,
    values: &[f32],
    weights: Option<&[f32]>,
    gradient: &[f32],
) -> Vec<f32> {
    let channels = bins.first.len();
    let mut output = vec![0.0; values.len()];
    visit(bins, values, weights, |at, channel, weight| {
        let (below, _) = place(bins, channel, values[at]);
        let of = |bin: usize| f64::from(gradient[bin * channels + channel]);
        output[at] = weight * (of(below + 1) - of(below)) * f64::from(bins.per_unit[channel]);
    });
    rounded(output)
}
