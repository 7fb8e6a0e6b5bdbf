//! What L-BFGS takes the inverse Hessian for at first: a gain for each octave of spatial frequency and each channel.
//!
//! Losses on a network's features curve far more along fine detail than along what is coarse, and not alike in all channels.
//! L-BFGS finds that out pair by pair. A gain of each octave and channel is but a few numbers, which a few pairs tell. docs/convergence.md has what that gains.

use nst_optim::{BoxError, InitialInverse};
use nst_tensor::{Border, Map, Padding, Pooling, Region, Tensor, Zip};

type Result<T> = std::result::Result<T, BoxError>;

/// Octaves at most, beside what is coarser still: blocks of 64 pixels.
const OCTAVES: u32 = 6;
/// What the weight of a curvature pair falls to with each new one.
const FADING: f64 = 0.95;
/// How much of the way from the energies' scale to that of the newest pair, 0 to 1, in logarithms.
const CAUTION: f64 = 0.5;

/// An inverse Hessian that multiplies each octave and channel of an image by a number: the root of the energy of steps `s` over
/// that of gradient changes `y` there, `√(Σ s² / Σ y²)`, over pairs that fade. It is the geometric mean of the two step
/// lengths of Barzilai and Borwein ("Two-point step size gradient methods", 1988). All together are then scaled towards
/// `s·y / y·Hy`, what the newest pair says.
///
/// Octaves are the Haar wavelet's: differences of means over blocks of 2ⁿ pixels a side. They are orthogonal, so any gains
/// above 0 make a symmetric positive definite operator. The blocks are not to be seen: gains say how soon a minimum is found, not
/// which.
#[derive(Debug, Default)]
pub(crate) struct BandGains {
    /// Per octave, fine to coarse, and channel.
    energies: Vec<Vec<Energy>>,
    /// Per octave, as vectors over channels.
    gains: Vec<Tensor>,
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
        let [_, height, width, _] = image.shape().nhwc("bands")?;
        let mut coarser: Option<Tensor> = None;
        for (band, gains) in bands(image)?.collect::<Result<Vec<_>>>()?.iter().zip(&self.gains).rev() {
            let amplified = band.zip(gains, Zip::Mul)?;
            coarser = Some(match coarser {
                Some(coarser) => amplified.zip(&enlarged(&coarser, band)?, Zip::Add)?,
                None => amplified,
            });
        }
        let whole = coarser.ok_or("a curvature pair comes before the first use")?;
        Ok(whole.crop(Region { top: 0, left: 0, height, width })?)
    }

    fn learn_image(&mut self, step: &Tensor, change: &Tensor, [product, square]: [f64; 2]) -> Result<()> {
        let newest = energies(step, change)?;
        self.energies.resize(newest.len(), Vec::new());
        for (sums, newest) in self.energies.iter_mut().zip(&newest) {
            sums.resize(newest.len(), Energy::default());
            for (sum, new) in sums.iter_mut().zip(newest) {
                sum.step = FADING * sum.step + new.step / product;
                sum.change = FADING * sum.change + new.change / product;
            }
        }
        let all = || self.energies.iter().flatten().copied();
        let whole =
            Energy { step: all().map(|sum| sum.step).sum(), change: all().map(|sum| sum.change).sum() };
        // Where squares in single precision underflow, too, the newest pair alone tells.
        let usual = whole.gain_or(product / square);
        let gain = |sum: &Energy| sum.gain_or(usual);
        let mut gains: Vec<Vec<f64>> =
            self.energies.iter().map(|sums| sums.iter().map(gain).collect()).collect();
        let changes = newest.iter().flatten().map(|new| new.change);
        let curvature: f64 = gains.iter().flatten().zip(changes).map(|(gain, change)| gain * change).sum();
        let scale = (product / curvature).powf(CAUTION);
        gains.iter_mut().flatten().for_each(|gain| *gain *= scale);
        let vector = |gains: &Vec<f64>| {
            let values: Vec<f32> = gains.iter().map(|&gain| gain as f32).collect();
            Tensor::new(step.device(), [values.len()], &values)
        };
        self.gains = gains.iter().map(vector).collect::<nst_tensor::Result<_>>()?;
        Ok(())
    }
}

