//! An estimate of the time of VGG-19's convolutions, from data sheets and counts.

use anyhow::{Context, Result};

use super::evidence::Kernels;

/// A GPU as its maker describes it, without sparsity.
pub(super) struct Gpu {
    pub(super) name: &'static str,
    /// FLOP/s of the f32 cores.
    pub(super) f32_peak: f64,
    /// FLOP/s of the tensor cores on TF32.
    pub(super) tf32_peak: f64,
    /// Bytes a second.
    pub(super) bandwidth: f64,
    /// Cycles between two HMMA.1688 of one scheduler at that peak: 2048 FLOP, over those of a scheduler in a cycle.
    pub(super) mma_cycles: f64,
}

/// NVIDIA H100 Tensor Core GPU Architecture (white paper, 2022), table of H100's specifications: 132 multiprocessors, 4
/// schedulers each; 494.7 TFLOP/s at 1830 MHz are 512 FLOP a cycle of one scheduler.
pub(super) const H100: Gpu =
    Gpu { name: "H100 SXM", f32_peak: 66.9e12, tf32_peak: 494.7e12, bandwidth: 3.35e12, mma_cycles: 4.0 };
/// NVIDIA Ampere GA102 GPU Architecture (white paper, 2020), appendix: 82 multiprocessors, 4 schedulers each; 35.6 TFLOP/s
/// at 1695 MHz are 64 FLOP a cycle of one scheduler.
pub(super) const RTX_3090: Gpu =
    Gpu { name: "RTX 3090", f32_peak: 35.6e12, tf32_peak: 35.6e12, bandwidth: 936e9, mma_cycles: 32.0 };

/// A convolution of VGG-19.
#[derive(Clone, Copy)]
pub(super) struct Layer {
    pub(super) name: &'static str,
    /// Of the square it is computed on, for a picture of 512 pixels.
    pub(super) side: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// As deep as `relu5_1`, the deepest layer that the presets use.
pub(super) const LAYERS: [Layer; 13] = [
    layer("conv1_1", 512, 3, 64),
    layer("conv1_2", 512, 64, 64),
    layer("conv2_1", 256, 64, 128),
    layer("conv2_2", 256, 128, 128),
    layer("conv3_1", 128, 128, 256),
    layer("conv3_2", 128, 256, 256),
    layer("conv3_3", 128, 256, 256),
    layer("conv3_4", 128, 256, 256),
    layer("conv4_1", 64, 256, 512),
    layer("conv4_2", 64, 512, 512),
    layer("conv4_3", 64, 512, 512),
    layer("conv4_4", 64, 512, 512),
    layer("conv5_1", 32, 512, 512),
];

const fn layer(name: &'static str, side: usize, inputs: usize, outputs: usize) -> Layer {
    Layer { name, side, inputs, outputs }
}

impl Layer {
    /// One way, forward or backward to the data: a multiplication and an addition each.
    pub(super) fn flops(self) -> f64 {
        2.0 * 9.0 * (self.side * self.side * self.inputs * self.outputs) as f64
    }

    /// What must be read or written once, one way: what goes in, the filters and what comes out, in f32.
    pub(super) fn bytes(self) -> f64 {
        let values = self.side * self.side * (self.inputs + self.outputs) + 9 * self.inputs * self.outputs;
        4.0 * values as f64
    }
}

/// A rate and a bandwidth that the kernels can reach at most.
pub(super) struct Roofline {
    pub(super) title: String,
    /// Of the peak, 0 to 1: forward, backward.
    pub(super) fractions: [f64; 2],
    peak: f64,
    bandwidth: f64,
}

impl Roofline {
    /// In f32. A scheduler issues one instruction a cycle, and one FFMA a cycle is the peak of both GPUs.
    pub(super) fn f32(gpu: &Gpu, kernels: &Kernels) -> Result<Self> {
        let fractions = shares(kernels, ["conv2d", "conv2d_gated"])?;
        Ok(Self {
            title: format!("{} f32", gpu.name),
            fractions,
            peak: gpu.f32_peak,
            bandwidth: gpu.bandwidth,
        })
    }

    /// In TF32. A product on the tensor core takes many cycles, in which the scheduler issues other instructions.
    pub(super) fn tf32(gpu: &Gpu, kernels: &Kernels) -> Result<Self> {
        let fractions = shares(kernels, ["conv2d_tf32", "conv2d_gated_tf32"])?
            .map(|share| (share * gpu.mma_cycles).min(1.0));
        Ok(Self {
            title: format!("{} TF32", gpu.name),
            fractions,
            peak: gpu.tf32_peak,
            bandwidth: gpu.bandwidth,
        })
    }

    /// Seconds of a layer forward or backward, and whether memory takes more of them than the multiplications.
    pub(super) fn seconds(&self, layer: Layer, way: usize) -> (f64, bool) {
        let computing = layer.flops() / (self.peak * self.fractions[way]);
        let moving = layer.bytes() / self.bandwidth;
        (computing.max(moving), moving > computing)
    }
}

/// The share of multiplications in the inner loops of these kernels.
fn shares(kernels: &Kernels, [forward, backward]: [&str; 2]) -> Result<[f64; 2]> {
    let share = |name: &str| -> Result<f64> {
        let hot_loop = kernels.get(name).and_then(|evidence| evidence.hot_loop);
        Ok(hot_loop.with_context(|| format!("the estimate needs the inner loop of {name}"))?.1.share())
    };
    Ok([share(forward)?, share(backward)?])
}

#[cfg(test)]
mod tests {
    use super::{H100, LAYERS, RTX_3090, Roofline};
    use crate::kernels::document::tests::kernels;

    fn close(value: f64, expected: f64) -> bool {
        (value / expected - 1.0).abs() < 1e-3
    }

    /// `conv1_2`: 512 x 512 x 64 x 64 x 9 multiply-adds are 19.33 GFLOP; 2 x 64 MiB and 144 KiB move.
    #[test]
    fn counts_are_those_of_the_layer() {
        assert!(close(LAYERS[1].flops(), 19.327e9));
        assert!(close(LAYERS[1].bytes(), 134.365e6));
    }

    /// The kernels of the test have a share of 0.8 everywhere.
    #[test]
    fn the_slower_of_computing_and_moving_counts() {
        let f32 = Roofline::f32(&H100, &kernels()).unwrap();
        let (seconds, moves) = f32.seconds(LAYERS[1], 0);
        assert!(close(seconds, 19.327e9 / (66.9e12 * 0.8)) && !moves);
        // conv1_1: 0.906 GFLOP, 70.26 MB.
        let (seconds, moves) = f32.seconds(LAYERS[0], 1);
        assert!(close(seconds, 70.26e6 / 3.35e12) && moves);
        assert_eq!(Roofline::tf32(&RTX_3090, &kernels()).unwrap().fractions, [1.0, 1.0]);
    }

    #[test]
    fn an_estimate_needs_the_kernels_it_is_of() {
        let mut others = kernels();
        others.remove("conv2d_gated");
        let error = Roofline::f32(&H100, &others).err().unwrap();
        assert_eq!(error.to_string(), "the estimate needs the inner loop of conv2d_gated");
    }
}
