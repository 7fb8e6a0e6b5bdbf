//! What L-BFGS takes the inverse Hessian for at first: a gain for each band of spatial frequency and each channel.
//!
//! Losses on a network's features curve far more along fine detail than along what is coarse, and not alike in all channels.
//! L-BFGS finds that out pair by pair. A gain of each band and channel is but a few numbers, which a few pairs tell. docs/convergence.md has what that gains.

use crate::pyramid::{Energy, Pyramid};
use nst_optim::{BoxError, InitialInverse};
use nst_tensor::{Tensor, Zip};

type Result<T> = std::result::Result<T, BoxError>;

/// What the weight of a curvature pair falls to with each new one.
const FADING: f64 = 0.95;
/// How much of the way from the energies' scale to that of the newest pair, 0 to 1, in logarithms.
const CAUTION: f64 = 0.5;
/// The share of a level's energy below which a band has none: a difference of sums in single precision.
const ROUNDING: f64 = 1e-5;

/// An inverse Hessian that multiplies each band of spatial frequency, an octave wide, and each channel of an image by a number: the
/// root of the energy of steps `s` over that of gradient changes `y` there, `√(Σ s² / Σ y²)`, over pairs that fade. It is the
/// geometric mean of the two step lengths of Barzilai and Borwein ("Two-point step size gradient methods", 1988). All together are then
/// scaled towards `s·y / y·Hy`, what the newest pair says.
///
/// With `Rₖ` for what shrinks an image k times to half its size and `nₖ` for the pixels that one of that size stands for, it is
/// `H = Σ (gₖ - gₖ₋₁) nₖ Rₖᵀ Rₖ`, `g₋₁` being 0. Were the `nₖ Rₖᵀ Rₖ` projections, as those of Haar's wavelet are, the gain of band k would
/// be `gₖ`; with a smoother filter neighbouring bands mix a little. Gains never fall from fine to coarse (where they seem to, the
/// finer one's is taken), so that no term is negative and H is symmetric and positive definite.
#[derive(Debug, Default)]
pub(crate) struct BandGains {
    pyramid: Pyramid,
    /// Per band, fine to coarse, and channel.
    energies: Vec<Vec<Energy>>,
    /// Of each level, what its band's gains have beyond those of the one before, times `nₖ`: vectors over channels.
    terms: Vec<Tensor>,
}

impl Energy {
    fn gain_or(self, otherwise: f64) -> f64 {
        let gain = (self.step / self.change).sqrt();
        if gain.is_normal() { gain } else { otherwise }
    }

    /// What a level has beyond the next coarser one.
    fn beyond(self, coarser: Self) -> Self {
        let band = Self { step: self.step - coarser.step, change: self.change - coarser.change };
        let is_there = band.step > ROUNDING * self.step && band.change > ROUNDING * self.change;
        if is_there { band } else { Self::default() }
    }

    fn fade_into(&mut self, new: Self, product: f64) {
        self.step = FADING * self.step + new.step / product;
        self.change = FADING * self.change + new.change / product;
    }
}

impl InitialInverse for BandGains {
    fn apply(&self, vector: &[Tensor]) -> Result<Vec<Tensor>> {
        vector.iter().map(|image| self.amplified(image)).collect()
    }

