//! What a run tells its observer.

use crate::{Contribution, Picture, Result};

/// Told after each evaluation of the network. Progress bar, trace file and snapshots are all observers of this.
pub struct Event<'a> {
    /// What was evaluated.
    pub evaluation: &'a Evaluation,
    /// Iterations of the whole run.
    pub iterations: usize,
    /// How much of their work is done, 0..1, by pixels: an iteration at half the size is a quarter of the work. Evaluations of a
    /// line search and of a scale's first picture are not counted.
    pub done: f64,
    pub(crate) snapshot: &'a dyn Fn() -> Result<Picture>,
}

impl Event<'_> {
    /// The best picture accepted so far at this scale, or the average of all there ([`crate::Config::average`]), in the result's
    /// size: never a trial point of the optimizer.
    ///
    /// # Errors
    /// If the device fails.
    pub fn picture(&self) -> Result<Picture> {
        (self.snapshot)()
    }
}

/// One evaluation of the losses. Each is given with its weights applied, so that they add up to the total.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// Evaluations before this one; 0 for the initial picture.
    pub evaluation: usize,
    /// The optimizer's iteration it belongs to, at all scales so far; 0 for the initial picture. A later scale begins with an
    /// evaluation that belongs to the last one of the scale before. An average is evaluated at a scale's end, under its last one.
    pub iteration: usize,
    /// Which scale of the picture, from 0.
    pub scale: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The content loss.
    pub content: f64,
    /// The style loss, and that of histograms beside it.
    pub style: f64,
    /// The total variation.
    pub tv: f64,
    /// The sum.
    pub total: f64,
    /// Seconds since the run began.
    pub seconds: f64,
    /// The terms, one for each loss at each layer.
    #[serde(skip)]
    pub terms: Vec<Contribution>,
}
