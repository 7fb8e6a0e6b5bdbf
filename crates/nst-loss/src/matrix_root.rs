//! The trace of a matrix's square root, by products of matrices alone, with its gradient.
//!
//! For a symmetric positive A, the coupled Newton-Schulz iteration (Higham 2008, "Functions of Matrices", section 6.3)
//! starts at `Y = A / c`, `Z = I` with `c = ‖A‖` (Frobenius), and repeats
//!
//! ```text
//! W = Z Y,   T = ρ (3 I - ρ² W) / 2,   Y <- Y T,   Z <- T Z
//! ```
//!
//! until `W = I`, where `√c Y = A^½` and `Z / √c = A^-½`. Everything is a function of A, so all of it commutes, and each
//! eigenvalue λ of `A / c` goes its own way: `y = λ z`, `w = λ z²`. The factors ρ >= 1 make small ones grow by 1.5 √3
//! instead of 1.5 in a step, as long as there are any: if `√w` lies in `[l, 1]`, `ρ² = 3 / (1 + l + l²)` sends it to
//! `[l', 1]` with `l' = ρ l (3 - ρ² l²) / 2`, both ends of the old interval to the same l' (Chen and Chow 2014, "A Stable
//! Scaling of Newton-Schulz for Improving the Sign Function Computation").
//!
//! **The gradient.** At the limit, `d tr A^½ = tr(½ A^-½ dA)`. In single precision not every eigenvalue gets there: what
//! is left of the smallest is far below the root, and ½ Z would not be its derivative, so that a loss and a gradient of two
//! functions would be reported. The derivative of what is computed costs one more product a step. From
//! `w' = w (a - b w)²`, with `T = a I - b W`, follows for the logarithmic derivative `q = d ln w / d ln λ` that
//! `q' = q (a - 3 b w) / (a - b w)`; hence `Q = Z q` follows
//!
//! ```text
//! Q <- ρ (3/2) (Q - ρ² Q W),   Q = I at first,
//! ```
//!
//! and, as `2 d ln z = d ln w - d ln λ`, `dy/dλ = (z + z q) / 2`: the gradient is `(Z + Q) / (2 √c)`, and Q vanishes where
//! the iteration has converged. That c depends on A adds, with `dc = tr(A dA) / c`, `-tr(A Q / c) / (2 √c) * A / c`.

use nst_autodiff::Var;
use nst_tensor::Transpose::No;
use nst_tensor::{Map, Tensor, Zip};

/// Roots of eigenvalues down to this part of `√‖A‖` are found exactly (to 1e-9, but for rounding), smaller ones in part. Single precision
/// holds no more: eigenvalues below 1e-7 of the greatest are rounding errors, which must stay small while they grow by the
/// inverse square of this.
const RESOLUTION: f64 = 1e-3;

/// As many as bring [`RESOLUTION`] to 1 within 1e-9.
const STEPS: usize = 11;

/// The factors ρ.
fn factors() -> impl Iterator<Item = f64> {
    let mut least = RESOLUTION;
    (0..STEPS).map(move |_| {
        let factor = (3.0 / (1.0 + least + least * least)).sqrt();
        least = factor * least * (3.0 - (factor * least).powi(2)) / 2.0;
        factor
    })
}

