//! The run: from an initial picture to the best one.

use crate::adam;
use crate::carry::{carried_over, goes_back, share};
use crate::color::Finish;
use crate::minimise::{Before, Minimum, minimise, optimizer};
use crate::prepare::{Layout, initial};
use crate::scales::Scale;
use crate::{Config, Error, Evaluation, Event, Objective, Picture, Pictures, Result, Studio, Styles, kept};
use nst_optim::Optimizer;
use nst_tensor::{Device, Interpolation, Memory, Tensor};
use nst_weights::Weights;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// What a style transfer works on, opened and decoded.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The picture whose content is kept. Without one, a texture in the style is made.
    pub content: Option<Picture>,
    /// The pictures whose style is taken. Without one, the content is reconstructed.
    pub styles: Vec<Picture>,
    /// The initial picture, for [`crate::config::Init::File`].
    pub init: Option<Picture>,
    /// The network's weights.
    pub weights: Weights,
}

/// What came of a style transfer.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The best picture that the optimizer accepted at the last scale that was begun, or the average of all there
    /// ([`Config::average`]), in the result's size.
    pub picture: Picture,
    /// Its evaluation.
    pub best: Evaluation,
    /// The initial picture's evaluation, at the first scale.
    pub initial: Evaluation,
    /// Evaluations in all, each scale's first one included.
    pub evaluations: usize,
    /// Why the run ended.
    pub end: End,
    /// Memory that tensors took on the device.
    pub memory: Memory,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// All iterations were done.
    Finished,
    /// The optimizer says that there is nothing more to gain, in its words.
    Converged(String),
    /// The loss has settled: over a window of evaluations it fell by less than [`Config::min_decrease`].
    Settled,
    /// The time of [`Config::time_limit`] is over.
    TimeLimit,
    /// The observer asked for it.
    Interrupted,
    /// The optimizer could not go on, in its words; the picture is the best one before.
    Failed(String),
}

