//! The curvature pairs and the direction they give.
//!
//! The two-loop recursion (Nocedal and Wright, *Numerical Optimization*, 2nd edition, algorithm 7.4) without touching a
//! vector (Chen, Wang and Zhou, NIPS 2014): the direction is a linear combination of
//! the steps `s`, the gradient changes `y` and the gradient `g`, and all that its coefficients need are inner products of
//! these. A new pair and gradient bring 4 products per pair kept, which are measured in one batch.
//!
//! The recursion never asks for a product of two steps, nor of a step with an older `y`. Those only enter the length of the
//! direction, so they need no measuring: a step is a multiple of a direction, whose products follow from the others.

use super::InitialInverse;
use super::symmetric::Symmetric;
use crate::{Error, Result, vector};
use nst_tensor::Tensor;

/// A pair is kept only if its `y·s` is greater: torch's bound.
const LEAST_CURVATURE: f64 = 1e-10;

/// The place of the gradient in the basis of directions; after it come `s` and `y` of each slot.
const G: usize = 0;

fn s(slot: usize) -> usize {
    1 + 2 * slot
}

fn y(slot: usize) -> usize {
    2 + 2 * slot
}

#[derive(Debug)]
struct Pair {
    s: Vec<Tensor>,
    y: Vec<Tensor>,
}

/// A direction and its inner products.
#[derive(Debug)]
pub(crate) struct Direction {
    form: Form,
    /// That with the gradient: the slope along it.
    pub(crate) slope: f64,
    /// That with itself.
    pub(crate) square: f64,
}

/// What a direction is made of.
#[derive(Debug)]
enum Form {
    /// Coefficients over the basis, and the inner products with each vector of it.
    Combination { coefficients: Vec<f64>, products: Vec<f64> },
    /// Itself: an [`InitialInverse`] leads out of what the basis spans.
    Vector(Vec<Tensor>),
}

/// How large a gradient is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norms {
    /// Its squared length, not finite if an element is not.
    pub(crate) square: f64,
    /// The sum of its absolute values; measured only while there is no pair to tell the length of a step.
    pub(crate) sum_abs: Option<f64>,
}

/// The products that a new pair and gradient bring.
#[derive(Debug)]
pub(crate) struct Measured {
    yy: f64,
    ys: f64,
    sg: f64,
    yg: f64,
    gradient: Norms,
    /// Per slot: `s·y`, `y·y`, `s·g`, `y·g` of the slot's vectors with the new ones.
    slots: Vec<[f64; 4]>,
}

impl Measured {
    /// Whether the new gradient is finite, and all else that matters.
    pub(crate) fn is_finite(&self) -> bool {
        self.gradient.square.is_finite() && self.yy.is_finite()
    }

    pub(crate) fn gradient(&self) -> Norms {
        self.gradient
    }

    /// The pair's inner products `s·y` and `y·y`.
    pub(crate) fn curvature(&self) -> [f64; 2] {
        [self.ys, self.yy]
    }

    /// Whether the pair is to be kept: a NaN has no curvature either.
    pub(crate) fn has_curvature(&self) -> bool {
        self.ys > LEAST_CURVATURE
    }
}

/// The last curvature pairs, and the inner products of the basis.
#[derive(Debug)]
pub(crate) struct History {
    capacity: usize,
    /// At most `capacity` slots; of a full history, the one at `oldest` is given up next.
    pairs: Vec<Pair>,
    oldest: usize,
    products: Symmetric,
    /// `y·s / y·y` of the newest pair: the inverse Hessian to begin with, as a multiple of the identity.
    scale: f64,
}

impl History {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, pairs: Vec::new(), oldest: 0, products: Symmetric::default(), scale: 1.0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Takes another gradient at the iterate.
    pub(crate) fn set_gradient(&mut self, g: &[Tensor]) -> Result<Norms> {
        let of_slots = self.pairs.iter().flat_map(|pair| [(&*pair.s, g), (&*pair.y, g)]);
        let (products, gradient) =
            self.measured(&std::iter::once((g, g)).chain(of_slots).collect::<Vec<_>>(), 0, g)?;
        for (place, &product) in products.iter().enumerate() {
            self.products.set(G, place, product);
        }
        Ok(gradient)
    }

    /// The inner products of pairs, of which that of the gradient with itself is at `square`, and how large the gradient is:
    /// all with one synchronisation.
    fn measured(
        &self,
        pairs: &[(&[Tensor], &[Tensor])],
        square: usize,
        g: &[Tensor],
    ) -> Result<(Vec<f64>, Norms)> {
        let absolute = if self.pairs.is_empty() { Some(vector::absolute_and_ones(g)?) } else { None };
        let mut pairs = pairs.to_vec();
        pairs.extend(absolute.as_ref().map(|[absolute, ones]| (&**absolute, &**ones)));
        let mut products = vector::dots(&pairs)?;
        let sum_abs = absolute.as_ref().and_then(|_| products.pop());
        let gradient = Norms { square: products[square], sum_abs };
        Ok((products, gradient))
    }

