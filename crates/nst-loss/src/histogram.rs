//! How far each channel's distribution of values is from the style image's.

use crate::transport::{Line, Quantiles};
use crate::{Error, Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::{Binning, Tensor, Zip};
use std::sync::Arc;

/// The mean over channels of the squared 2-Wasserstein distance between the channel's values and the style's: the histogram
/// loss of Risser, Wilmot and Barnes 2017 ("Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram
/// Losses", section 4.1), scaled as a mean. In the units of squared features, as the content loss.
///
/// The paper's loss is the mean of `(F - R(F))²`, where R brings the values of each channel to the style's histogram. R keeps
/// their order, as the cheapest transport on a line does, so that is the distance; and the paper's gradient, with R held fixed,
/// is its gradient, because the cheapest transport changes by nothing of first order. Where the paper sorts (or counts) to find
/// R(F), here the histogram itself is the statistic: a sum over positions, of which the value is a function.
///
/// Values are counted on [`HistogramLoss::BINS`] bins of each channel's own, which span 0 and all values of the style, with room
/// for greater ones. So a value is drawn to its target as the middle between its two bins would be: the error is half their
/// distance, at most. Beyond the bins the pull does not end, but grows no more. Of fewer positions than bins each value draws its
/// own rank along, so that its slope goes up and down from bin to bin, by as much as neighbours in rank differ: value and
/// gradient are those of one function, but a rougher one.
#[derive(Clone, Debug)]
pub struct HistogramLoss {
    grid: Tensor,
    channels: Arc<[(Line, Quantiles)]>,
}

impl HistogramLoss {
    /// As many as the paper's.
    pub const BINS: usize = 256;
    /// Levels of the quantile function. More than bins, because after a ReLU most of a channel's values may be 0, and all that
    /// tells styles apart lies in the few levels above.
    pub const LEVELS: usize = 1024;

    /// The descriptor of features `[.., channels]`, to be a target: `[LEVELS + 2, channels]`, each channel's least value, the
    /// means of its values between the quantiles `q / LEVELS` and `(q + 1) / LEVELS`, by their weights, and its greatest value.
    /// Blend styles by averaging descriptors: that is the distribution between them whose mean squared distance to them is least
    /// (the 1D Wasserstein barycentre). Values come to the host and are sorted there, one time for each style.
    ///
    /// # Errors
    /// If there is no position, the guide has others, or the device fails.
    pub fn descriptor(features: &Tensor, guide: Option<&Guide>) -> Result<Tensor> {
        let (shape, channels) = (features.shape(), features.shape().channels());
        let weights = guide.map(|guide| guide.column(shape)).transpose()?.map(Tensor::to_vec).transpose()?;
        if shape.positions() == 0 {
            return Err(mismatch("features of some position", shape.to_string()));
        }
        let values = features.to_vec()?;
        let mut descriptor = vec![0.0; (Self::LEVELS + 2) * channels];
        for channel in 0..channels {
            let column = values.iter().skip(channel).step_by(channels).enumerate();
            let weight = |position: usize| weights.as_ref().map_or(1.0, |weights| weights[position]);
            let weighted = column.map(|(position, &value)| (value, weight(position)));
            let mut weighted: Vec<(f32, f32)> = weighted.filter(|(_, weight)| *weight > 0.0).collect();
            weighted.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
            let ends = [weighted.first(), weighted.last()].map(|end| end.map_or(0.0, |(value, _)| *value));
            let rows = [ends[0]].into_iter().chain(slab_means(&weighted)).chain([ends[1]]);
            for (row, value) in rows.enumerate() {
                descriptor[row * channels + channel] = value;
            }
        }
        Ok(Tensor::new(features.device(), [Self::LEVELS + 2, channels], &descriptor)?)
    }

    /// The loss toward a style's descriptor.
    ///
    /// # Errors
    /// If the descriptor has another shape than [`HistogramLoss::descriptor`]'s, or the device fails.
    pub fn new(target: &Tensor) -> Result<Self> {
        let channels = target.shape().channels();
        if *target.shape().dims() != [Self::LEVELS + 2, channels] {
            let expected = format!("a descriptor [{}, channels]", Self::LEVELS + 2);
            return Err(mismatch(expected, target.shape().to_string()));
        }
        let values = target.to_vec()?;
        let column = |channel: usize| values.iter().skip(channel).step_by(channels).copied();
        let spans: Vec<(f32, f32)> = (0..channels)
            .map(|channel| column(channel).fold((0.0, 0.0), |(low, high), x| (x.min(low), x.max(high))))
            .collect();
        let widest = spans.iter().fold(0.0f32, |widest, (low, high)| widest.max(high - low));
        let grid: Vec<(f32, f32)> = spans.iter().map(|&span| bins(span, widest)).collect();
        let lines = grid
            .iter()
            .map(|&(first, per_unit)| Line { first: first.into(), width: 1.0 / f64::from(per_unit) });
        let quantiles = |channel: usize| {
            Quantiles::new(column(channel).skip(1).take(Self::LEVELS).map(f64::from).collect())
        };
        let of_channels = lines.enumerate().map(|(channel, line)| (line, quantiles(channel))).collect();
        let rows: Vec<f32> =
            grid.iter().map(|(first, _)| *first).chain(grid.iter().map(|(_, per_unit)| *per_unit)).collect();
        let grid = Tensor::new(target.device(), [2, channels], &rows)?;
        Ok(Self { grid, channels: of_channels })
    }

    /// The value and its gradient with respect to a histogram over so many positions.
    fn transport(&self, histogram: &[f32], positions: f64) -> (f64, Vec<f32>) {
        let channels = self.channels.len();
        let mut gradient = vec![0.0; histogram.len()];
        let mut masses = vec![0.0; Self::BINS];
        let mut value = 0.0;
        for (channel, (line, quantiles)) in self.channels.iter().enumerate() {
            for (mass, count) in masses.iter_mut().zip(histogram.iter().skip(channel).step_by(channels)) {
                *mass = f64::from(*count) / positions;
            }
            value += line.transport(&mut masses, quantiles);
            for (to, mass) in gradient.iter_mut().skip(channel).step_by(channels).zip(&masses) {
                *to = (mass / (positions * channels as f64)) as f32;
            }
        }
        (value / channels as f64, gradient)
    }
}

const NAME: &str = "histogram loss";

/// Bins below the span of the style's values and 0. After a ReLU nothing gets there.
const BELOW: usize = 16;
/// Bins above it: half the span. Contrast that the style lacks must be drawn back from there.
const ABOVE: usize = 80;
/// No channel's span is taken for less than this share of the widest one's: what the image has in a channel that the style does
/// not use is not on the scale of the style's values there.
const LEAST_SPAN: f32 = 0.25;

/// The value of the first bin of a channel, and bins per unit of its values.
fn bins((low, high): (f32, f32), widest: f32) -> (f32, f32) {
    let within = (HistogramLoss::BINS - 1 - BELOW - ABOVE) as f32;
    let span = (high - low).max(LEAST_SPAN * widest);
    // Of a style without features any span will do.
    let per_unit = within / if span > 0.0 { span } else { 1.0 };
    (low - BELOW as f32 / per_unit, per_unit)
}

/// The means of sorted values, by their weights, over equal parts of the weights' sum.
fn slab_means(sorted: &[(f32, f32)]) -> Vec<f32> {
    const LEVELS: usize = HistogramLoss::LEVELS;
    let total = sorted.iter().fold(0.0, |sum, (_, weight)| sum + f64::from(*weight));
    let slab = total / LEVELS as f64;
    let mut sums = vec![(0.0, 0.0); LEVELS];
    let mut before = 0.0;
    for &(value, weight) in sorted {
        let after = before + f64::from(weight);
        let mut level = ((before / slab) as usize).min(LEVELS - 1);
        // A value of much weight reaches over several levels.
        while level < LEVELS && level as f64 * slab < after {
            let end = if level + 1 == LEVELS { after } else { after.min((level + 1) as f64 * slab) };
            let part = (end - before.max(level as f64 * slab)).max(0.0);
            sums[level].0 += part * f64::from(value);
            sums[level].1 += part;
            level += 1;
        }
        before = after;
    }
    sums.into_iter().map(|(sum, weight)| (sum / weight) as f32).collect()
}

fn mismatch(expected: impl Into<String>, got: String) -> Error {
    Error::Mismatch { loss: NAME, expected: expected.into(), got }
}

impl Loss for HistogramLoss {
    /// The histogram of each channel, `[BINS, channels]`.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        let (shape, channels) = (features.value().shape(), self.channels.len());
        if shape.channels() != channels {
            return Err(mismatch(format!("{channels} channels"), shape.to_string()));
        }
        let weights = guide.map(|guide| guide.column(shape)).transpose()?.cloned();
        let binning = Binning { bins: Self::BINS, grid: self.grid.clone(), weights };
        Ok(Statistic {
            sums: vec![features.histogram(&binning)?],
            positions: guide::positions(features, guide),
        })
    }

    /// The histogram comes to the host, which waits for it.
    fn value(&self, statistic: &Statistic) -> Result<Var> {
        statistic.expect(NAME, 1)?;
        let histogram = &statistic.sums[0];
        let (shape, device) = (histogram.value().shape().clone(), histogram.value().device().clone());
        if *shape.dims() != [Self::BINS, self.channels.len()] {
            return Err(mismatch(format!("[{}, {}]", Self::BINS, self.channels.len()), shape.to_string()));
        }
        let (value, gradient) = self.transport(&histogram.value().to_vec()?, statistic.positions);
        let value = Tensor::full(&device, [], value as f32)?;
        Ok(Var::record(value, &[histogram], move |cotangent, _| {
            Ok(vec![Some(Tensor::new(&device, &shape, &gradient)?.zip(&cotangent, Zip::Mul)?)])
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::{HistogramLoss, bins, slab_means};
    use approx::assert_relative_eq;

    #[test]
    fn slabs_hold_what_the_values_hold() {
        // Weights that share levels, and one value that fills half of them.
        let sorted: Vec<(f32, f32)> =
            (0..3000).map(|i| (i as f32 / 100.0, if i == 1000 { 2999.0 } else { 1.0 })).collect();
        let means = slab_means(&sorted);
        assert_eq!(means.len(), HistogramLoss::LEVELS);
        assert!(means.is_sorted() && means[400] == 10.0);
        let mean = |values: &mut dyn Iterator<Item = (f64, f64)>| {
            let (sum, weight) = values.fold((0.0, 0.0), |(sum, all), (x, w)| (sum + w * x, all + w));
            sum / weight
        };
        let expected = mean(&mut sorted.iter().map(|&(x, w)| (x.into(), w.into())));
        assert_relative_eq!(mean(&mut means.iter().map(|&x| (x.into(), 1.0))), expected, max_relative = 1e-6);
        assert_eq!(slab_means(&[(3.0, 0.1)]), vec![3.0; HistogramLoss::LEVELS]);
    }

    #[test]
    fn bins_have_room_around_the_style_s_values() {
        for (low, high) in [(0.0, 8.0), (-3.0, 5.0), (0.0, 0.0), (-1e-9, 0.0)] {
            let (first, per_unit) = bins((low, high), 8.0);
            let last = first + 255.0 / per_unit;
            assert!(first < low && last > high + 0.4 * (high - low) && last - first >= 3.0, "{low} {high}");
        }
        let (first, per_unit) = bins((0.0, 0.0), 0.0);
        assert!(first.is_finite() && per_unit > 0.0);
    }
}
