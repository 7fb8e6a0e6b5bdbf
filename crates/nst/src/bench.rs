//! How long an evaluation of the objective takes, layer by layer.
//!
//! The parts are not timed apart but where they run: in whole evaluations, on a device that keeps the time of each
//! operation ([`Counting`]), and is waited for after it. Caches and memory are then in the state that a run finds them in, and
//! the parts add up.

mod inputs;

use crate::config::{Model, Pooling};
use crate::{Config, Error, Inputs, Objective, Result};
use nst_tensor::{Counting, Device, Tensor};
use nst_vgg::{Architecture, Layer};
use nst_weights::Weights;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

pub use inputs::random_weights;

/// Evaluations that come before the first that counts: they pack filters, fill workspaces and let the device plan.
const WARM_UP: usize = 2;

/// What was measured. Times are medians over the evaluations, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// The network.
    pub network: String,
    /// Where its weights come from.
    pub weights: String,
    /// Width and height of the picture.
    pub size: usize,
    /// Evaluations that were timed.
    pub evaluations: usize,
    /// The convolutions in the network's order, up to the deepest that the losses need, each with its bias and ReLU, and
    /// with the pooling at the end of a block.
    pub convolutions: Vec<PartTime>,
    /// The Gram matrices of the style layers, in the network's order.
    pub grams: Vec<PartTime>,
    /// All other operations on the device: losses, the conversion of pixels.
    pub other_seconds: f64,
    /// A whole evaluation: the loss and its gradient with respect to the picture.
    pub evaluation_seconds: f64,
    /// The most bytes that tensors and filters took on the device.
    pub tensor_bytes: usize,
}

/// One operation and its gradient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartTime {
    /// The layer, such as `conv3_1`, or `relu3_1` of a Gram matrix.
    pub layer: String,
    /// Rows of its input.
    pub height: usize,
    /// Columns of its input.
    pub width: usize,
    /// Channels of its input.
    pub in_channels: usize,
    /// Channels of its output; of a Gram matrix the same.
    pub out_channels: usize,
    /// Multiplications and additions of the plain algorithm, each way: `2 * 9 * in * out * height * width` of a
    /// convolution, `2 * channels² * height * width` of a Gram matrix. A device may do with fewer.
    pub flops: f64,
    /// The operation.
    pub forward_seconds: f64,
    /// Its gradient with respect to its input.
    pub backward_seconds: f64,
}

impl BenchReport {
    /// All parts together. Medians of parts need not add up to the median of the whole exactly; what is missing besides
    /// happens between the operations.
    pub fn sum_of_parts_seconds(&self) -> f64 {
        let parts = self.convolutions.iter().chain(&self.grams);
        self.other_seconds + parts.map(|part| part.forward_seconds + part.backward_seconds).sum::<f64>()
    }
}

/// Times evaluations of the objective with the default losses, on pictures of `size x size` pixels that are made for it.
///
/// # Errors
/// If the size is out of range, the network lacks a layer, or the device fails.
pub fn bench(
    weights: Weights,
    size: usize,
    pooling: Pooling,
    device: &Device,
    evaluations: NonZeroUsize,
) -> Result<BenchReport> {
    let model = match weights.architecture {
        Architecture::Vgg16 => Model::Vgg16,
        Architecture::Vgg19 => Model::Vgg19,
    };
    // Each layer once: seen at one size.
    let config = Config { size, model, pooling, seen_from: 0, ..Config::default() };
    let mut convolutions = convolutions(&config, &weights);
    let mut grams = grams(&config, &convolutions);
    let (network, source) = (weights.architecture.to_string(), weights.source.clone());

    let counting = Counting::of(device);
    let [content, style] = [inputs::stripes(5, 3)?, inputs::stripes(2, 7)?];
    let inputs = Inputs { content: Some(content), styles: vec![style], init: None, weights };
    let (objective, start) = Objective::prepare(&config, inputs, &Device::new(counting.clone()))?;
    let x = objective.variable(&start)?;
    for _ in 0..WARM_UP {
        objective.evaluate(&x)?;
    }
    let counts = [convolutions.len(), grams.len()];
    let samples = (0..evaluations.get()).map(|_| sample(&objective, &x, &counting, counts));
    let mut medians = medians(&samples.collect::<Result<Vec<_>>>()?).into_iter();
    let mut next = || medians.next().unwrap_or(f64::NAN);
    let (evaluation_seconds, other_seconds) = (next(), next());
    for part in convolutions.iter_mut().chain(&mut grams) {
        (part.forward_seconds, part.backward_seconds) = (next(), next());
    }
    Ok(BenchReport {
        network,
        weights: source,
        size,
        evaluations: evaluations.get(),
        convolutions,
        grams,
        other_seconds,
        evaluation_seconds,
        tensor_bytes: device.memory().peak,
    })
}

/// The convolutions that the losses need, yet without times.
fn convolutions(config: &Config, weights: &Weights) -> Vec<PartTime> {
    // None where a layer is missing, which `Objective::prepare` tells.
    let count = config.convolutions(weights.architecture).unwrap_or(0);
    Layer::convolutions(weights.architecture)
        .zip(&weights.convolutions)
        .take(count)
        .map(|(layer, convolution)| {
            let [out_channels, in_channels, ..] = convolution.shape;
            let side = config.size / layer.minimum_side();
            PartTime::new(layer.to_string(), side, [in_channels, out_channels], 9)
        })
        .collect()
}

