//! A VGG's layer in double precision, literally, where a fast one has made the decisions of its ReLU and its pooling.

use nst_tensor::{Filter, Gate, Tensor};

/// A 3x3 convolution with stride one and a border of zeros of one image `[height, width, channels]`.
pub(crate) struct Convolution {
    /// `[tap][input channel][output channel]`.
    taps: Vec<f64>,
    inputs: usize,
    outputs: usize,
}

impl Convolution {
    /// From a filter `[outputs, inputs, 3, 3]`.
    pub(crate) fn new(oihw: &[f32], [outputs, inputs]: [usize; 2]) -> Self {
        Self::from_fn([inputs, outputs], |tap, i, o| f64::from(oihw[(o * inputs + i) * 9 + tap]))
    }

    /// The one that takes a gradient of the output to that of the input: rotated by half a turn, its channels swapped.
    pub(crate) fn backward(&self) -> Self {
        Self::from_fn([self.outputs, self.inputs], |tap, o, i| {
            self.taps[((8 - tap) * self.inputs + i) * self.outputs + o]
        })
    }

    fn from_fn([inputs, outputs]: [usize; 2], value: impl Fn(usize, usize, usize) -> f64) -> Self {
        let at = |at: usize| value(at / outputs / inputs, at / outputs % inputs, at % outputs);
        Self { taps: (0..9 * inputs * outputs).map(at).collect(), inputs, outputs }
    }

    /// The sums of products, `[height, width, outputs]`.
    pub(crate) fn apply(&self, [height, width]: [usize; 2], input: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; height * width * self.outputs];
        for (position, sums) in sums.chunks_exact_mut(self.outputs).enumerate() {
            for tap in 0..9 {
                let (y, x) = (position / width + tap / 3, position % width + tap % 3);
                if !(1..=height).contains(&y) || !(1..=width).contains(&x) {
                    continue;
                }
                let pixel = &input[((y - 1) * width + x - 1) * self.inputs..][..self.inputs];
                for (input, value) in pixel.iter().enumerate() {
                    let filter = &self.taps[(tap * self.inputs + input) * self.outputs..][..self.outputs];
                    sums.iter_mut().zip(filter).for_each(|(sum, filter)| *sum += value * filter);
                }
            }
        }
        sums
    }
}

/// The decisions of one layer.
pub(crate) struct Decisions {
    /// How much of each convolution's output passes, `[height, width, channels]`: 0 or 1, of average pooling a quarter.
    passed: Vec<f32>,
    width: usize,
    channels: usize,
    pooled: bool,
}

impl Decisions {
    /// Those of a gate, for a layer of `[height, width, channels]`: what comes through of a gradient of ones, by way of
    /// a convolution that copies its input.
    pub(crate) fn of(gate: &Gate, ones: &Tensor, [height, width, channels]: [usize; 3]) -> Self {
        let identity: Vec<f32> =
            (0..channels * channels).map(|at| f32::from(at % channels == at / channels)).collect();
        let passed = Tensor::new(ones.device(), [channels, channels, 1, 1], &identity)
            .and_then(|identity| Filter::new(&identity))
            .and_then(|copy| ones.conv2d_backward_data(gate, &copy, 0, &[1, height, width, channels].into()))
            .and_then(|passed| passed.to_vec())
            .expect("decisions");
        Self { passed, width, channels, pooled: gate.pooling().is_some() }
    }

    /// Where the value at `at` of the convolution's output is stored.
    fn stored_at(&self, at: usize) -> usize {
        if !self.pooled {
            return at;
        }
        let (position, channel) = (at / self.channels, at % self.channels);
        let (y, x) = (position / self.width, position % self.width);
        ((y / 2) * (self.width / 2) + x / 2) * self.channels + channel
    }

    /// What the layer stores of the convolution's outputs, `len` values. Of a window one value passes, or a quarter of
    /// each.
    pub(crate) fn stored(&self, outputs: &[f64], len: usize) -> Vec<f64> {
        let mut stored = vec![0.0; len];
        for (at, (output, &passed)) in outputs.iter().zip(&self.passed).enumerate() {
            if passed != 0.0 {
                stored[self.stored_at(at)] += output * f64::from(passed);
            }
        }
        stored
    }

    /// The gradient of the convolution's outputs, from that of what is stored.
    pub(crate) fn backward(&self, gradient: &[f64]) -> Vec<f64> {
        let back = |(at, &passed): (usize, &f32)| {
            if passed == 0.0 { 0.0 } else { gradient[self.stored_at(at)] * f64::from(passed) }
        };
        self.passed.iter().enumerate().map(back).collect()
    }
}

/// `FᵀF` of features of so many channels.
pub(crate) fn gram(channels: usize, features: &[f64]) -> Vec<f64> {
    let mut gram = vec![0.0; channels * channels];
    for pixel in features.chunks_exact(channels) {
        for (row, a) in gram.chunks_exact_mut(channels).zip(pixel) {
            row.iter_mut().zip(pixel).for_each(|(sum, b)| *sum += a * b);
        }
    }
    gram
}

/// The gradient of the features, from that of their Gram matrix, which is symmetric.
pub(crate) fn gram_backward(channels: usize, features: &[f64], gradient: &[f64]) -> Vec<f64> {
    let mut back = vec![0.0; features.len()];
    for (pixel, back) in features.chunks_exact(channels).zip(back.chunks_exact_mut(channels)) {
        for (row, a) in gradient.chunks_exact(channels).zip(pixel) {
            back.iter_mut().zip(row).for_each(|(sum, b)| *sum += 2.0 * a * b);
        }
    }
    back
}