/// `tr A^½` of a symmetric positive matrix, a scalar. `identity` is of its size.
pub(crate) fn trace_of_root(matrix: &Var, identity: &Tensor) -> nst_autodiff::Result<Var> {
    let norm = matrix.value().map(Map::Square)?.sum()?.map(Map::Sqrt)?;
    let scaled = matrix.value().zip(&norm, Zip::Div)?;
    let (mut y, mut z, mut q) = (scaled.clone(), identity.clone(), identity.clone());
    for factor in factors() {
        let w = z.matmul(No, &y, No)?;
        let step = Tensor::linear_combination(&[(1.5 * factor, identity), (-0.5 * factor.powi(3), &w)])?;
        y = y.matmul(No, &step, No)?;
        z = step.matmul(No, &z, No)?;
        if matrix.is_recorded() {
            let product = q.matmul(No, &w, No)?;
            q = Tensor::linear_combination(&[(1.5 * factor, &q), (-1.5 * factor.powi(3), &product)])?;
        }
    }
    let root_of_norm = norm.map(Map::Sqrt)?;
    let trace = y.zip(identity, Zip::Mul)?.sum()?.zip(&root_of_norm, Zip::Mul)?;
    Var::record(trace, &[matrix], move |cotangent, _| {
        let of_norm = scaled.zip(&q, Zip::Mul)?.sum()?;
        let of_norm = scaled.zip(&of_norm, Zip::Mul)?;
        let gradient = Tensor::linear_combination(&[(0.5, &z), (0.5, &q), (-0.5, &of_norm)])?;
        Ok(vec![Some(gradient.zip(&cotangent.zip(&root_of_norm, Zip::Div)?, Zip::Mul)?)])
    })
}

/// A matrix L with `L Lᵀ = A`, row by row, of a symmetric A that is `ridge` times the identity plus a positive matrix
/// known up to rounding errors of `noise`: Cholesky's factor, by the greatest pivot first (Higham 2002, "Accuracy and
/// Stability of Numerical Algorithms", section 10.3), its rows in A's order. Where no pivot rises above ridge and noise, what
/// is left of A is taken for the ridge: to go on would divide noise by noise.
pub(crate) fn square_root(mut a: Vec<f64>, size: usize, ridge: f64, noise: f64) -> Vec<f64> {
    let mut l = vec![0.0; size * size];
    let mut left: Vec<usize> = (0..size).collect();
    for step in 0..size {
        let greatest = (0..left.len()).max_by(|&i, &j| {
            let pivot = |at: usize| a[left[at] * (size + 1)];
            pivot(i).total_cmp(&pivot(j))
        });
        let Some(row) = greatest.map(|at| left.swap_remove(at)) else { break };
        let pivot = a[row * (size + 1)];
        if pivot <= ridge + noise {
            left.push(row);
            for (row, column) in left.iter().zip(step..) {
                l[row * size + column] = ridge.sqrt();
            }
            break;
        }
        let column: Vec<f64> = a[row * size..(row + 1) * size].iter().map(|a| a / pivot.sqrt()).collect();
        l[row * size + step] = pivot.sqrt();
        for &other in &left {
            l[other * size + step] = column[other];
            // All columns, those of rows that are done as well: they are not read again.
            let line = &mut a[other * size..(other + 1) * size];
            line.iter_mut().zip(&column).for_each(|(a, b)| *a -= column[other] * b);
        }
    }
    l
}

#[cfg(test)]
mod tests {
    use super::{STEPS, factors, square_root, trace_of_root};
    use approx::assert_relative_eq;
    use nst_autodiff::{Tape, Var};
    use nst_tensor::{Device, Tensor};

    #[test]
    fn the_steps_bring_the_least_root_to_one() {
        let mut least = super::RESOLUTION;
        for factor in factors() {
            assert!((1.0..3f64.sqrt()).contains(&factor));
            least = factor * least * (3.0 - (factor * least).powi(2)) / 2.0;
        }
        assert!(1.0 - least < 1e-9, "{STEPS} steps lead to {least}");
    }