    /// Minus the approximate inverse Hessian times the gradient `g`. The one to begin with: `initial`, or else a multiple of the
    /// identity; without any pair, the identity.
    pub(crate) fn direction(&self, initial: Option<&dyn InitialInverse>, g: &[Tensor]) -> Result<Direction> {
        let mut coefficients = vec![0.0; 1 + 2 * self.pairs.len()];
        let product = |coefficients: &[f64], place| -> f64 {
            coefficients.iter().enumerate().map(|(other, c)| c * self.products.get(place, other)).sum()
        };
        let age = |i: usize| (self.oldest + i) % self.pairs.len();
        let mut alphas = vec![0.0; self.pairs.len()];
        coefficients[G] = -1.0;
        for slot in (0..self.pairs.len()).rev().map(age) {
            let alpha = product(&coefficients, s(slot)) / self.products.get(s(slot), y(slot));
            alphas[slot] = alpha;
            coefficients[y(slot)] -= alpha;
        }
        if let Some(initial) = initial.filter(|_| !self.is_empty()) {
            let rest = self.combination(&coefficients, 1.0, g)?;
            let begun = initial.apply(&rest).map_err(Error::InitialInverse)?;
            return self.corrected(&begun, &alphas, g);
        }
        for c in &mut coefficients {
            *c *= self.scale;
        }
        for slot in (0..self.pairs.len()).map(age) {
            let beta = product(&coefficients, y(slot)) / self.products.get(s(slot), y(slot));
            coefficients[s(slot)] += alphas[slot] - beta;
        }
        let products: Vec<_> = (0..coefficients.len()).map(|place| product(&coefficients, place)).collect();
        let square = coefficients.iter().zip(&products).map(|(c, product)| c * product).sum();
        Ok(Direction { slope: products[G], square, form: Form::Combination { coefficients, products } })
    }

    /// The second loop on a vector that the initial inverse Hessian made.
    fn corrected(&self, begun: &[Tensor], alphas: &[f64], g: &[Tensor]) -> Result<Direction> {
        let with_y: Vec<_> = self.pairs.iter().map(|pair| (&*pair.y, begun)).collect();
        let with_y = vector::dots(&with_y)?;
        let mut steps = vec![0.0; self.pairs.len()];
        for slot in (0..self.pairs.len()).map(|i| (self.oldest + i) % self.pairs.len()) {
            // Products of a step with an older `y` are not kept, and those of later steps have no coefficient yet.
            let added: f64 =
                steps.iter().enumerate().map(|(other, c)| c * self.products.get(s(other), y(slot))).sum();
            steps[slot] = alphas[slot] - (with_y[slot] + added) / self.products.get(s(slot), y(slot));
        }
        let corrections = steps.into_iter().zip(&self.pairs).map(|(c, pair)| (c, &*pair.s));
        let terms: Vec<_> = std::iter::once((1.0, begun)).chain(corrections).collect();
        let direction = vector::combine(&terms)?;
        let products = vector::dots(&[(&direction, g), (&direction, &direction)])?;
        Ok(Direction { slope: products[0], square: products[1], form: Form::Vector(direction) })
    }

    /// `factor` times a direction, as a vector. `g`: the gradient it came from.
    pub(crate) fn vector(&self, direction: &Direction, factor: f64, g: &[Tensor]) -> Result<Vec<Tensor>> {
        match &direction.form {
            Form::Combination { coefficients, .. } => self.combination(coefficients, factor, g),
            Form::Vector(vector) => Ok(vector::combine(&[(factor, vector)])?),
        }
    }

    fn combination(&self, coefficients: &[f64], factor: f64, g: &[Tensor]) -> Result<Vec<Tensor>> {
        let pairs = self.pairs.iter().flat_map(|pair| [&*pair.s, &*pair.y]);
        let basis = std::iter::once(g).chain(pairs);
        let terms: Vec<_> = coefficients.iter().map(|c| factor * c).zip(basis).collect();
        Ok(vector::combine(&terms)?)
    }

    /// Measures a new pair and gradient.
    pub(crate) fn measure(&self, s: &[Tensor], y: &[Tensor], g: &[Tensor]) -> Result<Measured> {
        let mut pairs = vec![(y, y), (y, s), (s, g), (y, g), (g, g)];
        for old in &self.pairs {
            pairs.extend([(&*old.s, y), (&*old.y, y), (&*old.s, g), (&*old.y, g)]);
        }
        let (products, gradient) = self.measured(&pairs, 4, g)?;
        let slots = products[5..].chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]]).collect();
        Ok(Measured { yy: products[0], ys: products[1], sg: products[2], yg: products[3], gradient, slots })
    }

    /// Takes the new gradient; and the pair, if it has curvature. `direction` times `t`: its step.
    pub(crate) fn push(
        &mut self,
        [new_s, new_y]: [Vec<Tensor>; 2],
        measured: &Measured,
        direction: &Direction,
        t: f64,
    ) {
        self.products.set(G, G, measured.gradient.square);
        for (slot, &[_, _, sg, yg]) in measured.slots.iter().enumerate() {
            self.products.set(G, s(slot), sg);
            self.products.set(G, y(slot), yg);
        }
        if !measured.has_curvature() {
            return;
        }
        let slot = if self.pairs.len() < self.capacity { self.pairs.len() } else { self.oldest };
        for (other, &[sy, yy, _, _]) in measured.slots.iter().enumerate().filter(|&(other, _)| other != slot)
        {
            // Only the length of a combination asks for these.
            if let Form::Combination { products, .. } = &direction.form {
                self.products.set(s(slot), s(other), t * products[s(other)]);
                self.products.set(s(slot), y(other), t * products[y(other)]);
            }
            self.products.set(y(slot), s(other), sy);
            self.products.set(y(slot), y(other), yy);
        }
        self.products.set(s(slot), s(slot), t * t * direction.square);
        self.products.set(s(slot), y(slot), measured.ys);
        self.products.set(y(slot), y(slot), measured.yy);
        self.products.set(G, s(slot), measured.sg);
        self.products.set(G, y(slot), measured.yg);
        self.scale = measured.ys / measured.yy;
        let pair = Pair { s: new_s, y: new_y };
        if slot == self.pairs.len() {
            self.pairs.push(pair);
        } else {
            self.pairs[slot] = pair;
            self.oldest = (slot + 1) % self.capacity;
        }
    }
}

#[cfg(test)]
mod tests;
