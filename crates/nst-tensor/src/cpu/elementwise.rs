//! Operations on single elements, by ndarray's parallel iteration, and the greatest of them.

use crate::backend::{Map, Zip};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, ShapeError, Zip as Elements};
use rayon::prelude::*;

/// Applies `op` to each element.
pub(super) fn map(x: &[f32], op: Map, output: &mut [f32]) {
    fn each(x: &[f32], output: &mut [f32], op: impl Fn(f32) -> f32 + Sync + Send) {
        let pairs = Elements::from(ArrayViewMut1::from(output)).and(ArrayView1::from(x));
        pairs.par_for_each(|to, &x| *to = op(x));
    }
    match op {
        Map::Affine { scale, offset } => each(x, output, |x| scale * x + offset),
        Map::Square => each(x, output, |x| x * x),
        Map::Sqrt => each(x, output, f32::sqrt),
        Map::Abs => each(x, output, f32::abs),
        Map::Relu => each(x, output, |x| if x < 0.0 { 0.0 } else { x }),
    }
}

/// Applies `op` to each pair of elements, with `b` repeated as often as `a` holds it.
pub(super) fn zip(a: &[f32], b: &[f32], op: Zip, output: &mut [f32]) -> Result<(), ShapeError> {
    fn each(
        a: &[f32],
        b: &[f32],
        output: &mut [f32],
        op: impl Fn(f32, f32) -> f32 + Sync + Send,
    ) -> Result<(), ShapeError> {
        if a.len() == b.len() {
            let triples =
                Elements::from(ArrayViewMut1::from(output)).and(ArrayView1::from(a)).and(ArrayView1::from(b));
            triples.par_for_each(|to, &a, &b| *to = op(a, b));
            return Ok(());
        }
        let extents = (a.len() / b.len().max(1), b.len());
        let triples = Elements::from(ArrayViewMut2::from_shape(extents, output)?)
            .and(ArrayView2::from_shape(extents, a)?)
            .and_broadcast(ArrayView1::from(b));
        triples.par_for_each(|to, &a, &b| *to = op(a, b));
        Ok(())
    }
    match op {
        Zip::Add => each(a, b, output, |a, b| a + b),
        Zip::Sub => each(a, b, output, |a, b| a - b),
        Zip::Mul => each(a, b, output, |a, b| a * b),
        Zip::Div => each(a, b, output, |a, b| a / b),
        Zip::Mask => each(a, b, output, |a, b| if b > 0.0 { a } else { 0.0 }),
    }
}

/// The greatest absolute value, NaN if there is one, 0 of nothing.
pub(super) fn max_abs(values: &[f32]) -> f64 {
    // Comparisons with NaN are false: written so that a NaN replaces any number and nothing replaces it.
    let greater = |a: f32, b: f32| if a.is_nan() || a > b { a } else { b };
    f64::from(values.par_iter().map(|x| x.abs()).reduce(|| 0.0, greater))
}
