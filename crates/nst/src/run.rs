//! The run: from an initial picture to the best one.

use crate::minimise::minimise;
use crate::{Config, Evaluation, Event, Objective, Picture, Result};
use nst_tensor::{Device, Memory};
use nst_weights::Weights;
use std::ops::ControlFlow;

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
    /// The best picture that the optimizer accepted.
    pub picture: Picture,
    /// Its evaluation.
    pub best: Evaluation,
    /// The initial picture's evaluation.
    pub initial: Evaluation,
    /// Evaluations in all, the initial picture's included.
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
    /// The observer asked for it.
    Interrupted,
    /// The optimizer could not go on, in its words; the picture is the best one before.
    Failed(String),
}

/// Makes a picture with the content of one and the style of others (Gatys, Ecker and Bethge 2015): minimises the weighted
/// losses over the pixels. The observer is told of each evaluation and may end the run; the result is always the best
/// picture that the optimizer accepted.
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
    let (objective, initial) = Objective::prepare(config, &inputs, device)?;
    let x = objective.variable(&initial)?;
    let content = inputs.content.as_ref();
    // The device has its own by now.
    drop((inputs.styles, inputs.init, inputs.weights));
    let minimum = minimise(config, &objective, x, &mut |event| {
        let snapshot = || Ok(event.picture()?.with_alpha_of(content));
        observer(&Event { snapshot: &snapshot, ..*event })
    })?;
    Ok(Outcome {
        picture: objective.picture(&minimum.x)?.with_alpha_of(content),
        best: minimum.best,
        initial: minimum.initial,
        evaluations: minimum.evaluations,
        end: minimum.end,
        memory: device.memory(),
    })
}