/// Makes a picture with the content of one and the style of others (Gatys, Ecker and Bethge 2015): minimises the weighted
/// losses over the pixels, coarse to fine ([`crate::config::Scales`]). The observer is told of each evaluation and may end the
/// run; the result is always the best picture that the optimizer accepted. For many pictures with the same settings, see [`Studio`].
///
/// Same inputs, seed and version on the same device: the same picture to the bit, whatever the number of threads.
///
/// # Errors
/// If a setting is out of range, an input is missing or too small, or the device fails.
pub fn stylize(
    config: &Config,
    inputs: Inputs,
    device: &Device,
    observer: &mut dyn FnMut(&Event<'_>) -> ControlFlow<()>,
) -> Result<Outcome> {
    let (pictures, weights) = inputs.split();
    let studio = Studio::new(config, &weights, device)?;
    // The device has its own by now.
    drop(weights);
    studio.stylize(pictures, observer)
}

impl Inputs {
    /// The pictures, and the weights.
    pub(crate) fn split(self) -> (Pictures, Weights) {
        let Self { content, styles, init, weights } = self;
        (Pictures { content, styles: Styles::new(styles), init: init.map(Arc::new) }, weights)
    }
}

impl Studio {
    /// As [`stylize`], with the studio's settings and network.
    ///
    /// # Errors
    /// As [`stylize`].
    pub fn stylize(
        &self,
        pictures: Pictures,
        observer: &mut dyn FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<Outcome> {
        // What is wrong at the last scale must not come to light after the work of the others.
        pictures.check(&self.config)?;
        let size = Layout::of(&self.config, &pictures)?.size;
        let (pictures, finish) = pictures.recolored(&self.config)?;
        let (ladder, last) = self.config.ladder_for(&pictures);
        let mut climb = Climb::new(&self.config, size, finish, ladder.iter().chain([&last]));
        let painted = kept::painted(&self.config, pictures.content.as_ref());
        // Where nothing is, no step will be made.
        let mut optimizer = optimizer(&self.config, &self.device, if painted > 0.0 { painted } else { 1.0 })?;
        for scale in ladder {
            let config = self.config.at(scale);
            let (objective, size) = self.objective(&config, &pictures)?;
            let x = climb.start(&config, &mut *optimizer, &objective, &pictures, size)?;
            climb.minimise(&config, &mut *optimizer, &objective, x, pictures.content.as_ref(), observer)?;
            if let Some(outcome) = climb.ended_early(&objective, pictures.content.as_ref(), &self.device)? {
                return Ok(outcome);
            }
        }
        let config = self.config.at(last);
        let (objective, size) = self.objective(&config, &pictures)?;
        let x = climb.start(&config, &mut *optimizer, &objective, &pictures, size)?;
        let Pictures { content, styles, init } = pictures;
        // The device has its own by now.
        drop((styles, init));
        climb.minimise(&config, &mut *optimizer, &objective, x, content.as_ref(), observer)?;
        climb.outcome(&objective, content.as_ref(), &self.device)
    }
}

/// A run on its way from coarse to fine.
struct Climb<'a> {
    config: &'a Config,
    /// Width and height of the result.
    size: (usize, usize),
    finish: Finish,
    before: Before,
    /// Of the first scale.
    initial: Option<Evaluation>,
    /// At the last scale so far.
    minimum: Option<Minimum>,
}

impl<'a> Climb<'a> {
    fn new<'s>(
        config: &'a Config,
        size: (usize, usize),
        finish: Finish,
        scales: impl Iterator<Item = &'s Scale> + Clone,
    ) -> Self {
        let pixels = |scale: &Scale| config.at(*scale).pixels() * scale.iterations as f64;
        let before = Before {
            scales: 0,
            iterations: 0,
            evaluations: 0,
            pixels: 0.0,
            all_iterations: scales.clone().map(|scale| scale.iterations).sum(),
            all_pixels: scales.map(pixels).sum(),
            start: Instant::now(),
        };
        Self { config, size, finish, before, initial: None, minimum: None }
    }

    /// Where a scale starts: the run's first at the initial picture, any other at what the one before came to, resampled,
    /// or at the content plus what the one before made of it ([`goes_back`]).
    fn start(
        &mut self,
        config: &Config,
        optimizer: &mut dyn Optimizer,
        objective: &Objective,
        pictures: &Pictures,
        (width, height): (usize, usize),
    ) -> Result<Tensor> {
        let x = match self.minimum.take() {
            Some(coarse) => {
                adam::resize(optimizer, width, height)?;
                let enlarged = coarse.x.resize(height, width, Interpolation::Cubic)?;
                match pictures.content.as_ref().filter(|_| goes_back(config)) {
                    Some(content) => {
                        let [_, coarse_height, coarse_width, _] = coarse.x.shape().nhwc("start")?;
                        let whole = objective.variable(&content.resized(width, height))?;
                        let small = objective.variable(&content.resized(coarse_width, coarse_height))?;
                        let blurred = small.resize(height, width, Interpolation::Cubic)?;
                        let times = height.max(width) as f64 / coarse_height.max(coarse_width) as f64;
                        carried_over(&enlarged, &whole, &blurred, share(times, objective.is_seen_smaller()))?
                    }
                    None => enlarged,
                }
            }
            None => objective.variable(&initial(config, pictures, (width, height))?)?,
        };
        adam::within_bounds(config, x)
    }

    /// Goes on at a scale.
    fn minimise(
        &mut self,
        config: &Config,
        optimizer: &mut dyn Optimizer,
        objective: &Objective,
        x: Tensor,
        content: Option<&Picture>,
        observer: &mut dyn FnMut(&Event<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let minimum = minimise(config, optimizer, objective, x, &self.before, &mut |event| {
            let snapshot = || self.finished(event.picture()?, content);
            observer(&Event { snapshot: &snapshot, ..*event })
        })?;
        self.before.scales += 1;
        self.before.iterations += config.iterations;
        self.before.pixels += config.pixels() * config.iterations as f64;
        self.before.evaluations += minimum.evaluations;
        self.initial.get_or_insert_with(|| minimum.initial.clone());
        self.minimum = Some(minimum);
        Ok(())
    }

    /// The outcome if the last scale ended in a way that ends the run.
    fn ended_early(
        &mut self,
        objective: &Objective,
        content: Option<&Picture>,
        device: &Device,
    ) -> Result<Option<Outcome>> {
        let end = self.minimum.as_ref().map(|minimum| &minimum.end);
        let early = matches!(end, Some(End::Interrupted | End::TimeLimit | End::Failed(_)));
        if early { self.outcome(objective, content, device).map(Some) } else { Ok(None) }
    }

    /// What came of the run so far.
    fn outcome(
        &mut self,
        objective: &Objective,
        content: Option<&Picture>,
        device: &Device,
    ) -> Result<Outcome> {
        let (Some(minimum), Some(initial)) = (self.minimum.take(), self.initial.take()) else {
            return Err(Error::Missing("a run has a scale at least"));
        };
        Ok(Outcome {
            picture: self.finished(objective.picture(&minimum.x)?, content)?,
            best: minimum.best,
            initial,
            evaluations: self.before.evaluations,
            end: match minimum.end {
                End::Converged(_) if kept::painted(self.config, content) == 0.0 => {
                    End::Converged("every region is kept, so there was nothing to paint".into())
                }
                end => end,
            },
            memory: device.memory(),
        })
    }

    /// A picture of any scale in the result's size, with what is kept in full detail, the colors that are put back and the
    /// content's transparency.
    fn finished(&self, picture: Picture, content: Option<&Picture>) -> Result<Picture> {
        let (width, height) = self.size;
        let whole = if (picture.width(), picture.height()) == self.size {
            picture
        } else {
            let enlarged = picture.resized(width, height);
            match content {
                Some(content) => kept::put_over(self.config, enlarged, content)?,
                None => enlarged,
            }
        };
        Ok(self.finish.apply(whole).with_alpha_of(content))
    }
}
