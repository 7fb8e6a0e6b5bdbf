//! Adam.

use crate::average::Average;
use crate::evaluation::Evaluation;
use crate::{Bounds, Convergence, Error, Moment, Objective, Optimizer, Result, Status, Step, vector};
use nst_tensor::{Map, Tensor, Zip};

/// Options of [`Adam`]; the defaults are those of Kingma and Ba (2015) and of torch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamOptions {
    /// About the most that an element moves in a step, in its own unit, above 0. Default 1e-3.
    pub learning_rate: f64,
    /// How much of the running means of the gradient and of its square is kept at each step, each from 0 and below 1. Default
    /// 0.9 and 0.999.
    pub betas: [f64; 2],
    /// Added to the root of the mean square, above 0. Default 1e-8.
    pub epsilon: f64,
    /// How much of their average is kept at each new iterate, above 0 and below 1; none for no average
    /// ([`Optimizer::average`]). Default none.
    pub average: Option<f64>,
}

impl Default for AdamOptions {
    fn default() -> Self {
        Self { learning_rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, average: None }
    }
}

/// Adam (Kingma and Ba 2015, algorithm 1), as `torch.optim.Adam` computes it. One evaluation and one synchronisation a step.
///
/// A point whose loss or gradient is not finite is not accepted: the moments stay as they were too, so that after
/// [`Optimizer::shrink`], which scales the learning rate, the next step can do better even without a reset.
///
/// Near a minimum the iterates go round it, each step about as long as the learning rate. Their average is nearer to it
/// (Polyak and Juditsky 1992), and has no evaluation of its own: the caller evaluates it, where its loss matters.
#[derive(Debug)]
pub struct Adam {
    options: AdamOptions,
    bounds: Option<Bounds>,
    average: Option<Average>,
    iterate: Option<Iterate>,
    moments: Option<Moments>,
}

/// The last accepted point.
#[derive(Clone, Debug)]
struct Iterate {
    point: Evaluation,
    squared_gradient: f64,
}

impl Iterate {
    fn new(point: Evaluation) -> Result<Self> {
        Ok(Self { squared_gradient: vector::dots(&[(&point.gradient, &point.gradient)])?[0], point })
    }

    fn is_finite(&self) -> bool {
        self.point.loss.is_finite() && self.squared_gradient.is_finite()
    }
}

/// Running means, and the number of gradients in them.
#[derive(Debug)]
struct Moments {
    first: Vec<Tensor>,
    second: Vec<Tensor>,
    count: i32,
}

impl Adam {
    /// An optimizer that has seen nothing yet.
    ///
    /// # Errors
    /// If an option is out of its range.
    pub fn new(options: AdamOptions) -> Result<Self> {
        let AdamOptions { learning_rate, betas, epsilon, average } = options;
        let positive = |option, value: f64| {
            Error::unless(value.is_finite() && value > 0.0, option, "finite and above 0", value)
        };
        positive("learning_rate", learning_rate)?;
        positive("epsilon", epsilon)?;
        for beta in betas {
            Error::unless((0.0..1.0).contains(&beta), "betas", "from 0 and below 1", beta)?;
        }
        if let Some(decay) = average {
            Error::unless(decay > 0.0 && decay < 1.0, "average", "above 0 and below 1", decay)?;
        }
        Ok(Self { options, bounds: None, average: None, iterate: None, moments: None })
    }

    /// With steps that end within bounds: each new point is moved to the nearest there, and is evaluated after that, so that
    /// loss and gradient belong to it. The moments know nothing of it, as in a program that clamps after each step. (Other
    /// optimizers must not be treated so: L-BFGS would take what is cut off for curvature.)
    #[must_use]
    pub fn within(self, bounds: Bounds) -> Self {
        Self { bounds: Some(bounds), ..self }
    }

    /// The options, as [`Optimizer::shrink`] left them.
    pub fn options(&self) -> &AdamOptions {
        &self.options
    }

    /// The kept evaluation if it is that of `x`, or a new one; and the evaluations that took.
    fn iterate(&mut self, x: &[Tensor], objective: &mut dyn Objective) -> Result<(Iterate, usize)> {
        if let Some(iterate) = self.iterate.as_ref().filter(|iterate| iterate.point.is_at(x)) {
            return Ok((iterate.clone(), 0));
        }
        let point = Evaluation::at(x, self.iterate.as_ref().map(|iterate| &iterate.point), objective)?;
        let iterate = Iterate::new(point)?;
        self.iterate = Some(iterate.clone());
        if let Some(decay) = self.options.average.filter(|_| self.average.is_none()) {
            self.average = Some(Average::new(x, decay));
        }
        Ok((iterate, 1))
    }