/// The bands of an image with zeros around, fine to coarse: of each octave what its pixels, means over blocks, have beyond those
/// of the next, and last the coarsest means. Each is of half the size of the one before.
fn bands(image: &Tensor) -> Result<impl Iterator<Item = Result<Tensor>>> {
    let [_, height, width, _] = image.shape().nhwc("bands")?;
    let octaves = height.min(width).max(1).ilog2().min(OCTAVES);
    let missing = |side: usize| side.next_multiple_of(1 << octaves) - side;
    let border = Border { bottom: missing(height), right: missing(width), ..Border::default() };
    let mut means = image.pad(border, Padding::Zero)?;
    Ok((0..=octaves).map(move |octave| {
        if octave == octaves {
            return Ok(means.clone());
        }
        let coarser = means.pool2d(Pooling::Average)?;
        let band = means.zip(&enlarged(&coarser, &means)?, Zip::Sub)?;
        means = coarser;
        Ok(band)
    }))
}

/// Each pixel as a block of 2x2, in an image like `like`.
fn enlarged(image: &Tensor, like: &Tensor) -> Result<Tensor> {
    Ok(image.scale(4.0)?.pool2d_backward(Pooling::Average, like)?)
}

/// Those of a step and the change of the gradient over it, per band and channel, in pixels of the image.
fn energies(step: &Tensor, change: &Tensor) -> Result<Vec<Vec<Energy>>> {
    let squares = |image: &Tensor| -> Result<Vec<Tensor>> {
        bands(image)?.map(|band| Ok(band?.map(Map::Square)?.channel_sums()?)).collect()
    };
    let (steps, changes) = (squares(step)?, squares(change)?);
    let sums = Tensor::download(&steps.iter().chain(&changes).collect::<Vec<_>>())?;
    let (steps, changes) = sums.split_at(steps.len());
    // A pixel of a band stands for so many of the image.
    let pixels = std::iter::successors(Some(1.0), |pixels| Some(4.0 * pixels));
    let of_band = |((steps, changes), pixels): ((&Vec<f32>, &Vec<f32>), f64)| {
        let energy = |(&step, &change): (&f32, &f32)| Energy {
            step: pixels * f64::from(step),
            change: pixels * f64::from(change),
        };
        steps.iter().zip(changes).map(energy).collect()
    };
    Ok(steps.iter().zip(changes).zip(pixels).map(of_band).collect())
}

#[cfg(test)]
mod tests {
    use super::{BandGains, bands};
    use nst_optim::InitialInverse;
    use nst_tensor::{Device, Region, Tensor, Zip};

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

    /// After pairs of a curvature that differs from octave to octave and from channel to channel.
    fn taught(device: &Device, height: usize) -> BandGains {
        let mut gains = BandGains::default();
        for seed in 1..4 {
            let step = image(device, height, seed);
            let fine = bands(&step)
                .unwrap()
                .next()
                .unwrap()
                .unwrap()
                .crop(Region { top: 0, left: 0, height, width: 2 * height })
                .unwrap();
            let channels = Tensor::new(device, [3], &[1.0, 2.0, 5.0]).unwrap();
            let change = Tensor::linear_combination(&[(1.0, &step), (20.0, &fine)]).unwrap();
            let change = change.zip(&channels, Zip::Mul).unwrap();
            let products = [dot(&step, &change), dot(&change, &change)];
            gains.learn(&[step], &[change], products).unwrap();
        }
        gains
    }

    #[test]
    fn the_bands_are_orthogonal_and_add_up() {
        let image = image(&Device::cpu(), 11, 5);
        let bands: Vec<Tensor> = bands(&image).unwrap().map(|band| band.unwrap()).collect();
        let pixels = std::iter::successors(Some(1.0), |pixels| Some(4.0 * pixels));
        let squares: f64 = bands.iter().zip(pixels).map(|(band, pixels)| pixels * dot(band, band)).sum();
        assert!((squares / dot(&image, &image) - 1.0).abs() < 1e-5, "{squares}");
    }

    #[test]
    fn gains_are_those_of_the_curvature() {
        // Along fine detail 21 times that along what is coarse; the channels' 1, 2 and 5 times.
        let gains: Vec<Vec<f32>> =
            taught(&Device::cpu(), 8).gains.iter().map(|gains| gains.to_vec().unwrap()).collect();
        let ratio = |one: f32, other: f32, expected: f32| {
            assert!((one / other / expected - 1.0).abs() < 0.2, "{one} / {other}, not {expected}");
        };
        ratio(gains[1][0], gains[0][0], 21.0);
        ratio(gains[0][0], gains[0][2], 5.0);
        ratio(gains[2][0], gains[2][1], 2.0);
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
