//! The matrix product.

use crate::Isa;
use crate::region::LINE;
use crate::tile::{MAX_COLUMNS, MAX_ROWS, Product, TileKernel, Update};
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
    let mut panels = vec![0.0; n.div_ceil(kernel.columns) * k * kernel.columns];
    pack_columns(b, transpose_b, [k, n], kernel.columns, &mut panels);
    let transposed: Vec<f32>;
    let rows = match transpose_a {
        Transpose::No => a,
        Transpose::Yes => {
            transposed = (0..m).flat_map(|i| a[i..].iter().step_by(m)).copied().collect();
            &transposed
        }
    };
    times_panels(isa, rows, &panels, [k, n], Update::Replace, output);
}

/// Floats of a block of rows, which stays in the cache for all panels, and whose successor is asked for meanwhile.
const BLOCK: usize = 1 << 15;

/// `output = rows * panels`, or `+=`: rows of `k` floats, not zero, by panels as [`pack_columns`] lays them out.
pub(crate) fn times_panels(
    isa: Isa,
    rows: &[f32],
    panels: &[f32],
    [k, n]: [usize; 2],
    update: Update,
    output: &mut [f32],
) {
    let TileKernel { rows: height, columns: width, full, single, .. } = isa.tile_kernel();
    let block = (BLOCK / k / height).clamp(1, 64) * height;
    output.par_chunks_mut(block * n).with_max_len(1).enumerate().for_each(|(index, output)| {
        let count = output.len() / n;
        let rows = &rows[index * block * k..][..count * k];
        // Each tile asks for k lines of the block that this thread most likely does next: first its rows, then its output.
        let pieces = |start: *const f32, len: usize| {
            (0..len.div_ceil(LINE * k)).map(move |piece| start.wrapping_add(piece * LINE * k))
        };
        let mut ahead =
            pieces(rows.as_ptr_range().end, block * k).chain(pieces(output.as_ptr_range().end, block * n));
        for (panel, right) in panels.chunks_exact(k * width).enumerate() {
            let columns = panel * width..((panel + 1) * width).min(n);
            let mut row = 0;
            while row < count {
                let kernel = if row + height <= count { full } else { single };
                let product = Product {
                    left: &rows[row * k..],
                    left_step: k,
                    right,
                    right_step: width,
                    length: k,
                    ahead: ahead.next().unwrap_or(std::ptr::null()),
                };
                let to = &mut output[row * n + columns.start..];
                if columns.len() == width {
                    kernel.compute(&product, to, n, update);
                } else {
                    let mut sums = [0.0; MAX_ROWS * MAX_COLUMNS];
                    kernel.compute(&product, &mut sums, width, Update::Replace);
                    for (to, sums) in to.chunks_mut(n).zip(sums.chunks_exact(width)).take(kernel.rows) {
                        for (to, sum) in to[..columns.len()].iter_mut().zip(sums) {
                            *to = if update == Update::Add { *to + sum } else { *sum };
                        }
                    }
                }
                row += kernel.rows;
            }
        }
    });
}

/// Lays a `k x n` matrix out as panels of `width` columns, each `[k][width]`, the last one with zeros behind.
fn pack_columns(b: &[f32], transpose: Transpose, [k, n]: [usize; 2], width: usize, panels: &mut [f32]) {
    panels.par_chunks_exact_mut(k * width).enumerate().for_each(|(panel, to)| {
        let columns = panel * width..((panel + 1) * width).min(n);
        for (row, to) in to.chunks_exact_mut(width).enumerate() {
            for (to, column) in to.iter_mut().zip(columns.clone()) {
                *to = if transpose == Transpose::Yes { b[column * k + row] } else { b[row * n + column] };
            }
        }
    });
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
