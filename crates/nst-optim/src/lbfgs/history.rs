//! The curvature pairs and the direction they give.
//!
//! The two-loop recursion (Nocedal and Wright, *Numerical Optimization*, 2nd edition, algorithm 7.4) without touching a
//! vector (Chen, Wang and Zhou, NIPS 2014): the direction is a linear combination of
//! the steps `s`, the gradient changes `y` and the gradient `g`, and all that its coefficients need are inner products of
//! these. A new pair and gradient bring 4 products per pair kept, which are measured in one batch.
//!
//! The recursion never asks for a product of two steps, nor of a step with an older `y`. Those only enter the length of the
//! direction, so they need no measuring: a step is a multiple of a direction, whose products follow from the others.

use super::symmetric::Symmetric;
use crate::{Result, vector};
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

/// A direction: coefficients over the basis, and its inner products.
#[derive(Debug)]
pub(crate) struct Direction {
    coefficients: Vec<f64>,
    /// Those with each vector of the basis.
    products: Vec<f64>,
    /// That with the gradient: the slope along it.
    pub(crate) slope: f64,
    /// That with itself.
    pub(crate) square: f64,
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

    /// Minus the approximate inverse Hessian times the gradient.
    pub(crate) fn direction(&self) -> Direction {
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
        for c in &mut coefficients {
            *c *= self.scale;
        }
        for slot in (0..self.pairs.len()).map(age) {
            let beta = product(&coefficients, y(slot)) / self.products.get(s(slot), y(slot));
            coefficients[s(slot)] += alphas[slot] - beta;
        }
        let products: Vec<_> = (0..coefficients.len()).map(|place| product(&coefficients, place)).collect();
        let square = coefficients.iter().zip(&products).map(|(c, product)| c * product).sum();
        Direction { slope: products[G], square, coefficients, products }
    }

    /// `factor` times a direction, as a vector. `g`: the gradient it came from.
    pub(crate) fn vector(&self, direction: &Direction, factor: f64, g: &[Tensor]) -> Result<Vec<Tensor>> {
        let pairs = self.pairs.iter().flat_map(|pair| [&*pair.s, &*pair.y]);
        let basis = std::iter::once(g).chain(pairs);
        let terms: Vec<_> = direction.coefficients.iter().map(|c| factor * c).zip(basis).collect();
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
        // A NaN has no curvature either.
        if measured.ys.partial_cmp(&LEAST_CURVATURE) != Some(std::cmp::Ordering::Greater) {
            return;
        }
        let slot = if self.pairs.len() < self.capacity { self.pairs.len() } else { self.oldest };
        for (other, &[sy, yy, _, _]) in measured.slots.iter().enumerate().filter(|&(other, _)| other != slot)
        {
            self.products.set(s(slot), s(other), t * direction.products[s(other)]);
            self.products.set(s(slot), y(other), t * direction.products[y(other)]);
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
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nst_tensor::Device;

    fn tensors(device: &Device, values: &[f32]) -> Vec<Tensor> {
        // Two tensors of different shapes, as one vector.
        let (one, other) = values.split_at(values.len() / 3);
        vec![
            Tensor::new(device, [one.len()], one).unwrap(),
            Tensor::new(device, [1, other.len(), 1], other).unwrap(),
        ]
    }

    fn values(x: &[Tensor]) -> Vec<f64> {
        x.iter().flat_map(|tensor| tensor.to_vec().unwrap()).map(f64::from).collect()
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Algorithm 7.4 as it stands in the book, on the vectors.
    fn two_loops(pairs: &[[Vec<f64>; 2]], g: &[f64]) -> Vec<f64> {
        let add =
            |q: &mut [f64], factor: f64, v: &[f64]| q.iter_mut().zip(v).for_each(|(q, v)| *q += factor * v);
        let mut q = g.to_vec();
        let mut alphas = Vec::new();
        for [s, y] in pairs.iter().rev() {
            let alpha = dot(s, &q) / dot(s, y);
            add(&mut q, -alpha, y);
            alphas.push(alpha);
        }
        if let Some([s, y]) = pairs.last() {
            let scale = dot(s, y) / dot(y, y);
            for q in &mut q {
                *q *= scale;
            }
        }
        for ([s, y], alpha) in pairs.iter().zip(alphas.iter().rev()) {
            let beta = dot(y, &q) / dot(s, y);
            add(&mut q, alpha - beta, s);
        }
        q.iter().map(|q| -q).collect()
    }

    /// Runs the recursion on a quadratic of condition `condition` in `len` dimensions; at each step, its direction and inner
    /// products must be those of the plain recursion on the same vectors.
    fn compare(capacity: usize, len: usize, condition: f64, tolerance: f64) {
        let device = Device::cpu();
        let tensors = |values: &[f32]| tensors(&device, values);
        let curvature = |i: usize| condition.powf(i as f64 / (len - 1) as f64) as f32;
        let gradient =
            |x: &[f32]| -> Vec<f32> { x.iter().enumerate().map(|(i, x)| curvature(i) * x).collect() };
        let mut x: Vec<f32> = (0..len).map(|i| ((i * 37 + 11) % 17) as f32 / 8.0 - 1.0).collect();
        let mut history = History::new(capacity);
        let mut kept: Vec<[Vec<f64>; 2]> = Vec::new();
        let mut g = gradient(&x);
        history.set_gradient(&tensors(&g)).unwrap();
        for iteration in 0..3 * capacity {
            let direction = history.direction();
            let vector = history.vector(&direction, 1.0, &tensors(&g)).unwrap();
            let (found, g64) = (values(&vector), g.iter().copied().map(f64::from).collect::<Vec<_>>());
            let expected = two_loops(&kept, &g64);
            let size = dot(&expected, &expected).sqrt();
            let distance: Vec<f64> = found.iter().zip(&expected).map(|(a, b)| a - b).collect();
            let error = dot(&distance, &distance).sqrt() / size;
            assert!(error < tolerance, "iteration {iteration}: off by {error}");
            assert_relative_eq!(direction.slope, dot(&g64, &expected), max_relative = tolerance);
            assert_relative_eq!(direction.square.sqrt(), size, max_relative = 1e-4);

            let t = if iteration == 0 { f64::from(1.0 / curvature(len - 1)) } else { 0.9 };
            let step = vector::combine(&[(t, &vector)]).unwrap();
            x.iter_mut().zip(values(&step)).for_each(|(x, s)| *x += s as f32);
            let next = gradient(&x);
            // Every fifth pair has its curvature reversed and must be left out.
            let sign = if iteration % 5 == 4 { -1.0 } else { 1.0 };
            let change: Vec<f32> = next.iter().zip(&g).map(|(a, b)| sign * (a - b)).collect();
            let measured = history.measure(&step, &tensors(&change), &tensors(&next)).unwrap();
            if sign > 0.0 {
                kept.push([values(&step), values(&tensors(&change))]);
                kept.drain(..kept.len().saturating_sub(capacity));
            }
            history.push([step, tensors(&change)], &measured, &direction, t);
            assert_eq!(history.pairs.len(), kept.len());
            g = next;
        }
    }

    #[test]
    fn agrees_with_the_recursion_on_vectors() {
        // The rounding of the result to single precision alone gives up to 6e-8.
        compare(1, 20, 1e2, 1e-7);
        compare(5, 60, 1e3, 1e-7);
        compare(20, 500, 1e4, 1e-7);
        // More pairs than dimensions: they cannot be independent.
        compare(8, 6, 1e4, 1e-7);
    }
}