    /// A diagonal matrix's root is that of its entries: the value, and the gradient on the diagonal.
    #[test]
    fn the_root_of_a_diagonal_and_its_gradient() {
        let device = Device::cpu();
        let entries = [4.0f32, 0.25, 9.0, 1e-2];
        let diagonal = |entries: &[f32]| {
            let mut values = vec![0.0; entries.len().pow(2)];
            values
                .iter_mut()
                .step_by(entries.len() + 1)
                .zip(entries)
                .for_each(|(value, entry)| *value = *entry);
            Tensor::new(&device, [entries.len(); 2], &values).unwrap()
        };
        let (tape, identity) = (Tape::new(), diagonal(&[1.0; 4]));
        let matrix = tape.leaf(diagonal(&entries));
        let trace = trace_of_root(&matrix, &identity).unwrap();
        assert_relative_eq!(trace.value().item().unwrap(), 2.0 + 0.5 + 3.0 + 0.1, max_relative = 1e-6);
        let gradients = tape.backward(&[(&trace, Tensor::full(&device, [], 2.0).unwrap())]).unwrap();
        let gradient = gradients.get(&matrix).unwrap().to_vec().unwrap();
        for (at, entry) in entries.iter().enumerate() {
            assert_relative_eq!(gradient[at * 5], entry.powf(-0.5), max_relative = 1e-5);
        }
    }

    /// Eigenvalues far below what is resolved: the gradient is still that of the value.
    #[test]
    fn value_and_gradient_belong_together_where_the_root_is_not_found() {
        let device = Device::cpu();
        let identity = Tensor::new(&device, [2, 2], &[1.0, 0.0, 0.0, 1.0]).unwrap();
        let trace = |matrix: &Var| trace_of_root(matrix, &identity).unwrap();
        let at = |small: f32| Tensor::new(&device, [2, 2], &[1.0, 0.0, 0.0, small]).unwrap();
        // Greater than the root's own rounding error, so that the difference of two values shows the slope.
        let (small, step) = (4e-9f32, 2e-9f32);
        let tape = Tape::new();
        let matrix = tape.leaf(at(small));
        let gradients = tape.backward(&[(&trace(&matrix), Tensor::full(&device, [], 1.0).unwrap())]).unwrap();
        let gradient = gradients.get(&matrix).unwrap().to_vec().unwrap()[3];
        let value = |small: f32| f64::from(trace(&Var::constant(at(small))).value().item().unwrap());
        let slope = (value(small + step) - value(small - step)) / f64::from(2.0 * step);
        assert_relative_eq!(f64::from(gradient), slope, max_relative = 2e-2);
        assert!(gradient < 0.7 * 0.5 / small.sqrt(), "{gradient}: this root is found");
    }

    fn product(l: &[f64], size: usize) -> Vec<f64> {
        let row = |at: usize| &l[at * size..(at + 1) * size];
        let entry = |at: usize| row(at / size).iter().zip(row(at % size)).map(|(a, b)| a * b).sum();
        (0..size * size).map(entry).collect()
    }

    #[test]
    fn a_matrix_is_the_product_of_its_factors() {
        let a = product(&[2.0, 0.0, 0.0, -1.0, 3.0, 0.0, 0.5, 4.0, 0.25], 3);
        let l = square_root(a.clone(), 3, 1e-9, 0.0);
        assert_relative_eq!(product(&l, 3).as_slice(), a.as_slice(), max_relative = 1e-12);
    }

    /// Of rank 2 but for the ridge, with errors far above the ridge: the factor stays as near as they are.
    #[test]
    fn noise_is_not_divided_by_noise() {
        const SIZE: usize = 60;
        let (ridge, noise) = (1e-4, 1e-3);
        let wave = |at: usize, of: f64| (at as f64 * of).sin();
        let exact = |i: usize, j: usize| {
            100.0 * wave(i, 0.7) * wave(j, 0.7)
                + wave(i, 1.9) * wave(j, 1.9)
                + if i == j { ridge } else { 0.0 }
        };
        // An error for each pair, the same both ways.
        let error = |i: usize, j: usize| noise * wave(i.min(j) * SIZE + i.max(j), 12.9898) / 2.0;
        let a: Vec<f64> =
            (0..SIZE * SIZE).map(|at| exact(at / SIZE, at % SIZE) + error(at / SIZE, at % SIZE)).collect();
        let l = square_root(a.clone(), SIZE, ridge, noise);
        for (actual, expected) in product(&l, SIZE).into_iter().zip(a) {
            assert_relative_eq!(actual, expected, epsilon = 10.0 * noise);
        }
    }
}