/// The Gram matrices of the style layers, yet without times.
fn grams(config: &Config, convolutions: &[PartTime]) -> Vec<PartTime> {
    let mut layers: Vec<Layer> = config.style_layers.used().map(|(layer, _)| layer).collect();
    layers.sort_unstable();
    let of_layer = |layer: Layer| {
        let name = layer.to_string();
        let convolution =
            convolutions.iter().find(|part| part.layer.ends_with(name.trim_start_matches("relu")))?;
        Some(PartTime::new(name, convolution.height, [convolution.out_channels; 2], 1))
    };
    layers.into_iter().filter_map(of_layer).collect()
}

impl PartTime {
    fn new(layer: String, side: usize, [in_channels, out_channels]: [usize; 2], taps: usize) -> Self {
        let flops = 2.0 * (taps * in_channels * out_channels) as f64 * (side * side) as f64;
        let (height, width) = (side, side);
        let (forward_seconds, backward_seconds) = (f64::NAN, f64::NAN);
        Self { layer, height, width, in_channels, out_channels, flops, forward_seconds, backward_seconds }
    }
}

/// The times of one evaluation: the whole, operations that are no parts, then each part forward and backward.
fn sample(
    objective: &Objective,
    x: &Tensor,
    counting: &Counting,
    [convolutions, grams]: [usize; 2],
) -> Result<Vec<f64>> {
    counting.forget();
    let start = Instant::now();
    let result = objective.evaluate(x)?;
    let whole = start.elapsed();
    drop(result);
    // The conversion to the network's pixels, which is a convolution as well, comes before all others and its gradient
    // after theirs.
    let [mut forward, mut backward] = ["conv2d", "conv2d_backward_data"].map(|name| counting.times(name));
    forward.drain(..forward.len().saturating_sub(convolutions));
    backward.truncate(convolutions);
    let [gram, gram_backward] = ["gram", "gram_backward"].map(|name| counting.times(name));
    if [forward.len(), backward.len(), gram.len(), gram_backward.len()]
        != [convolutions, convolutions, grams, grams]
    {
        return Err(Error::Missing("an evaluation that ran each layer once, forward and backward"));
    }
    let pair = |(forward, backward): (Duration, Duration)| [forward, backward];
    let parts: Vec<Duration> = forward
        .into_iter()
        .zip(backward.into_iter().rev())
        .chain(gram.into_iter().zip(gram_backward.into_iter().rev()))
        .flat_map(pair)
        .collect();
    let all: Duration = Counting::OPERATIONS.iter().flat_map(|name| counting.times(name)).sum();
    let other = all.saturating_sub(parts.iter().sum());
    Ok([whole, other].into_iter().chain(parts).map(|time| time.as_secs_f64()).collect())
}

/// The median of each column; of an even number the mean of the two in the middle.
fn medians(samples: &[Vec<f64>]) -> Vec<f64> {
    let columns = samples.first().map_or(0, Vec::len);
    let median = |column: usize| {
        let mut values: Vec<f64> = samples.iter().map(|sample| sample[column]).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        f64::midpoint(values[low], values[high])
    };
    (0..columns).map(median).collect()
}

#[cfg(test)]
mod tests {
    use super::{bench, medians};
    use crate::config::Pooling;
    use crate::{Device, Weights};
    use nst_weights::ReadOptions;
    use std::num::NonZeroUsize;

    #[test]
    fn every_part_is_timed_and_none_takes_longer_than_the_whole() {
        let weights = Weights::embedded().unwrap();
        let device = Device::cpu();
        let report = bench(weights, 37, Pooling::Max, &device, NonZeroUsize::MIN).unwrap();
        assert_eq!((report.network.as_str(), report.size, report.evaluations), ("vgg16", 37, 1));
        let layers: Vec<&str> = report.convolutions.iter().map(|part| part.layer.as_str()).collect();
        assert_eq!((layers.len(), layers[0], layers[4], layers[10]), (11, "conv1_1", "conv3_1", "conv5_1"));
        let conv3_1 = &report.convolutions[4];
        assert_eq!((conv3_1.height, conv3_1.in_channels, conv3_1.out_channels), (9, 128, 256));
        assert_eq!(conv3_1.flops, 2.0 * 9.0 * 128.0 * 256.0 * 81.0);
        let grams: Vec<_> =
            report.grams.iter().map(|part| (part.layer.as_str(), part.width, part.flops)).collect();
        assert_eq!((grams.len(), grams[1]), (5, ("relu2_1", 18, 2.0 * 128.0 * 128.0 * 324.0)));
        for part in report.convolutions.iter().chain(&report.grams) {
            assert!(part.forward_seconds > 0.0 && part.backward_seconds > 0.0, "{part:?}");
        }
        // Of a single evaluation, the parts cannot take longer than the whole.
        let sum = report.sum_of_parts_seconds();
        assert!(report.other_seconds > 0.0 && sum < report.evaluation_seconds, "{sum} {report:?}");
        assert!(report.tensor_bytes > 37 * 37 * 64 * size_of::<f32>());
        assert!(report.tensor_bytes >= device.memory().in_use);
    }

    #[test]
    fn what_is_too_small_or_too_large_is_refused() {
        let options = ReadOptions { convolutions: Some(11), ..ReadOptions::default() };
        let weights = Weights::embedded_with(&options).unwrap();
        for (size, words) in [(0, "size: must be"), (15, "too small: layer relu5_1"), (65_535, "size: makes")]
        {
            let error =
                bench(weights.clone(), size, Pooling::Max, &Device::cpu(), NonZeroUsize::MIN).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn medians_are_taken_by_column() {
        let samples = [[3.0, 1.0], [1.0, 2.0], [2.0, 9.0]].map(Vec::from);
        assert_eq!(medians(&samples), [2.0, 2.0]);
        assert_eq!(medians(&samples[..2]), [2.0, 1.5]);
    }
}
