//! Histograms of feature maps.

use crate::{Result, Var};
use nst_tensor::Binning;

impl Var {
    /// The histogram of each channel, `[bins, channels]`: see [`nst_tensor::Tensor::histogram`]. Grid and weights are constants.
    ///
    /// # Errors
    /// If the binning does not fit, or the device fails.
    pub fn histogram(&self, binning: &Binning) -> Result<Self> {
        let (features, binning) = (self.value().clone(), binning.clone());
        let value = features.histogram(&binning)?;
        self.record_unary(value, move |cotangent| cotangent.histogram_backward(&features, &binning))
    }
}