    /// The moments with another gradient in them.
    fn moments(&self, gradient: &[Tensor]) -> Result<Moments> {
        let [beta1, beta2] = self.options.betas;
        let squares: Vec<_> =
            gradient.iter().map(|g| g.map(Map::Square)).collect::<nst_tensor::Result<_>>()?;
        let mut first = vec![(1.0 - beta1, gradient)];
        let mut second = vec![(1.0 - beta2, &*squares)];
        if let Some(moments) = &self.moments {
            first.push((beta1, &moments.first));
            second.push((beta2, &moments.second));
        }
        Ok(Moments {
            first: vector::combine(&first)?,
            second: vector::combine(&second)?,
            count: self.moments.as_ref().map_or(0, |moments| moments.count).saturating_add(1),
        })
    }

    /// Where the moments lead from `x`.
    fn next(&self, x: &[Tensor], moments: &Moments) -> Result<Vec<Tensor>> {
        let AdamOptions { learning_rate, betas, epsilon, .. } = self.options;
        let [bias1, bias2] = betas.map(|beta| 1.0 - beta.powi(moments.count));
        let scaled = |(first, second): (&Tensor, &Tensor)| {
            let root = second.map(Map::Sqrt)?;
            let root =
                root.map(Map::Affine { scale: bias2.sqrt().recip() as f32, offset: epsilon as f32 })?;
            first.zip(&root, Zip::Div)
        };
        let step: Vec<_> =
            moments.first.iter().zip(&moments.second).map(scaled).collect::<nst_tensor::Result<_>>()?;
        let next = vector::combine(&[(1.0, x), (-learning_rate / bias1, &step)])?;
        match &self.bounds {
            Some(bounds) => bounds.project(&next),
            None => Ok(next),
        }
    }
}

impl Optimizer for Adam {
    fn start(&mut self, x: &[Tensor], objective: &mut dyn Objective) -> Result<f64> {
        Ok(self.iterate(x, objective)?.0.point.loss)
    }

    fn step(&mut self, x: &mut [Tensor], objective: &mut dyn Objective) -> Result<Step> {
        let (iterate, evaluations) = self.iterate(x, objective)?;
        let stay = |status, evaluations| Step { loss: iterate.point.loss, evaluations, moved: false, status };
        if !iterate.is_finite() {
            return Ok(stay(Status::NotFinite, evaluations));
        }
        if iterate.squared_gradient == 0.0 && self.moments.is_none() {
            return Ok(stay(Status::Converged(Convergence::Gradient), evaluations));
        }
        let moments = self.moments(&iterate.point.gradient)?;
        let next = Iterate::new(Evaluation::new(self.next(x, &moments)?, objective)?)?;
        if !next.is_finite() {
            return Ok(stay(Status::NotFinite, evaluations + 1));
        }
        if let Some(average) = &mut self.average {
            *average = average.with(&next.point.x)?;
        }
        x.clone_from_slice(&next.point.x);
        let loss = next.point.loss;
        (self.iterate, self.moments) = (Some(next), Some(moments));
        Ok(Step { loss, evaluations: evaluations + 1, moved: true, status: Status::Progress })
    }

    fn reset(&mut self) {
        (self.iterate, self.moments, self.average) = (None, None, None);
    }

    /// The moments go on, and their number; the average begins again.
    fn carry_over(
        &mut self,
        map: &mut dyn FnMut(Moment, &Tensor) -> nst_tensor::Result<Tensor>,
    ) -> Result<()> {
        if let Some(Moments { first, second, count }) = self.moments.take() {
            let first = first.iter().map(|tensor| map(Moment::Mean, tensor));
            let first = first.collect::<nst_tensor::Result<_>>()?;
            // A root is taken of these.
            let square = |tensor| map(Moment::MeanSquare, tensor)?.map(Map::Relu);
            let second = second.iter().map(square).collect::<nst_tensor::Result<_>>()?;
            self.moments = Some(Moments { first, second, count });
        }
        (self.iterate, self.average) = (None, None);
        Ok(())
    }

    fn average(&self) -> Option<&[Tensor]> {
        self.average.as_ref().map(Average::value)
    }

    fn shrink(&mut self, factor: f64) {
        self.options.learning_rate *= factor;
    }
}
