//! The register-blocked inner routine: one tile of a product of two matrices.
//!
//! Everything heavy in this crate is a sum of products over an index k. The routine computes a tile of `rows x columns`
//! sums at once, so that each loaded value of either operand serves many sums (the micro-kernel of Goto and van de Geijn,
//! "Anatomy of High-Performance Matrix Multiplication", 2008). The left operand is read in place: row `i` starts at its
//! own base, and k walks through several runs, each at an offset common to all rows. With one run that is a matrix
//! product; with one run per filter tap it is a convolution without an im2col buffer.

#![expect(unsafe_code, reason = "SIMD instructions and unchecked loads; bounds are checked once per tile")]

mod strided;

use crate::vector::{Portable, Vector};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
pub use strided::Update;
pub(crate) use strided::{Product, StridedKernel};

/// Most rows and columns of any tile kernel: the size of the buffers on the stack.
pub(crate) const MAX_ROWS: usize = 12;
pub(crate) const MAX_COLUMNS: usize = 32;

/// Where the left operand's values lie: value `(i, o, k)` is `values[bases[i] + offsets[o] + k * step]`, for
/// `k < run`.
pub(crate) struct Left<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) bases: [usize; MAX_ROWS],
    pub(crate) offsets: &'a [usize],
    pub(crate) run: usize,
    pub(crate) step: usize,
}

/// Where the right operand's values lie: value `(o, k, j)` is `values[(o * run + k) * step + j]`.
pub(crate) struct Right<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) step: usize,
}

/// Products that are summed in registers before they join the total: summing in blocks keeps the rounding error of long
/// sums down (Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2).
const BLOCK: usize = 128;

/// Row-major sums of one tile, `columns` of its kernel apart.
pub(crate) type Sums = [f32; MAX_ROWS * MAX_COLUMNS];

type Routine = unsafe fn(&Left<'_>, &Right<'_>, &mut Sums);

/// The tile routines of one instruction set.
#[derive(Clone, Copy)]
pub(crate) struct TileKernel {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    routine: Routine,
    /// For FᵀF: the left operand transposed, in a tile that wastes little on a diagonal.
    pub(crate) gram: StridedKernel,
    /// For rows times panels of `columns` columns: `rows` rows at once, and a single one.
    pub(crate) full: StridedKernel,
    pub(crate) single: StridedKernel,
}

