//! How much neighbouring pixels differ.

use crate::{Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::Variation;

/// The total variation of the image itself: the sum over all pairs of neighbours of their absolute or squared difference,
/// not scaled in any way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariationLoss {
    /// How a difference counts.
    pub kind: Variation,
}

impl Loss for VariationLoss {
    /// One sum: that of the differences. (`features` is the image.) A difference is no position's, so there is none under a
    /// guide.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        guide::refuse(guide, "total variation")?;
        let sum = features.total_variation(self.kind)?;
        Ok(Statistic { sums: vec![sum], positions: guide::positions(features, None) })
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        statistic.expect("total variation", 1)?;
        Ok(statistic.sums[0].clone())
    }
}
