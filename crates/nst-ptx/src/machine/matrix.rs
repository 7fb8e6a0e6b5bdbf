//! Matrix products of a warp (PTX ISA 8.0, sections 9.7.13.4.6, 9.7.13.4.7 and 9.7.13.4.15).

use super::access::Reach;
use super::rows::{FULL, LANES, Rows, each};
use super::trouble::Outcome;
use crate::instruction::{Address, Matrices, Word};

/// Drops the 13 bits that a tf32 operand does not have.
fn tf32(bits: u32) -> f32 {
    f32::from_bits(bits & !0x1fff)
}

/// D = A B + C with A of 16 rows, B of 8 columns and k = 4 or 8.
///
/// Lane 4g + t holds A\[g\]\[t\], A\[g + 8\]\[t\], A\[g\]\[t + 4\], A\[g + 8\]\[t + 4\]; B\[t\]\[g\], B\[t + 4\]\[g\]; and C\[g\]\[2t\],
/// C\[g\]\[2t + 1\], C\[g + 8\]\[2t\], C\[g + 8\]\[2t + 1\]. Each sum starts with C and takes the products in the order of k, each
/// rounded to f32 as a fused multiply-add does; a GPU may take another order and round less.
#[inline(always)]
pub(super) fn multiply(rows: &mut Rows, matrices: &Matrices) {
    let mut a = [[0.0_f32; 8]; 16];
    let mut b = [[0.0_f32; 8]; 8];
    let mut c = [[0.0_f32; 8]; 16];
    let k = usize::from(matrices.k);
    for (index, row) in matrices.a.iter().take(k / 2).enumerate() {
        let values = rows.word(*row);
        for (lane, value) in values.iter().enumerate() {
            a[lane / 4 + 8 * (index % 2)][lane % 4 + 4 * (index / 2)] = tf32(*value);
        }
    }
    for (index, row) in matrices.b.iter().take(k / 4).enumerate() {
        for (lane, value) in rows.word(*row).iter().enumerate() {
            b[lane % 4 + 4 * index][lane / 4] = tf32(*value);
        }
    }
    for (index, row) in matrices.c.iter().enumerate() {
        for (lane, value) in rows.word(*row).iter().enumerate() {
            c[lane / 4 + 8 * (index / 2)][2 * (lane % 4) + index % 2] = f32::from_bits(*value);
        }
    }
    for (a, c) in a.iter().zip(&mut c) {
        for (a, b) in a.iter().zip(&b).take(k) {
            for (c, b) in c.iter_mut().zip(b) {
                *c = a.mul_add(*b, *c);
            }
        }
    }
    for (index, row) in matrices.d.iter().enumerate() {
        let values = each!(|lane| c[lane / 4 + 8 * (index / 2)][2 * (lane % 4) + index % 2].to_bits());
        rows.set_word(*row, FULL, values);
    }
}

impl Reach<'_> {
    /// `ldmatrix`: lane 8m + r has the address of row r of matrix m. Lane 4r + t gets elements 2t and 2t + 1 of row r, or with
    /// `transposed` of column r.
    pub(super) fn load_matrices(&mut self, d: &[Word], transposed: bool, address: Address) -> Outcome<()> {
        let at = self.warp.rows.addresses(address);
        let mask = FULL >> (LANES - 8 * d.len());
        let values = self.block.shared.fetch::<4>(self.access, &at, mask)?;
        for (index, d) in d.iter().enumerate() {
            let element = |row: usize, column: usize| {
                values[column / 2][8 * index + row] >> (16 * (column % 2)) & 0xffff
            };
            let row = each!(|lane| {
                let (r, t) = (lane / 4, 2 * (lane % 4));
                if transposed {
                    element(t + 1, r) << 16 | element(t, r)
                } else {
                    element(r, t + 1) << 16 | element(r, t)
                }
            });
            self.warp.rows.set_word(*d, FULL, row);
        }
        Ok(())
    }
}
