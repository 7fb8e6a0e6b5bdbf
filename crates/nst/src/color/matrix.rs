//! Decompositions of symmetric 3x3 matrices, in double precision. Covariances of real pictures are often singular (grey
//! ones, a single color), so both take what to do with a direction that has next to nothing.

pub(crate) type Matrix = [[f64; 3]; 3];

pub(super) const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// Cyclic Jacobi converges quadratically: 3x3 matrices take four or five sweeps.
const SWEEPS: usize = 20;

fn build(value: impl Fn(usize, usize) -> f64) -> Matrix {
    std::array::from_fn(|row| std::array::from_fn(|column| value(row, column)))
}

pub(super) fn transposed(a: &Matrix) -> Matrix {
    build(|row, column| a[column][row])
}

pub(super) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    build(|row, column| (0..3).map(|k| a[row][k] * b[k][column]).sum())
}

pub(super) fn apply(a: &Matrix, x: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|row| (0..3).map(|k| a[row][k] * x[k]).sum())
}

/// Eigenvalues and, in the columns, eigenvectors of a symmetric matrix, by Jacobi's rotations.
fn eigen(symmetric: &Matrix) -> ([f64; 3], Matrix) {
    let (mut a, mut vectors) = (*symmetric, IDENTITY);
    for _ in 0..SWEEPS {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            // What is lost beside the diagonal in rounding is zero.
            if a[p][q].abs() <= f64::EPSILON * f64::EPSILON * (a[p][p] * a[q][q]).abs().sqrt()
                || a[p][q] == 0.0
            {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
            let cosine = 1.0 / tangent.hypot(1.0);
            let sine = tangent * cosine;
            let mut rotation = IDENTITY;
            (rotation[p][p], rotation[q][q]) = (cosine, cosine);
            (rotation[p][q], rotation[q][p]) = (sine, -sine);
            a = product(&transposed(&rotation), &product(&a, &rotation));
            (a[p][q], a[q][p]) = (0.0, 0.0);
            vectors = product(&vectors, &rotation);
        }
    }
    ([a[0][0], a[1][1], a[2][2]], vectors)
}

/// A function of a symmetric matrix: of its eigenvalues, on the same eigenvectors.
pub(super) fn function(symmetric: &Matrix, of: impl Fn(f64) -> f64) -> Matrix {
    let (values, vectors) = eigen(symmetric);
    let scaled = build(|row, column| vectors[row][column] * of(values[column]));
    product(&scaled, &transposed(&vectors))
}

/// The lower triangular L with L Lᵀ = a, for a positive semidefinite a. Where no more than `least` is left on the
/// diagonal, the column is zero.
pub(super) fn cholesky(a: &Matrix, least: f64) -> Matrix {
    let mut lower = [[0.0; 3]; 3];
    for column in 0..3 {
        let rest = |row: usize, lower: &Matrix| {
            a[row][column] - (0..column).map(|k| lower[row][k] * lower[column][k]).sum::<f64>()
        };
        let pivot = rest(column, &lower);
        if pivot <= least {
            continue;
        }
        let root = pivot.sqrt();
        for row in column..3 {
            lower[row][column] = rest(row, &lower) / root;
        }
    }
    lower
}

/// The inverse of a lower triangular matrix; where its diagonal is zero, a row of zeros.
pub(super) fn lower_inverse(lower: &Matrix) -> Matrix {
    let mut inverse = [[0.0; 3]; 3];
    for row in 0..3 {
        if lower[row][row] <= 0.0 {
            continue;
        }
        inverse[row] = std::array::from_fn(|column| {
            let rest = (0..row).map(|k| lower[row][k] * inverse[k][column]).sum::<f64>();
            (IDENTITY[row][column] - rest) / lower[row][row]
        });
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::{IDENTITY, Matrix, cholesky, eigen, function, lower_inverse, product, transposed};

    fn assert_close(a: &Matrix, b: &Matrix, tolerance: f64) {
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((a - b).abs() <= tolerance, "{a} {b}");
        }
    }

    /// Positive definite ones, one with equal eigenvalues, and singular ones of rank 2, 1 and 0.
    fn matrices() -> [Matrix; 6] {
        [
            [[4.0, 2.0, 0.6], [2.0, 5.0, -1.0], [0.6, -1.0, 3.0]],
            [[1e-3, 2e-4, 1e-5], [2e-4, 1e-1, 3e-3], [1e-5, 3e-3, 2e-2]],
            [[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]],
            [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]],
            [[1.0; 3]; 3],
            [[0.0; 3]; 3],
        ]
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_give_the_matrix_back() {
        for a in matrices() {
            let (values, vectors) = eigen(&a);
            assert_close(&product(&vectors, &transposed(&vectors)), &IDENTITY, 1e-14);
            assert_close(&function(&a, |value| value), &a, 1e-14);
            let (sum, trace): (f64, f64) = (values.iter().sum(), (0..3).map(|i| a[i][i]).sum());
            assert!((sum - trace).abs() < 1e-14);
        }
    }

    #[test]
    fn known_eigenvalues() {
        // 1, 1 and 4 on the grey axis.
        let (mut values, _) = eigen(&matrices()[2]);
        values.sort_by(f64::total_cmp);
        for (value, expected) in values.iter().zip([1.0, 1.0, 4.0]) {
            assert!((value - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn roots_squared_are_the_matrix() {
        for a in matrices() {
            let root = function(&a, |value| value.max(0.0).sqrt());
            assert_close(&root, &transposed(&root), 1e-14);
            assert_close(&product(&root, &root), &a, 1e-14);
            let lower = cholesky(&a, 1e-12);
            assert_close(&product(&lower, &transposed(&lower)), &a, 1e-14);
            assert_eq!([lower[0][1], lower[0][2], lower[1][2]], [0.0; 3]);
        }
    }

    #[test]
    fn inverses_undo_what_there_is() {
        for a in &matrices()[..3] {
            let lower = cholesky(a, 0.0);
            assert_close(&product(&lower_inverse(&lower), &lower), &IDENTITY, 1e-12);
        }
        for a in &matrices()[3..] {
            let lower = cholesky(a, 1e-12);
            assert_close(&product(&lower, &product(&lower_inverse(&lower), &lower)), &lower, 1e-14);
        }
    }
}
