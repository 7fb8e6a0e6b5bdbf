//! One tile of a product of two strided matrices, written straight to where it belongs.

use super::BLOCK;
use crate::region::LINE;
use crate::vector::{Vector, prefetch};

/// What happens to the values that an output holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// They are replaced, and may have been anything.
    Replace,
    /// The result is added to them.
    Add,
}

/// The operands of one tile, `rows x columns` sums over `k < length`. Right value `(k, j)` is `right[k * right_step + j]`;
/// left value `(i, k)` is `left[i * left_step + k]`, or `left[k * left_step + i]` where the kernel takes its left operand
/// transposed.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a> {
    pub(crate) left: &'a [f32],
    pub(crate) left_step: usize,
    pub(crate) right: &'a [f32],
    pub(crate) right_step: usize,
    pub(crate) length: usize,
    /// Where the next cache lines that somebody will need begin: `length` of them are asked for while the products are
    /// computed, since the memory would wait for the arithmetic and the arithmetic for the memory otherwise. Any address
    /// will do; null asks for nothing.
    pub(crate) ahead: *const f32,
}

type Routine = unsafe fn(&Product<'_>, *mut f32, usize, Update);

/// The routine for one size of tile.
#[derive(Clone, Copy)]
pub(crate) struct StridedKernel {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    transposed: bool,
    routine: Routine,
}

impl StridedKernel {
    /// # Safety
    /// The routine is [`multiply`] of these rows, of registers of these columns, and of `transposed`; the CPU of whoever
    /// gets the kernel has the routine's instructions.
    pub(super) const unsafe fn new([rows, columns]: [usize; 2], transposed: bool, routine: Routine) -> Self {
        Self { rows, columns, transposed, routine }
    }

    /// Writes the sums, or adds them, to `to[i * to_step + j]`.
    ///
    /// # Panics
    /// If an operand or the output is too short.
    pub(crate) fn compute(&self, product: &Product<'_>, to: &mut [f32], to_step: usize, update: Update) {
        // One past the greatest index of a matrix.
        let reach = |count: usize, step: usize, width: usize| {
            count.checked_sub(1).map_or(0, |last| last * step + width)
        };
        let left = if self.transposed { [product.length, self.rows] } else { [self.rows, product.length] };
        assert!(reach(left[0], product.left_step, left[1]) <= product.left.len(), "left operand too short");
        assert!(
            reach(product.length, product.right_step, self.columns) <= product.right.len(),
            "right operand too short"
        );
        assert!(reach(self.rows, to_step, self.columns) <= to.len(), "output too short");
        // SAFETY: the greatest index of each slice was just checked; the rest is the promise of `new`.
        unsafe { (self.routine)(product, to.as_mut_ptr(), to_step, update) }
    }
}

/// See [`StridedKernel::compute`]: `ROWS` rows and `WIDE` registers of columns.
///
/// # Safety
/// The CPU has `V`'s instructions; every index of the operands and of the output lies within what their pointers may
/// reach.
#[inline(always)]
pub(super) unsafe fn multiply<V: Vector, const ROWS: usize, const WIDE: usize, const TRANSPOSED: bool>(
    product: &Product<'_>,
    to: *mut f32,
    to_step: usize,
    mut update: Update,
) {
    let &Product { left_step, right_step, length, .. } = product;
    let (row_step, step) = if TRANSPOSED { (1, left_step) } else { (left_step, 1) };
    let (mut a, mut b) = (product.left.as_ptr(), product.right.as_ptr());
    // Asking for the same line again and again costs less than a second loop that asks for none.
    let (mut ahead, line) = if product.ahead.is_null() { (a, 0) } else { (product.ahead, LINE) };
    let mut rest = length;
    loop {
        let block = rest.min(BLOCK);
        rest -= block;
        // SAFETY: the caller's promise; the pointers that move past the end are not read there.
        unsafe {
            let mut sums = [[V::splat(0.0); WIDE]; ROWS];
            for _ in 0..block {
                let right: [V; WIDE] = std::array::from_fn(|j| V::load(b.add(j * V::LANES)));
                for (i, row) in sums.iter_mut().enumerate() {
                    let factor = V::splat(*a.add(i * row_step));
                    for (sum, right) in row.iter_mut().zip(right) {
                        *sum = factor.mul_add(right, *sum);
                    }
                }
                prefetch(ahead);
                a = a.wrapping_add(step);
                b = b.wrapping_add(right_step);
                ahead = ahead.wrapping_add(line);
            }
            write(&sums, to, to_step, update);
        }
        if rest == 0 {
            return;
        }
        update = Update::Add;
    }
}

/// # Safety
/// The CPU has `V`'s instructions, and `to` is valid for every row of `WIDE` registers.
#[inline(always)]
unsafe fn write<V: Vector, const ROWS: usize, const WIDE: usize>(
    sums: &[[V; WIDE]; ROWS],
    to: *mut f32,
    step: usize,
    update: Update,
) {
    for (i, row) in sums.iter().enumerate() {
        for (j, &sum) in row.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let to = to.add(i * step + j * V::LANES);
                let value = if update == Update::Add { V::load(to).add(sum) } else { sum };
                value.store(to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Product, StridedKernel, Update};
    use crate::Isa;
    use crate::reference::{assert_close, test_values};

    #[test]
    fn every_kernel_computes_its_tile_and_writes_nothing_else() {
        for kernel in Isa::available().into_iter().flat_map(kernels) {
            for length in [0, 1, 7, 128, 129, 300] {
                let (left_step, right_step, to_step) = (307, kernel.columns + 3, kernel.columns + 1);
                let (left, right) = (test_values(307 * 301, 1), test_values(right_step * 300 + 3, 2));
                let before = test_values(kernel.rows * to_step, 3);
                for update in [Update::Replace, Update::Add] {
                    let mut to = before.clone();
                    let product = Product {
                        left: &left,
                        left_step,
                        right: &right,
                        right_step,
                        length,
                        ahead: left.as_ptr(),
                    };
                    kernel.compute(&product, &mut to, to_step, update);
                    let expected: Vec<f32> = (0..to.len())
                        .map(|at| {
                            let (i, j) = (at / to_step, at % to_step);
                            if j >= kernel.columns {
                                return before[at];
                            }
                            let left = |k| {
                                left[if kernel.transposed { k * left_step + i } else { i * left_step + k }]
                            };
                            let products = (0..length)
                                .map(|k| f64::from(left(k)) * f64::from(right[k * right_step + j]));
                            let start = if update == Update::Add { f64::from(before[at]) } else { 0.0 };
                            (start + products.sum::<f64>()) as f32
                        })
                        .collect();
                    assert_close(&to, &expected, 1e-6);
                    for (to, before) in to.chunks(to_step).zip(before.chunks(to_step)) {
                        assert_eq!(to[kernel.columns], before[kernel.columns]);
                    }
                }
            }
        }
    }

    fn kernels(isa: Isa) -> [StridedKernel; 3] {
        let kernel = isa.tile_kernel();
        [kernel.gram, kernel.full, kernel.single]
    }

    #[test]
    fn what_is_too_short_is_refused() {
        let kernel = Isa::best().tile_kernel().full;
        let (rows, columns) = (kernel.rows, kernel.columns);
        for [left, right, to] in [[1, 0, 0], [0, 1, 0], [0, 0, 1]] {
            let (left, right) = (vec![0.0; rows * 5 - left], vec![0.0; columns * 5 - right]);
            let mut to = vec![0.0; rows * columns - to];
            let product = Product {
                left: &left,
                left_step: 5,
                right: &right,
                right_step: columns,
                length: 5,
                ahead: std::ptr::null(),
            };
            let compute = || kernel.compute(&product, &mut to, columns, Update::Replace);
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(compute)).is_err());
        }
    }
}
