//! Control of color: picture in, picture out. [`crate::stylize`] does this as [`crate::Config::color`] says, before and
//! after the transfer; take the functions alone to do it elsewhere.
//!
//! ```
//! use nst::{Picture, color};
//!
//! let photo = Picture::new(2, 1, vec![0.1, 0.2, 0.6, 0.5, 0.6, 0.8], None)?;
//! let painting = Picture::new(2, 1, vec![0.9, 0.2, 0.1, 0.4, 0.1, 0.1], None)?;
//! let wanted = color::ColorStatistics::of(&photo);
//! let bluish = color::matched(&painting, &wanted, color::Matching::PrincipalAxes);
//! assert!((color::ColorStatistics::of(&bluish).mean[2] - 0.7).abs() < 1e-6);
//! # Ok::<(), nst::Error>(())
//! ```

mod lightness;
mod matching;
mod matrix;
mod recolored;
mod statistics;

pub use lightness::{greyed, greyed_like, with_colors_of};
pub use matching::{Matching, matched};
pub(crate) use recolored::Finish;
pub use statistics::ColorStatistics;

/// The variance that rounding to 8 bits gives, (1/255)² / 12: no more than that is none.
const FLAT: f64 = 1.0 / (255.0 * 255.0 * 12.0);
