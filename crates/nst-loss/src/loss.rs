//! What a loss is.

use crate::{Error, Guide, Result};
use nst_autodiff::Var;

/// Sums over positions of a feature map or image, from which a loss is computed.
#[derive(Clone, Debug)]
pub struct Statistic {
    /// The sums; what each is depends on the loss.
    pub sums: Vec<Var>,
    /// How many positions they were taken over; under a guide, the sum of their weights.
    pub positions: f64,
}

impl Statistic {
    /// The statistic of two disjoint regions together.
    ///
    /// # Errors
    /// If they belong to different losses.
    pub fn add(&self, other: &Self) -> Result<Self> {
        let shapes = |statistic: &Self| -> Vec<_> {
            statistic.sums.iter().map(|sum| sum.value().shape().clone()).collect()
        };
        if shapes(self) != shapes(other) {
            let (expected, got) = (format!("{:?}", shapes(self)), format!("{:?}", shapes(other)));
            return Err(Error::Mismatch { loss: "sum of statistics", expected, got });
        }
        let sums = self.sums.iter().zip(&other.sums).map(|(a, b)| Ok(a.add(b)?)).collect::<Result<_>>()?;
        Ok(Self { sums, positions: self.positions + other.positions })
    }

    /// Checks that there are `count` sums, over some position.
    pub(crate) fn expect(&self, loss: &'static str, count: usize) -> Result<()> {
        if self.sums.len() == count && self.positions > 0.0 {
            return Ok(());
        }
        let expected = format!("{count} sums over some position");
        Err(Error::Mismatch { loss, expected, got: format!("{} over {}", self.sums.len(), self.positions) })
    }
}

/// A differentiable scalar function of features, by way of sums over positions.
pub trait Loss: Send + Sync {
    /// The sums of a feature map `[batch, height, width, channels]`: of all positions alike, or each by its weight in the
    /// guide.
    ///
    /// # Errors
    /// If the features do not fit the loss's target or the guide, the loss knows no positions, or the device fails.
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic>;

    /// The loss, a scalar.
    ///
    /// # Errors
    /// If the statistic is another loss's, or the device fails.
    fn value(&self, statistic: &Statistic) -> Result<Var>;
}
