//! How much neighbouring pixels differ, the diagonal ones too.

use crate::{Guide, Loss, Result, Statistic, guide};
use nst_autodiff::Var;
use nst_tensor::{Border, Padding, Region, Variation};

/// The L2 total variation of the image itself over the eight neighbours of each pixel (crowsonkb's style-transfer-pytorch). With
/// one more row and column on each side that repeat the edge,
///
/// `2 (mean dx² / 3 + mean dy² / 3 + mean dd² / 12 + mean de² / 12)`
///
/// where dx and dy are the differences to the right and to the lower neighbour of each of the H x W pixels (at the right and
/// lower edge they are 0), and dd and de those along the two diagonals of each of the (H + 1) x (W + 1) squares of four pixels;
/// means are taken over all channels.
///
/// In the units of squared pixels: of an image in 0..255 it is 255² times that of the same in 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NinePointLoss;

impl Loss for NinePointLoss {
    /// One sum: that of squared differences, weighted as above, over the channels. (`features` is the image.)
    fn statistic(&self, features: &Var, guide: Option<&Guide>) -> Result<Statistic> {
        guide::refuse(guide, NAME)?;
        let [_, height, width, channels] = features.value().shape().nhwc(NAME)?;
        let around = Border { top: 1, bottom: 1, left: 1, right: 1 };
        let padded = features.pad(around, Padding::Edge)?;
        let corner = |top, left| padded.crop(Region { top, left, height: height + 1, width: width + 1 });
        let falling = corner(1, 1)?.sub(&corner(0, 0)?)?.square()?.sum()?;
        let rising = corner(1, 0)?.sub(&corner(0, 1)?)?.square()?.sum()?;
        let straight = features.total_variation(Variation::Squared)?;
        // Means over squares count as means over pixels do, of which there are fewer.
        let squares = (height * width) as f64 / ((height + 1) * (width + 1)) as f64;
        let channel = 2.0 / channels as f64;
        let diagonal = falling.add(&rising)?.scale((channel * squares / 12.0) as f32)?;
        let sum = straight.scale((channel / 3.0) as f32)?.add(&diagonal)?;
        Ok(Statistic { sums: vec![sum], positions: guide::positions(features, None) })
    }

    fn value(&self, statistic: &Statistic) -> Result<Var> {
        statistic.expect(NAME, 1)?;
        Ok(statistic.sums[0].scale(1.0 / statistic.positions as f32)?)
    }
}

const NAME: &str = "nine-point total variation";