/// The strided routines of one instruction set as a part of a [`TileKernel`].
macro_rules! strided {
    ($register:ty, [$rows:literal, $wide:literal], gram [$gram_rows:literal, $gram_wide:literal] $(, $feature:literal)?) => {{
        const LANES: usize = <$register as Vector>::LANES;
        $(#[target_feature(enable = $feature)])?
        unsafe fn gram(product: &Product<'_>, to: *mut f32, step: usize, update: Update) {
            // SAFETY: passed on to the caller.
            unsafe { strided::multiply::<$register, $gram_rows, $gram_wide, true>(product, to, step, update) }
        }
        $(#[target_feature(enable = $feature)])?
        unsafe fn full(product: &Product<'_>, to: *mut f32, step: usize, update: Update) {
            // SAFETY: passed on to the caller.
            unsafe { strided::multiply::<$register, $rows, $wide, false>(product, to, step, update) }
        }
        $(#[target_feature(enable = $feature)])?
        unsafe fn single(product: &Product<'_>, to: *mut f32, step: usize, update: Update) {
            // SAFETY: passed on to the caller.
            unsafe { strided::multiply::<$register, 1, $wide, false>(product, to, step, update) }
        }
        // SAFETY: the sizes are those of the routines, and a kernel is only handed out for an instruction set that the
        // CPU has.
        unsafe {
            [
                StridedKernel::new([$gram_rows, $gram_wide * LANES], true, gram),
                StridedKernel::new([$rows, $wide * LANES], false, full),
                StridedKernel::new([1, $wide * LANES], false, single),
            ]
        }
    }};
}

impl TileKernel {
    pub(crate) fn portable() -> Self {
        let [gram, full, single] = strided!(Portable, [4, 1], gram [4, 1]);
        Self { rows: 4, columns: 8, routine: multiply::<Portable, 4, 1>, gram, full, single }
    }

    /// Sixteen registers: 6 x 2 sums, two of the right operand, one of the left.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn avx2() -> Self {
        #[target_feature(enable = "avx2,fma")]
        unsafe fn routine(left: &Left<'_>, right: &Right<'_>, sums: &mut Sums) {
            // SAFETY: passed on to the caller.
            unsafe { multiply::<__m256, 6, 2>(left, right, sums) }
        }
        let [gram, full, single] = strided!(__m256, [6, 2], gram [6, 2], "avx2,fma");
        Self { rows: 6, columns: 16, routine, gram, full, single }
    }

    /// Thirty-two registers: 12 x 2 sums, two of the right operand, one of the left.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn avx512() -> Self {
        #[target_feature(enable = "avx512f")]
        unsafe fn routine(left: &Left<'_>, right: &Right<'_>, sums: &mut Sums) {
            // SAFETY: passed on to the caller.
            unsafe { multiply::<__m512, 12, 2>(left, right, sums) }
        }
        let [gram, full, single] = strided!(__m512, [12, 2], gram [16, 1], "avx512f");
        Self { rows: 12, columns: 32, routine, gram, full, single }
    }

    /// Adds the tile's products to `sums[i * self.columns + j]`.
    ///
    /// # Panics
    /// If an operand reaches past its slice.
    pub(crate) fn add_products(&self, left: &Left<'_>, right: &Right<'_>, sums: &mut Sums) {
        let Some(last_offset) = left.offsets.iter().max() else { return };
        let Some(last_k) = left.run.checked_sub(1) else { return };
        let last_base = left.bases[..self.rows].iter().max().expect("a kernel has rows");
        let steps = left.offsets.len() * left.run;
        assert!(last_base + last_offset + last_k * left.step < left.values.len(), "left operand too short");
        assert!((steps - 1) * right.step + self.columns <= right.values.len(), "right operand too short");
        // SAFETY: the greatest index of each operand was just checked, `Sums` holds the largest tile, and a kernel is
        // only handed out for an instruction set that the CPU has.
        unsafe { (self.routine)(left, right, sums) }
    }
}

/// `sums[i][j] += sum over (o, k) of left(i, o, k) * right(o, k, j)` for `ROWS` rows and `WIDE` registers of columns.
///
/// # Safety
/// The CPU has `V`'s instructions and every index lies within its slice.
#[inline(always)]
unsafe fn multiply<V: Vector, const ROWS: usize, const WIDE: usize>(
    left: &Left<'_>,
    right: &Right<'_>,
    sums: &mut Sums,
) {
    // SAFETY: `ROWS * WIDE * V::LANES` sums lie in the buffer; the operands' bounds are the caller's promise.
    unsafe {
        let out = sums.as_mut_ptr();
        let mut acc = [[V::splat(0.0); WIDE]; ROWS];
        let mut products = 0;
        let mut b = right.values.as_ptr();
        for &offset in left.offsets {
            let a: [*const f32; ROWS] =
                std::array::from_fn(|i| left.values.as_ptr().add(left.bases[i] + offset));
            let mut at = 0;
            let mut rest = left.run;
            while rest > 0 {
                let length = rest.min(BLOCK - products);
                for _ in 0..length {
                    let b_registers: [V; WIDE] = std::array::from_fn(|j| V::load(b.add(j * V::LANES)));
                    for (row, pointer) in acc.iter_mut().zip(a) {
                        let factor = V::splat(*pointer.add(at));
                        for (register, b_register) in row.iter_mut().zip(b_registers) {
                            *register = factor.mul_add(b_register, *register);
                        }
                    }
                    at += left.step;
                    b = b.wrapping_add(right.step);
                }
                rest -= length;
                products += length;
                if products == BLOCK {
                    add_to(out, &mut acc);
                    products = 0;
                }
            }
        }
        add_to(out, &mut acc);
    }
}

/// `out += acc`, and `acc` starts again from zero.
///
/// # Safety
/// The CPU has `V`'s instructions, and `out` is valid for `ROWS * WIDE * V::LANES` floats.
#[inline(always)]
unsafe fn add_to<V: Vector, const ROWS: usize, const WIDE: usize>(
    out: *mut f32,
    acc: &mut [[V; WIDE]; ROWS],
) {
    // SAFETY: the caller's promise.
    unsafe {
        for (i, row) in acc.iter_mut().enumerate() {
            for (j, register) in row.iter_mut().enumerate() {
                let to = out.add((i * WIDE + j) * V::LANES);
                V::load(to).add(*register).store(to);
                *register = V::splat(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Left, MAX_COLUMNS, MAX_ROWS, Right};
    use crate::Isa;

    #[test]
    fn every_isa_adds_the_products_of_all_runs() {
        for isa in Isa::available() {
            let kernel = isa.tile_kernel();
            let a: Vec<f32> = (0..200).map(|i| (i % 17) as f32 - 8.0).collect();
            let b: Vec<f32> = (0..40 * 6).map(|i| (i % 13) as f32 - 6.0).collect();
            let bases = std::array::from_fn(|i| i * 3);
            let left = Left { values: &a, bases, offsets: &[0, 50, 7], run: 2, step: 5 };
            let right = Right { values: &b, step: 40 };
            let mut sums = [1.0; MAX_ROWS * MAX_COLUMNS];
            kernel.add_products(&left, &right, &mut sums);
            for i in 0..kernel.rows {
                for j in 0..kernel.columns {
                    let mut expected = 1.0;
                    for (o, offset) in [0, 50, 7].into_iter().enumerate() {
                        for k in 0..2 {
                            expected += a[i * 3 + offset + k * 5] * b[(o * 2 + k) * 40 + j];
                        }
                    }
                    assert_eq!(sums[i * kernel.columns + j], expected, "{} ({i}, {j})", isa.name());
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "left operand too short")]
    fn a_short_operand_is_refused() {
        let left = Left { values: &[0.0; 10], bases: [0; MAX_ROWS], offsets: &[0], run: 11, step: 1 };
        let right = Right { values: &[0.0; 1000], step: 32 };
        Isa::best().tile_kernel().add_products(&left, &right, &mut [0.0; MAX_ROWS * MAX_COLUMNS]);
    }
}
