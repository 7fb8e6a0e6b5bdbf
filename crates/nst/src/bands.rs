//! What L-BFGS takes the inverse Hessian for at first: a gain for each octave of spatial frequency and each channel.
//!
//! Losses on a network's features curve far more along fine detail than along what is coarse, and not alike in all channels.
//! L-BFGS finds that out pair by pair. A gain of each octave and channel is but a few numbers, which a few pairs tell. docs/convergence.md has what that gains.

use nst_optim::{BoxError, InitialInverse};
use nst_tensor::{Interpolation, Map, Tensor, Zip};

type Result<T> = std::result::Result<T, BoxError>;

/// Octaves at most, beside what is coarser still: a pixel of the smallest level stands for 64 by 64.
const OCTAVES: u32 = 6;
/// What the weight of a curvature pair falls to with each new one.
const FADING: f64 = 0.95;
/// How much of the way from the energies' scale to that of the newest pair, 0 to 1, in logarithms.
const CAUTION: f64 = 0.5;
/// The triangle. Sums over blocks (Haar's wavelet) would do as well for the loss, but steps that are sums of blocks leave their
/// edges in a picture whose run ends before they are gone.
const FILTER: Interpolation = Interpolation::Linear;

/// An inverse Hessian that multiplies each octave and channel of an image by a number: the root of the energy of steps `s` over
/// that of gradient changes `y` there, `√(Σ s² / Σ y²)`, over pairs that fade. It is the geometric mean of the two step
/// lengths of Barzilai and Borwein ("Two-point step size gradient methods", 1988). All together are then scaled towards
/// `s·y / y·Hy`, what the newest pair says.
///
/// With `Rₖ` for what shrinks an image k times to half its size and `nₖ` for the pixels that one of that size stands for, it is
/// `H = Σ (gₖ - gₖ₋₁) nₖ Rₖᵀ Rₖ`. Were the `nₖ Rₖᵀ Rₖ` projections, as Haar's are, the gain of octave k would be `gₖ`; with a smoother
/// filter neighbouring octaves mix a little. Gains never fall from fine to coarse (where they seem to, the finer one's is taken), so
/// that no term is negative and H is symmetric and positive definite.
#[derive(Debug, Default)]
pub(crate) struct BandGains {
    /// Per octave, fine to coarse, and channel.
    energies: Vec<Vec<Energy>>,
    /// Of each level, what its octave's gains have beyond those of the one before, times `nₖ`: vectors over channels.
    terms: Vec<Tensor>,
}

/// The squares of steps and of gradient changes.
#[derive(Clone, Copy, Debug, Default)]
struct Energy {
    step: f64,
    change: f64,
}

impl Energy {
    fn gain_or(self, otherwise: f64) -> f64 {
        let gain = (self.step / self.change).sqrt();
        if gain.is_normal() { gain } else { otherwise }
    }

    /// What a level has beyond the next coarser one.
    fn beyond(self, coarser: Self) -> Self {
        Self { step: (self.step - coarser.step).max(0.0), change: (self.change - coarser.change).max(0.0) }
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
        let mut coarser: Option<Tensor> = None;
        for (level, term) in levels(image)?.iter().zip(&self.terms).rev() {
            let own = level.zip(term, Zip::Mul)?;
            coarser = Some(match coarser {
                Some(coarser) => {
                    let [_, height, width, _] = level.shape().nhwc("bands")?;
                    own.zip(&coarser.resize_backward(height, width, FILTER)?, Zip::Add)?
                }
                None => own,
            });
        }
        coarser.ok_or_else(|| "a curvature pair comes before the first use".into())
    }

