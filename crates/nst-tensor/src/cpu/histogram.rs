//! Histograms on the CPU.

use super::Cpu;
use crate::backend::Buffer;
use crate::{Binning, Result, Tensor};
use nst_kernels::Bins;

impl Cpu {
    pub(super) fn binned(&self, binning: &Binning, x: &Tensor) -> Result<Buffer> {
        let (bins, values) = (self.bins(binning)?, self.values(x)?);
        let weights = self.optional(binning.weights.as_ref())?;
        let len = bins.count * x.shape().channels();
        self.written(len, |output| nst_kernels::histogram(bins, values, weights, output))
    }

    pub(super) fn binned_backward(&self, binning: &Binning, x: &Tensor, gradient: &Tensor) -> Result<Buffer> {
        let (bins, values, gradient) = (self.bins(binning)?, self.values(x)?, self.values(gradient)?);
        let weights = self.optional(binning.weights.as_ref())?;
        self.written(values.len(), |output| {
            nst_kernels::histogram_backward(bins, values, weights, gradient, output);
        })
    }

    fn bins<'a>(&self, binning: &'a Binning) -> Result<Bins<'a>> {
        let (first, per_unit) = self.values(&binning.grid)?.split_at(binning.grid.shape().channels());
        Ok(Bins { count: binning.bins, first, per_unit })
    }
}
