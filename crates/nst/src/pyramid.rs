//! Images at halves of their size, one after the other, and how much of a step each of these holds.

use nst_tensor::{Interpolation, Map, Result, Taps, Tensor};

/// Levels at most, beside the image: a pixel of the smallest stands for 64 by 64.
const LEVELS: u32 = 6;

/// How images of a size are shrunk, level by level. The filter is the triangle, mirrored at the edges. Sums over blocks (Haar) would
/// do as well for the loss, but steps that are sums of blocks leave their edges in a picture whose run ends before they are
/// gone; and with a filter that is cut off at the edges, steps are shorter there.
#[derive(Debug, Default)]
pub(crate) struct Pyramid {
    /// Height and width of the largest level.
    pub(crate) size: [usize; 2],
    /// From each level to the next: rows and columns.
    shrink: Vec<[Taps; 2]>,
    /// The adjoint of each.
    pub(crate) spread: Vec<[Taps; 2]>,
    /// The pixels of the largest level for which one of each level stands.
    pub(crate) pixels: Vec<f64>,
}

impl Pyramid {
    /// Of images of this height and width.
    pub(crate) fn of(size: [usize; 2]) -> Self {
        let [height, width] = size;
        let smaller = height.min(width).max(1).ilog2().min(LEVELS) as usize;
        let halved = |size: &[usize; 2]| size.map(|side| side.div_ceil(2));
        let sizes: Vec<[usize; 2]> =
            std::iter::successors(Some(size), |size| Some(halved(size))).take(smaller + 1).collect();
        let shrink: Vec<[Taps; 2]> = sizes[..smaller]
            .iter()
            .map(|size| size.map(|side| Taps::mirrored(side, side.div_ceil(2), Interpolation::Linear)))
            .collect();
        let spread = shrink.iter().map(|taps| taps.each_ref().map(Taps::transposed)).collect();
        let count = |size: &[usize; 2]| (size[0] * size[1]) as f64;
        let pixels = sizes.iter().map(|level| count(&size) / count(level)).collect();
        Self { size, shrink, spread, pixels }
    }

    /// An image, and the same at half the size so many times.
    pub(crate) fn levels(&self, image: &Tensor) -> Result<Vec<Tensor>> {
        let mut levels = vec![image.clone()];
        for [rows, columns] in &self.shrink {
            let smaller = levels.last().map(|finer| finer.resample(rows, columns)).transpose()?;
            levels.extend(smaller);
        }
        Ok(levels)
    }

    /// The energies of a step and of the change of the gradient over it, per level and channel, in pixels of the image.
    pub(crate) fn energies(&self, step: &Tensor, change: &Tensor) -> Result<Vec<Vec<Energy>>> {
        let squares = |image: &Tensor| -> Result<Vec<Tensor>> {
            self.levels(image)?.iter().map(|level| level.map(Map::Square)?.channel_sums()).collect()
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
        Ok(steps.iter().zip(changes).zip(self.pixels.iter().copied()).map(of_level).collect())
    }
}

/// The squares of steps and of gradient changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Energy {
    pub(crate) step: f64,
    pub(crate) change: f64,
}
