//! The matrix product.

use crate::Isa;
use crate::tile::{Left, MAX_COLUMNS, MAX_ROWS, Right};
use rayon::prelude::*;

/// Whether an operand is used as it lies in memory or transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transpose {
    /// As it lies.
    No,
    /// Transposed.
    Yes,
}

/// `output = op(a) op(b)`, with `op(a)` of `m x k`, `op(b)` of `k x n` and `output` of `m x n`, all row-major as they lie
/// in memory (a transposed `a` lies as `k x m`).
///
/// # Panics
/// If a slice's length does not fit `[m, k, n]`.
pub fn matmul(
    isa: Isa,
    [m, k, n]: [usize; 3],
    (a, transpose_a): (&[f32], Transpose),
    (b, transpose_b): (&[f32], Transpose),
    output: &mut [f32],
) {
    assert_eq!((a.len(), b.len(), output.len()), (m * k, k * n, m * n), "matmul operands of {m} x {k} x {n}");
    if k == 0 || n == 0 {
        output.fill(0.0);
        return;
    }
    let kernel = isa.tile_kernel();
    let b = pack_columns(b, transpose_b, [k, n], kernel.columns);
    let (row_step, step) = if transpose_a == Transpose::Yes { (1, m) } else { (k, 1) };
    let block = kernel.rows * 8;
    output.par_chunks_mut(block * n).enumerate().for_each(|(index, output)| {
        let block = index * block..((index + 1) * block).min(m);
        for (panel, b) in b.chunks_exact(k * kernel.columns).enumerate() {
            let columns = panel * kernel.columns..((panel + 1) * kernel.columns).min(n);
            for row in block.clone().step_by(kernel.rows) {
                let rows = row..(row + kernel.rows).min(block.end);
                let bases = std::array::from_fn(|i| (row + i).min(rows.end - 1) * row_step);
                let mut sums = [0.0; MAX_ROWS * MAX_COLUMNS];
                let left = Left { values: a, bases, offsets: &[0], run: k, step };
                kernel.add_products(&left, &Right { values: b, step: kernel.columns }, &mut sums);
                for (row, sums) in rows.zip(sums.chunks_exact(kernel.columns)) {
                    let to = &mut output[(row - block.start) * n..][columns.clone()];
                    to.copy_from_slice(&sums[..columns.len()]);
                }
            }
        }
    });
}

/// Lays a `k x n` matrix out as panels of `width` columns, each `[k][width]`, the last one with zeros behind.
fn pack_columns(b: &[f32], transpose: Transpose, [k, n]: [usize; 2], width: usize) -> Vec<f32> {
    let mut packed = vec![0.0; n.div_ceil(width) * k * width];
    packed.par_chunks_exact_mut(k * width).enumerate().for_each(|(panel, to)| {
        let columns = panel * width..((panel + 1) * width).min(n);
        for (row, to) in to.chunks_exact_mut(width).enumerate() {
            for (to, column) in to.iter_mut().zip(columns.clone()) {
                *to = if transpose == Transpose::Yes { b[column * k + row] } else { b[row * n + column] };
            }
        }
    });
    packed
}

#[cfg(test)]
mod tests {
    use super::{Transpose, matmul};
    use crate::Isa;
    use crate::reference::{self, test_values};

    #[test]
    fn agrees_with_the_reference_in_every_layout() {
        for isa in Isa::available() {
            for [m, k, n] in [[1, 1, 1], [12, 7, 32], [13, 64, 33], [100, 3, 5], [7, 0, 4], [31, 129, 70]] {
                let (a, b) = (test_values(m * k, 1), test_values(k * n, 2));
                for ta in [Transpose::No, Transpose::Yes] {
                    for tb in [Transpose::No, Transpose::Yes] {
                        let mut output = vec![7.0; m * n];
                        matmul(isa, [m, k, n], (&a, ta), (&b, tb), &mut output);
                        let expected = reference::matmul([m, k, n], (&a, ta), (&b, tb));
                        reference::assert_close(&output, &expected, 1e-5);
                    }
                }
            }
        }
    }
}
