//! The part of a picture that stays as the content is.

use crate::config::{Config, Role};
use crate::{FlatColor, Picture, Result, areas};
use nst_autodiff::Var;
use nst_tensor::{Map, Tensor, Zip};

/// How much of each pixel is kept, and of what. The picture that a variable stands for is made of both before anything looks
/// at it, so that the losses see what will be written, and what is kept has no gradient.
pub(crate) struct Kept {
    /// What is left to the variable, of its shape.
    free: Tensor,
    /// The content times the share that is kept.
    fixed: Tensor,
}

impl Kept {
    /// Keeps these shares (0..1, row by row) of the content, given as a variable.
    pub(crate) fn new(content: &Tensor, shares: &[f32]) -> Result<Self> {
        let channels = content.shape().channels();
        let values: Vec<f32> =
            shares.iter().flat_map(|share| std::iter::repeat_n(share.clamp(0.0, 1.0), channels)).collect();
        let shares = Tensor::new(content.device(), content.shape(), &values)?;
        let free = shares.map(Map::Affine { scale: -1.0, offset: 1.0 })?;
        Ok(Self { free, fixed: content.zip(&shares, Zip::Mul)? })
    }

    /// The picture that a variable stands for, in the same units.
    pub(crate) fn apply(&self, x: &Var) -> Result<Var> {
        let constant = |tensor: &Tensor| Var::constant(tensor.clone());
        Ok(x.mul(&constant(&self.free))?.add(&constant(&self.fixed))?)
    }
}

/// How much of each pixel of a content picture in this size is to be kept; none if nothing of it is.
pub(crate) fn shares(config: &Config, picture: &Picture, size: (usize, usize)) -> Option<Vec<f32>> {
    // Regions with soft edges add up to 1 but for rounding, and what that leaves would be painted.
    if painted(config, Some(picture)) == 0.0 {
        return Some(vec![1.0; size.0 * size.1]);
    }
    let mut kept: Option<Vec<f32>> = None;
    for color in config.regions.colors().filter(|&color| is_kept(config, color)) {
        let Some(region) = areas::region(config, picture, color, size) else { continue };
        match &mut kept {
            Some(kept) => kept.iter_mut().zip(region).for_each(|(kept, more)| *kept += more),
            None => kept = Some(region),
        }
    }
    kept
}

/// An enlarged picture with the content, in that size, over it where it is to be kept: enlarged, too, it would have lost its
/// detail.
pub(crate) fn put_over(config: &Config, enlarged: Picture, content: &Picture) -> Result<Picture> {
    let (width, height) = (enlarged.width(), enlarged.height());
    let Some(shares) = shares(config, content, (width, height)) else { return Ok(enlarged) };
    let content = content.resized(width, height);
    let pairs = enlarged.rgb().iter().zip(content.rgb()).enumerate();
    let mixed = pairs.map(|(at, (&painted, &kept))| {
        let share = shares[at / 3].clamp(0.0, 1.0);
        (1.0 - share) * painted + share * kept
    });
    Picture::new(width, height, mixed.collect(), None)
}

/// The share of the result that is not kept, whatever its size: soft edges take from one side what they give to the other.
pub(crate) fn painted(config: &Config, content: Option<&Picture>) -> f64 {
    let mask = content.and_then(Picture::mask);
    mask.map_or(1.0, |mask| mask.share(|color| !is_kept(config, color)))
}

fn is_kept(config: &Config, color: FlatColor) -> bool {
    config.regions.role(color) == Some(&Role::Keep)
}
