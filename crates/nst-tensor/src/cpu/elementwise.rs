//! Operations on single elements, by ndarray's parallel iteration.

use crate::backend::{Map, Zip};
use ndarray::{ArrayView1, ArrayView2, ShapeError, Zip as Elements};
use rayon::prelude::*;

/// Applies `op` to each element.
pub(super) fn map(x: &[f32], op: Map) -> Vec<f32> {
    fn each(x: &[f32], op: impl Fn(f32) -> f32 + Sync + Send) -> Vec<f32> {
        Elements::from(ArrayView1::from(x)).par_map_collect(|&x| op(x)).into_raw_vec_and_offset().0
    }
    match op {
        Map::Affine { scale, offset } => each(x, |x| scale * x + offset),
        Map::Square => each(x, |x| x * x),
        Map::Sqrt => each(x, f32::sqrt),
        Map::Abs => each(x, f32::abs),
        Map::Relu => each(x, |x| if x < 0.0 { 0.0 } else { x }),
    }
}

/// Applies `op` to each pair of elements, with `b` repeated as often as `a` holds it.
pub(super) fn zip(a: &[f32], b: &[f32], op: Zip) -> Result<Vec<f32>, ShapeError> {
    fn each(
        a: &[f32],
        b: &[f32],
        op: impl Fn(f32, f32) -> f32 + Sync + Send,
    ) -> Result<Vec<f32>, ShapeError> {
        if a.len() == b.len() {
            let pairs = Elements::from(ArrayView1::from(a)).and(ArrayView1::from(b));
            return Ok(pairs.par_map_collect(|&a, &b| op(a, b)).into_raw_vec_and_offset().0);
        }
        let rows = ArrayView2::from_shape((a.len() / b.len().max(1), b.len()), a)?;
        let pairs = Elements::from(rows).and_broadcast(ArrayView1::from(b));
        Ok(pairs.par_map_collect(|&a, &b| op(a, b)).into_raw_vec_and_offset().0)
    }
    match op {
        Zip::Add => each(a, b, |a, b| a + b),
        Zip::Sub => each(a, b, |a, b| a - b),
        Zip::Mul => each(a, b, |a, b| a * b),
        Zip::Div => each(a, b, |a, b| a / b),
        Zip::Mask => each(a, b, |a, b| if b > 0.0 { a } else { 0.0 }),
    }
}

/// The sum of `factor * values` over terms of `len` values, in their order, each element in double precision.
pub(super) fn linear_combination(len: usize, terms: &[(f64, &[f32])]) -> Vec<f32> {
    // Elements summed at a time: few enough for the stack and the first-level cache.
    const CHUNK: usize = 2048;
    let mut output = vec![0.0; len];
    output.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, to)| {
        let mut sums = [0.0f64; CHUNK];
        for (factor, values) in terms {
            let values = &values[chunk * CHUNK..][..to.len()];
            sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += factor * f64::from(value));
        }
        to.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
    });
    output
}
