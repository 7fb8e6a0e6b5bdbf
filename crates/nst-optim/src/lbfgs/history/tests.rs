//! The recursion on inner products against the one on vectors.

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

/// A ten-thousandth, of every other element half as much, whatever the pairs say.
#[derive(Debug)]
struct Uneven;

impl Uneven {
    fn times(vector: &[f64]) -> Vec<f64> {
        vector.iter().enumerate().map(|(i, value)| 1e-4 * value / (1 + i % 2) as f64).collect()
    }
}

impl InitialInverse for Uneven {
    fn apply(&self, vector: &[Tensor]) -> std::result::Result<Vec<Tensor>, crate::BoxError> {
        let halved: Vec<f32> = Self::times(&values(vector)).iter().map(|&value| value as f32).collect();
        Ok(tensors(vector[0].device(), &halved))
    }

    fn learn(&mut self, _: &[Tensor], _: &[Tensor], _: [f64; 2]) -> std::result::Result<(), crate::BoxError> {
        Ok(())
    }

    fn forget(&mut self) {}
}

/// Algorithm 7.4 as it stands in the book, on the vectors. `initial`: with [`Uneven`], or else the usual multiple.
fn two_loops(pairs: &[[Vec<f64>; 2]], g: &[f64], initial: bool) -> Vec<f64> {
    let add = |q: &mut [f64], factor: f64, v: &[f64]| q.iter_mut().zip(v).for_each(|(q, v)| *q += factor * v);
    let mut q = g.to_vec();
    let mut alphas = Vec::new();
    for [s, y] in pairs.iter().rev() {
        let alpha = dot(s, &q) / dot(s, y);
        add(&mut q, -alpha, y);
        alphas.push(alpha);
    }
    if let Some([s, y]) = pairs.last() {
        if initial {
            q = Uneven::times(&q);
        }
        let scale = if initial { 1.0 } else { dot(s, y) / dot(y, y) };
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
fn compare(
    capacity: usize,
    len: usize,
    condition: f64,
    tolerance: f64,
    initial: Option<&dyn InitialInverse>,
) {
    let device = Device::cpu();
    let tensors = |values: &[f32]| tensors(&device, values);
    let curvature = |i: usize| condition.powf(i as f64 / (len - 1) as f64) as f32;
    let gradient = |x: &[f32]| -> Vec<f32> { x.iter().enumerate().map(|(i, x)| curvature(i) * x).collect() };
    let mut x: Vec<f32> = (0..len).map(|i| ((i * 37 + 11) % 17) as f32 / 8.0 - 1.0).collect();
    let mut history = History::new(capacity);
    let mut kept: Vec<[Vec<f64>; 2]> = Vec::new();
    let mut g = gradient(&x);
    history.set_gradient(&tensors(&g)).unwrap();
    for iteration in 0..3 * capacity {
        let direction = history.direction(initial, &tensors(&g)).unwrap();
        let vector = history.vector(&direction, 1.0, &tensors(&g)).unwrap();
        let (found, g64) = (values(&vector), g.iter().copied().map(f64::from).collect::<Vec<_>>());
        let expected = two_loops(&kept, &g64, initial.is_some());
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
    compare(1, 20, 1e2, 1e-7, None);
    compare(5, 60, 1e3, 1e-7, None);
    compare(20, 500, 1e4, 1e-7, None);
    // More pairs than dimensions: they cannot be independent.
    compare(8, 6, 1e4, 1e-7, None);
}

#[test]
fn agrees_with_the_recursion_on_vectors_from_an_initial_inverse() {
    compare(1, 20, 1e2, 1e-6, Some(&Uneven));
    compare(5, 60, 1e3, 1e-6, Some(&Uneven));
    compare(20, 500, 1e4, 1e-6, Some(&Uneven));
}
