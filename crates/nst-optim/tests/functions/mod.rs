//! Standard test functions, in double precision of the `f32` iterate, and objectives made of them.

#![allow(dead_code, reason = "each test file takes what it needs")]

use nst_optim::{BoxError, Objective};
use nst_tensor::{Device, Tensor};

/// Loss and gradient.
pub(crate) type Function = fn(&[f64]) -> (f64, Vec<f64>);

/// Pairs of variables, each pair a Rosenbrock function (Moré, Garbow and Hillstrom 1981, number 21).
pub(crate) fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
    let mut loss = 0.0;
    let mut gradient = Vec::new();
    for pair in x.chunks_exact(2) {
        let (valley, rest) = (pair[1] - pair[0] * pair[0], 1.0 - pair[0]);
        loss += 100.0 * valley * valley + rest * rest;
        gradient.extend([-400.0 * pair[0] * valley - 2.0 * rest, 200.0 * valley]);
    }
    (loss, gradient)
}

/// Beale's function.
pub(crate) fn beale(x: &[f64]) -> (f64, Vec<f64>) {
    let (a, b) = (x[0], x[1]);
    let terms = [1.5, 2.25, 2.625].into_iter().zip(1..).map(|(constant, power)| {
        let residual = constant - a + a * b.powi(power);
        let by_b = f64::from(power) * a * b.powi(power - 1);
        [residual * residual, 2.0 * residual * (b.powi(power) - 1.0), 2.0 * residual * by_b]
    });
    let [loss, by_a, by_b] = terms.fold([0.0; 3], |sum, term| std::array::from_fn(|i| sum[i] + term[i]));
    (loss, vec![by_a, by_b])
}

/// Himmelblau's function.
pub(crate) fn himmelblau(x: &[f64]) -> (f64, Vec<f64>) {
    let (one, other) = (x[0] * x[0] + x[1] - 11.0, x[0] + x[1] * x[1] - 7.0);
    let gradient = vec![4.0 * x[0] * one + 2.0 * other, 2.0 * one + 4.0 * x[1] * other];
    (one * one + other * other, gradient)
}

/// `1/2 sum d x²`, `d` rising geometrically from 1 to 1e4.
pub(crate) fn quadratic(x: &[f64]) -> (f64, Vec<f64>) {
    let curvature = |i: usize| 10f64.powf(4.0 * i as f64 / (x.len() - 1) as f64);
    let gradient: Vec<f64> = x.iter().enumerate().map(|(i, x)| curvature(i) * x).collect();
    (x.iter().zip(&gradient).map(|(x, g)| x * g / 2.0).sum(), gradient)
}

/// `x` as tensors of the given lengths.
pub(crate) fn tensors(device: &Device, x: &[f64], lengths: &[usize]) -> Vec<Tensor> {
    let mut rest = x.iter().map(|&x| x as f32);
    let part =
        |&len: &usize| Tensor::new(device, [len], &rest.by_ref().take(len).collect::<Vec<_>>()).unwrap();
    lengths.iter().map(part).collect()
}

/// The elements of all tensors.
pub(crate) fn values(x: &[Tensor]) -> Vec<f64> {
    x.iter().flat_map(|tensor| tensor.to_vec().unwrap()).map(f64::from).collect()
}

/// A function as an objective that remembers what it was asked.
pub(crate) struct Recorded<F> {
    pub(crate) function: F,
    pub(crate) losses: Vec<f64>,
    pub(crate) points: Vec<Vec<f64>>,
}

pub(crate) fn recorded<F: FnMut(&[f64]) -> (f64, Vec<f64>)>(function: F) -> Recorded<F> {
    Recorded { function, losses: Vec::new(), points: Vec::new() }
}

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> Objective for Recorded<F> {
    fn evaluate(&mut self, x: &[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError> {
        let point = values(x);
        let (loss, gradient) = (self.function)(&point);
        self.losses.push(loss);
        self.points.push(point);
        let lengths: Vec<_> = x.iter().map(|tensor| tensor.shape().len()).collect();
        let device = x.first().map_or_else(Device::cpu, |tensor| tensor.device().clone());
        let flat = tensors(&device, &gradient, &lengths);
        let shaped = flat.iter().zip(x).map(|(g, x)| g.reshape(x.shape()));
        Ok((loss, shaped.collect::<Result<_, _>>()?))
    }
}