    fn learn_image(&mut self, step: &Tensor, change: &Tensor, [product, square]: [f64; 2]) -> Result<()> {
        let levels = energies(step, change)?;
        self.energies.resize(levels.len(), Vec::new());
        for (octave, sums) in self.energies.iter_mut().enumerate() {
            sums.resize(levels[octave].len(), Energy::default());
            for (channel, sum) in sums.iter_mut().enumerate() {
                let coarser = levels.get(octave + 1).map_or(Energy::default(), |coarser| coarser[channel]);
                sum.fade_into(levels[octave][channel].beyond(coarser), product);
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
        self.terms = terms.iter().zip(pixels(step)?).map(vector).collect::<nst_tensor::Result<_>>()?;
        Ok(())
    }

    /// What each octave's gains have beyond those of the next finer one. `otherwise`: the gain where squares in single precision
    /// underflow.
    fn differences(&self, otherwise: f64) -> Vec<Vec<f64>> {
        let all = || self.energies.iter().flatten();
        let whole =
            Energy { step: all().map(|sum| sum.step).sum(), change: all().map(|sum| sum.change).sum() };
        let usual = whole.gain_or(otherwise);
        let mut finer = vec![0.0_f64; self.energies.first().map_or(0, Vec::len)];
        let difference = |(sum, finer): (&Energy, &mut f64)| {
            let gain = sum.gain_or(usual).max(*finer);
            gain - std::mem::replace(finer, gain)
        };
        self.energies.iter().map(|sums| sums.iter().zip(&mut finer).map(difference).collect()).collect()
    }
}

/// Height and width of an image and of each level below it.
fn sizes(image: &Tensor) -> Result<Vec<[usize; 2]>> {
    let [_, height, width, _] = image.shape().nhwc("bands")?;
    let octaves = height.min(width).max(1).ilog2().min(OCTAVES);
    let sizes = std::iter::successors(Some([height, width]), |size| Some(size.map(|side| side.div_ceil(2))));
    Ok(sizes.take(octaves as usize + 1).collect())
}

/// An image, and the same at half the size so many times.
fn levels(image: &Tensor) -> Result<Vec<Tensor>> {
    let mut levels = vec![image.clone()];
    for &[height, width] in &sizes(image)?[1..] {
        let smaller = levels.last().map(|finer| finer.resize(height, width, FILTER)).transpose()?;
        levels.extend(smaller);
    }
    Ok(levels)
}

/// The pixels of an image for which one of each level stands.
fn pixels(image: &Tensor) -> Result<impl Iterator<Item = f64>> {
    let [_, height, width, _] = image.shape().nhwc("bands")?;
    let all = (height * width) as f64;
    Ok(sizes(image)?.into_iter().map(move |[height, width]| all / (height * width) as f64))
}

/// Those of a step and of the change of the gradient over it, per level and channel, in pixels of the image.
fn energies(step: &Tensor, change: &Tensor) -> Result<Vec<Vec<Energy>>> {
    let squares = |image: &Tensor| -> Result<Vec<Tensor>> {
        levels(image)?.iter().map(|level| Ok(level.map(Map::Square)?.channel_sums()?)).collect()
    };
    let (steps, changes) = (squares(step)?, squares(change)?);
    let sums = Tensor::download(&steps.iter().chain(&changes).collect::<Vec<_>>())?;
    let (steps, changes) = sums.split_at(steps.len());
    let of_level = |((steps, changes), pixels): ((&Vec<f32>, &Vec<f32>), f64)| {
        let energy = |(&step, &change): (&f32, &f32)| Energy {
            step: pixels * f64::from(step),
            change: pixels * f64::from(change),
        };
        steps.iter().zip(changes).map(energy).collect()
    };
    Ok(steps.iter().zip(changes).zip(pixels(step)?).map(of_level).collect())
}

#[cfg(test)]
mod tests {
    use super::{BandGains, OCTAVES, energies};
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

    /// After pairs of a curvature of 21 along the finest stripes, 1 along waves of 32 pixels, and times 1, 2 and 5 in the channels.
    fn taught(device: &Device, height: usize) -> BandGains {
        let mut gains = BandGains::default();
        let pixels = |value: &dyn Fn(usize) -> f32| {
            let values: Vec<f32> =
                (0..height * 2 * height * 3).map(|i| value(i / 3 % (2 * height))).collect();
            Tensor::new(device, [1, height, 2 * height, 3], &values).unwrap()
        };
        for seed in 1..4 {
            let fine = pixels(&|x| if x % 2 == 0 { 1.0 } else { -1.0 });
            let coarse = pixels(&|x| (std::f32::consts::TAU * (x + seed) as f32 / 32.0).sin());
            let step = Tensor::linear_combination(&[(1.0, &coarse), (1.0, &fine)]).unwrap();
            let change = Tensor::linear_combination(&[(1.0, &coarse), (21.0, &fine)]).unwrap();
            let channels = Tensor::new(device, [3], &[1.0, 2.0, 5.0]).unwrap();
            let change = change.zip(&channels, Zip::Mul).unwrap();
            let products = [dot(&step, &change), dot(&change, &change)];
            gains.learn(&[step], &[change], products).unwrap();
        }
        gains
    }

    /// So what it has less is the energy of an octave.
    #[test]
    fn no_level_has_more_energy_than_the_finer_one() {
        let device = Device::cpu();
        for (height, seed) in [(11, 5), (64, 6), (37, 7)] {
            let image = image(&device, height, seed);
            let energies = energies(&image, &image).unwrap();
            let whole: f64 = energies[0].iter().map(|energy| energy.step).sum();
            assert!((whole / dot(&image, &image) - 1.0).abs() < 1e-5, "{whole}");
            for (finer, coarser) in energies.iter().zip(&energies[1..]) {
                for (finer, coarser) in finer.iter().zip(coarser) {
                    // At the edges, where filters are cut off, a little more.
                    assert!(coarser.step <= 1.001 * finer.step, "{coarser:?} after {finer:?}");
                }
            }
        }
    }

    /// What it makes of one pixel falls off smoothly: no difference between neighbours is much greater than those beside it.
    #[test]
    fn a_step_leaves_no_blocks() {
        let device = Device::cpu();
        let terms =
            (0..=OCTAVES).map(|octave| Tensor::full(&device, [3], (1 << (3 * octave)) as f32).unwrap());
        let gains = BandGains { terms: terms.collect(), ..BandGains::default() };
        for at in [90, 95, 127] {
            let mut values = vec![0.0; 128 * 256 * 3];
            values[(40 * 256 + at) * 3] = 1.0;
            let point = Tensor::new(&device, [1, 128, 256, 3], &values).unwrap();
            let spread = gains.apply(&[point]).unwrap().remove(0).to_vec().unwrap();
            let row: Vec<f32> = (at + 8..at + 100).map(|x| spread[(40 * 256 + x) * 3]).collect();
            let steps: Vec<f32> = row.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
            let all: f32 = steps.iter().sum();
            let greatest = steps.iter().copied().fold(0.0, f32::max);
            assert!(greatest < 0.2 * all, "{greatest} of {all}");
        }
    }

    #[test]
    fn gains_are_those_of_the_curvature() {
        let bands = taught(&Device::cpu(), 32);
        let sums = |gains: &mut [f64; 3], terms: Vec<f32>| {
            gains.iter_mut().zip(terms).for_each(|(gain, term)| *gain += f64::from(term));
            Some(*gains)
        };
        let terms = bands.terms.iter().enumerate().map(|(octave, terms)| {
            let pixels = (1 << (2 * octave)) as f32;
            terms.to_vec().unwrap().iter().map(|term| term / pixels).collect()
        });
        let gains: Vec<[f64; 3]> = terms.scan([0.0; 3], sums).collect();
        let ratio = |one: f64, other: f64, expected: f64| {
            assert!((one / other / expected - 1.0).abs() < 0.25, "{one} / {other}, not {expected}");
        };
        ratio(gains[4][0], gains[0][0], 21.0);
        ratio(gains[0][0], gains[0][2], 5.0);
        ratio(gains[4][0], gains[4][1], 2.0);
    }

    #[test]
    fn it_is_symmetric_and_positive_definite() {
        let device = Device::cpu();
        let gains = taught(&device, 11);
        let times = |x: &Tensor| gains.apply(std::slice::from_ref(x)).unwrap().remove(0);
        for seed in 5..9 {
            let (a, b) = (image(&device, 11, seed), image(&device, 11, seed + 4));
            assert!((dot(&a, &times(&b)) - dot(&times(&a), &b)).abs() < 1e-4);
            assert!(dot(&a, &times(&a)) > 0.0);
        }
    }

    #[test]
    fn a_multiple_of_the_identity_is_found_and_an_energy_of_nothing_borne() {
        let (device, mut gains) = (Device::cpu(), BandGains::default());
        let step = Tensor::full(&device, [1, 11, 22, 3], 0.5).unwrap();
        let change = step.scale(4.0).unwrap();
        let products = [dot(&step, &change), dot(&change, &change)];
        gains.learn(std::slice::from_ref(&step), &[change], products).unwrap();
        let values = gains.apply(&[image(&device, 11, 2)]).unwrap().remove(0).to_vec().unwrap();
        for (value, expected) in values.iter().zip(image(&device, 11, 2).to_vec().unwrap()) {
            assert!((value - 0.25 * expected).abs() < 1e-5, "{value}, not a quarter of {expected}");
        }
    }
}