    fn learn(&mut self, step: &[Tensor], change: &[Tensor], products: [f64; 2]) -> Result<()> {
        let ([step], [change]) = (step, change) else { return Err("gains of bands are one image's".into()) };
        self.learn_image(step, change, products)
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

impl BandGains {
    fn amplified(&self, image: &Tensor) -> Result<Tensor> {
        let levels = self.pyramid.levels(image)?;
        let mut terms = levels.iter().zip(&self.terms).rev().map(|(level, term)| level.zip(term, Zip::Mul));
        let mut sum = terms.next().ok_or("a curvature pair comes before the first use")??;
        for (term, [rows, columns]) in terms.zip(self.pyramid.spread.iter().rev()) {
            sum = term?.zip(&sum.resample(rows, columns)?, Zip::Add)?;
        }
        Ok(sum)
    }

    fn learn_image(&mut self, step: &Tensor, change: &Tensor, [product, square]: [f64; 2]) -> Result<()> {
        let [_, height, width, _] = step.shape().nhwc("bands")?;
        if self.pyramid.size != [height, width] {
            self.pyramid = Pyramid::of([height, width]);
        }
        let levels = self.pyramid.energies(step, change)?;
        self.energies.resize(levels.len(), Vec::new());
        for (band, sums) in self.energies.iter_mut().enumerate() {
            sums.resize(levels[band].len(), Energy::default());
            for (channel, sum) in sums.iter_mut().enumerate() {
                let coarser = levels.get(band + 1).map_or(Energy::default(), |coarser| coarser[channel]);
                sum.fade_into(levels[band][channel].beyond(coarser), product);
            }
        }
        let mut terms = self.differences(product / square);
        let changes = levels.iter().flatten().map(|level| level.change);
        let curvature: f64 = terms.iter().flatten().zip(changes).map(|(term, change)| term * change).sum();
        let scale = (product / curvature).powf(CAUTION);
        terms.iter_mut().flatten().for_each(|term| *term *= scale);
        let vector = |(terms, pixels): (&Vec<f64>, f64)| {
            let values: Vec<f32> = terms.iter().map(|&term| (pixels * term) as f32).collect();
            Tensor::new(step.device(), [values.len()], &values)
        };
        let pixels = self.pyramid.pixels.iter().copied();
        self.terms = terms.iter().zip(pixels).map(vector).collect::<nst_tensor::Result<_>>()?;
        Ok(())
    }

    /// What each band's gains have beyond those of the next finer one. `otherwise`: the gain where squares in single precision
    /// underflow.
    fn differences(&self, otherwise: f64) -> Vec<Vec<f64>> {
        let all = || self.energies.iter().flatten();
        let whole =
            Energy { step: all().map(|sum| sum.step).sum(), change: all().map(|sum| sum.change).sum() };
        let mut finer = vec![0.0_f64; self.energies.first().map_or(0, Vec::len)];
        let difference = |(sum, finer): (&Energy, &mut f64)| {
            // A band without energy gets its neighbour's gain.
            let usual = if *finer > 0.0 { *finer } else { whole.gain_or(otherwise) };
            let gain = sum.gain_or(usual).max(*finer);
            gain - std::mem::replace(finer, gain)
        };
        self.energies.iter().map(|sums| sums.iter().zip(&mut finer).map(difference).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::BandGains;
    use crate::pyramid::Pyramid;
    use nst_optim::InitialInverse;
    use nst_tensor::{Device, Tensor, Zip};

    /// Some image of twice the width, another for each seed.
    fn image(device: &Device, height: usize, seed: usize) -> Tensor {
        let values: Vec<f32> = (0..height * 2 * height * 3)
            .map(|i| ((i * (37 + 2 * seed) + seed * i * i) % 101) as f32 / 50.0 - 1.0)
            .collect();
        Tensor::new(device, [1, height, 2 * height, 3], &values).unwrap()
    }

    fn dot(a: &Tensor, b: &Tensor) -> f64 {
        Tensor::dots(&[(a, b)]).unwrap()[0]
    }

    /// An image whose value depends on its column alone.
    fn columns(device: &Device, height: usize, value: impl Fn(usize) -> f32) -> Tensor {
        let width = 2 * height;
        let values: Vec<f32> = (0..height * width * 3).map(|i| value(i / 3 % width)).collect();
        Tensor::new(device, [1, height, width, 3], &values).unwrap()
    }

    fn wave(shift: usize) -> impl Fn(usize) -> f32 {
        move |column| (std::f32::consts::TAU * (column + shift) as f32 / 32.0).sin()
    }

    fn learned(gains: &mut BandGains, step: &Tensor, change: &Tensor) {
        let products = [dot(step, change), dot(change, change)];
        gains.learn(std::slice::from_ref(step), std::slice::from_ref(change), products).unwrap();
    }

    /// After pairs of a curvature of `fine` along stripes of a pixel, 1 along waves of 32, and times 1, 2 and 5 in the channels.
    fn taught(device: &Device, height: usize, fine: f64) -> BandGains {
        let mut gains = BandGains::default();
        let stripes = columns(device, height, |column| if column.is_multiple_of(2) { 1.0 } else { -1.0 });
        for shift in 1..4 {
            let waves = columns(device, height, wave(shift));
            let step = Tensor::linear_combination(&[(1.0, &waves), (1.0, &stripes)]).unwrap();
            let change = Tensor::linear_combination(&[(1.0, &waves), (fine, &stripes)]).unwrap();
            let channels = Tensor::new(device, [3], &[1.0, 2.0, 5.0]).unwrap();
            learned(&mut gains, &step, &change.zip(&channels, Zip::Mul).unwrap());
        }
        gains
    }

    fn times(gains: &BandGains, image: &Tensor) -> Tensor {
        gains.apply(std::slice::from_ref(image)).unwrap().remove(0)
    }

    #[test]
    fn an_energy_counts_the_pixels_of_the_image() {
        let device = Device::cpu();
        for (height, tolerance) in [(64, 1e-5), (37, 0.02), (1, 1e-5)] {
            let even = columns(&device, height, |_| 0.5);
            let whole = dot(&even, &even) / 3.0;
            for level in Pyramid::of([height, 2 * height]).energies(&even, &even).unwrap() {
                for channel in level {
                    assert!((channel.step / whole - 1.0).abs() < tolerance, "{channel:?}, not {whole}");
                }
            }
        }
    }

    #[test]
    fn gains_are_those_of_the_curvature() {
        let bands = taught(&Device::cpu(), 64, 21.0);
        let sums = |gains: &mut [f64; 3], (term, pixels): (&Tensor, &f64)| {
            let terms = term.to_vec().unwrap();
            gains.iter_mut().zip(terms).for_each(|(gain, term)| *gain += f64::from(term) / pixels);
            Some(*gains)
        };
        let gains: Vec<[f64; 3]> =
            bands.terms.iter().zip(&bands.pyramid.pixels).scan([0.0; 3], sums).collect();
        let ratio = |one: f64, other: f64, expected: f64| {
            assert!((one / other / expected - 1.0).abs() < 0.3, "{one} / {other}, not {expected}");
        };
        ratio(gains[4][0], gains[0][0], 21.0);
        ratio(gains[0][0], gains[0][2], 5.0);
        ratio(gains[4][0], gains[4][1], 2.0);
    }

    #[test]
    fn they_are_scaled_halfway_to_the_newest_pair() {
        let (device, mut gains) = (Device::cpu(), BandGains::default());
        let (step, change) = (image(&device, 32, 1), image(&device, 32, 2));
        let change = Tensor::linear_combination(&[(1.0, &step), (0.1, &change)]).unwrap();
        let product = dot(&step, &change);
        learned(&mut gains, &step, &change);
        let levels = gains.pyramid.energies(&step, &change).unwrap();
        let unscaled = gains.differences(1.0);
        let curvature: f64 = (unscaled.iter().flatten().zip(levels.iter().flatten()))
            .map(|(term, level)| term * level.change)
            .sum();
        let scaled = dot(&change, &times(&gains, &change));
        assert!((scaled / (product * curvature).sqrt() - 1.0).abs() < 1e-4, "{scaled}");
    }

    #[test]
    fn it_is_symmetric_and_positive_definite() {
        let device = Device::cpu();
        // Also where the finest detail has the least curvature.
        for gains in [taught(&device, 37, 21.0), taught(&device, 37, 0.05)] {
            assert!(gains.terms.iter().flat_map(|term| term.to_vec().unwrap()).all(|term| term >= 0.0));
            let images = [image(&device, 37, 5), image(&device, 37, 6)].into_iter();
            let images = images.chain([columns(&device, 37, |_| 1.0), columns(&device, 37, wave(0))]);
            let images: Vec<Tensor> = images.collect();
            for (a, b) in images.iter().flat_map(|a| images.iter().map(move |b| (a, b))) {
                let (one, other) = (dot(a, &times(&gains, b)), dot(&times(&gains, a), b));
                let scale = (dot(a, &times(&gains, a)) * dot(b, &times(&gains, b))).sqrt();
                assert!((one - other).abs() < 1e-5 * scale, "{one}, {other}");
                assert!(scale > 0.0);
            }
        }
    }

    /// Gains that rise eightfold from band to band.
    fn steep(device: &Device, height: usize) -> BandGains {
        let pyramid = Pyramid::of([height, 2 * height]);
        let term = |(band, pixels): (usize, &f64)| {
            Tensor::full(device, [3], (1 << (3 * band)) as f32 * *pixels as f32)
        };
        let terms = pyramid.pixels.iter().enumerate().map(term).collect::<nst_tensor::Result<_>>().unwrap();
        BandGains { pyramid, terms, ..BandGains::default() }
    }

    /// What it makes of one pixel falls off smoothly: no difference between neighbours is much greater than those beside it.
    #[test]
    fn a_step_leaves_no_blocks() {
        let (device, at) = (Device::cpu(), [90, 95, 127]);
        let gains = steep(&device, 128);
        for at in at {
            let mut values = vec![0.0; 128 * 256 * 3];
            values[(40 * 256 + at) * 3] = 1.0;
            let point = Tensor::new(&device, [1, 128, 256, 3], &values).unwrap();
            let spread = times(&gains, &point).to_vec().unwrap();
            let row: Vec<f32> = (at + 8..at + 100).map(|x| spread[(40 * 256 + x) * 3]).collect();
            let steps: Vec<f32> = row.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
            let all: f32 = steps.iter().sum();
            let greatest = steps.iter().copied().fold(0.0, f32::max);
            assert!(greatest < 0.2 * all, "{greatest} of {all}");
        }
    }

    #[test]
    fn a_step_is_as_long_at_the_edges() {
        let device = Device::cpu();
        for (height, tolerance) in [(128, 1e-4), (171, 0.1)] {
            let gains = steep(&device, height);
            let values = times(&gains, &columns(&device, height, |_| 1.0)).to_vec().unwrap();
            let middle = values[(height / 2 * 2 * height + height) * 3];
            for value in values {
                assert!((value / middle - 1.0).abs() < tolerance, "{value}, in the middle {middle}");
            }
        }
    }

    #[test]
    fn a_multiple_of_the_identity_is_found_and_an_energy_of_nothing_borne() {
        let (device, mut gains) = (Device::cpu(), BandGains::default());
        let step = Tensor::full(&device, [1, 11, 22, 3], 0.5).unwrap();
        learned(&mut gains, &step, &step.scale(4.0).unwrap());
        let values = times(&gains, &image(&device, 11, 2)).to_vec().unwrap();
        for (value, expected) in values.iter().zip(image(&device, 11, 2).to_vec().unwrap()) {
            assert!((value - 0.25 * expected).abs() < 1e-5, "{value}, not a quarter of {expected}");
        }
    }
}
