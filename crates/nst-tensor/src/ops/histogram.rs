//! Histograms of feature maps.

use crate::{Error, Result, Shape, Tensor};

/// How values are counted in bins: for each channel its own equal bins, for each position its weight.
#[derive(Clone, Debug)]
pub struct Binning {
    /// Bins of each channel, 2 or more.
    pub bins: usize,
    /// `[2, channels]`: the value of each channel's first bin, and bins per unit of its values.
    pub grid: Tensor,
    /// How much each position counts, as many values as there are positions; none if all count 1.
    pub weights: Option<Tensor>,
}

/// The most bins of a channel: single precision tells the places between them apart.
const MOST_BINS: usize = 1 << 16;

impl Tensor {
    /// The histogram of each channel of a feature map `[.., channels]`: `[bins, channels]`, accumulated in double precision. A
    /// value between two bins counts for both, the more the nearer it is (linear binning), so that a channel's mass and mean
    /// are kept. Beyond the outermost bins the same formula goes on: the nearer one gets more than the weight, the other less
    /// than nothing.
    ///
    /// # Errors
    /// If it is a scalar, the binning does not fit it, the devices differ, or the device fails.
    pub fn histogram(&self, binning: &Binning) -> Result<Self> {
        self.fits("histogram", binning)?;
        let buffer = self.device().backend().histogram(binning, self)?;
        Ok(Self::from_buffer(self.device(), binning.shape(), buffer))
    }

    /// From `self`, the gradient with respect to the [`Tensor::histogram`] of `features`, that with respect to `features`: the
    /// difference of two neighbouring bins' over their distance, by the position's weight. (On a bin itself it is taken upward.)
    ///
    /// # Errors
    /// If the operands do not go together or the device fails.
    pub fn histogram_backward(&self, features: &Self, binning: &Binning) -> Result<Self> {
        const OPERATION: &str = "histogram_backward";
        self.same_device(OPERATION, &[features])?;
        features.fits(OPERATION, binning)?;
        if self.shape() != &binning.shape() {
            return Err(Error::shape(OPERATION, binning.shape().to_string(), self.shape()));
        }
        let buffer = self.device().backend().histogram_backward(binning, features, self)?;
        Ok(Self::from_buffer(self.device(), features.shape().clone(), buffer))
    }

    /// Fails unless the values of `self` can be counted so.
    fn fits(&self, operation: &'static str, binning: &Binning) -> Result<()> {
        let Binning { bins, grid, weights } = binning;
        self.same_device(operation, &[grid])?;
        if self.shape().dims().is_empty() {
            return Err(Error::shape(operation, "[.., channels]", self.shape()));
        }
        if !(2..=MOST_BINS).contains(bins) {
            let (expected, got) = (format!("2 to {MOST_BINS} bins"), bins.to_string());
            return Err(Error::Shape { operation, expected, got });
        }
        let channels = self.shape().channels();
        if grid.shape().dims() != [2, channels] {
            return Err(Error::shape(operation, format!("a grid of [2, {channels}]"), grid.shape()));
        }
        let Some(weights) = weights else { return Ok(()) };
        self.same_device(operation, &[weights])?;
        let positions = self.shape().positions();
        if weights.shape().len() != positions {
            return Err(Error::shape(operation, format!("{positions} weights"), weights.shape()));
        }
        Ok(())
    }
}

impl Binning {
    fn shape(&self) -> Shape {
        Shape::from([self.bins, self.grid.shape().channels()])
    }
}
