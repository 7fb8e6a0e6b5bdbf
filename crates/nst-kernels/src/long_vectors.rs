//! Inner products and linear combinations of long vectors: what an optimizer does between two evaluations.

#![expect(unsafe_code, reason = "the loops are compiled once for each instruction set")]

use crate::Isa;
use crate::reduce::{CHUNK, total};
use rayon::prelude::*;

/// Independent sums within a chunk: two of the widest registers of double precision.
const LANES: usize = 16;

/// The loops of one instruction set. They are plain code, and give the same bits on every one: a product of two floats is
/// exact in double precision.
#[derive(Clone, Copy)]
pub(crate) struct VectorKernel {
    dot: unsafe fn(&[f32], &[f32]) -> f64,
    add_scaled: unsafe fn(&mut [f64], f64, &[f32]),
}

macro_rules! kernel {
    ($name:ident $(, $features:literal)?) => {
        pub(crate) fn $name() -> Self {
            $(#[target_feature(enable = $features)])?
            fn dot(a: &[f32], b: &[f32]) -> f64 {
                dot_in_lanes(a, b)
            }
            $(#[target_feature(enable = $features)])?
            fn add_scaled(sums: &mut [f64], factor: f64, values: &[f32]) {
                add_scaled_each(sums, factor, values);
            }
            Self { dot, add_scaled }
        }
    };
}

impl VectorKernel {
    kernel!(portable);
    #[cfg(target_arch = "x86_64")]
    kernel!(avx2, "avx2");
    #[cfg(target_arch = "x86_64")]
    kernel!(avx512, "avx512f");
}

/// The inner product of each pair, each product exact in double precision, in an order that the length alone decides. All
/// pairs are taken through a part of the vectors at a time, so that a vector in many pairs is read from memory once.
///
/// # Panics
/// If the two of a pair differ in length.
pub fn dots(isa: Isa, pairs: &[(&[f32], &[f32])]) -> Vec<f64> {
    for (a, b) in pairs {
        assert_eq!(a.len(), b.len(), "inner product");
    }
    let kernel = isa.vector_kernel();
    let longest = pairs.iter().map(|(a, _)| a.len()).max().unwrap_or(0);
    let mut partials = vec![0.0; longest.div_ceil(CHUNK) * pairs.len()];
    partials.par_chunks_mut(pairs.len().max(1)).enumerate().for_each(|(chunk, partials)| {
        for (partial, (a, b)) in partials.iter_mut().zip(pairs) {
            let part = (chunk * CHUNK).min(a.len())..((chunk + 1) * CHUNK).min(a.len());
            // SAFETY: a kernel is only handed out for instructions that the CPU has.
            *partial = unsafe { (kernel.dot)(&a[part.clone()], &b[part]) };
        }
    });
    (0..pairs.len()).map(|pair| total(partials.iter().skip(pair).step_by(pairs.len()).copied())).collect()
}

/// `output` = the sum of `factor * vector`, the terms in their order, each element in double precision.
///
/// # Panics
/// If a vector is shorter than `output`.
pub fn linear_combination(isa: Isa, terms: &[(f64, &[f32])], output: &mut [f32]) {
    // Elements summed at a time: few enough for the stack and the first-level cache.
    const PART: usize = 2048;
    let kernel = isa.vector_kernel();
    output.par_chunks_mut(PART).enumerate().for_each(|(part, to)| {
        let mut sums = [0.0f64; PART];
        for (factor, values) in terms {
            // SAFETY: a kernel is only handed out for instructions that the CPU has.
            unsafe { (kernel.add_scaled)(&mut sums[..to.len()], *factor, &values[part * PART..][..to.len()]) }
        }
        to.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
    });
}

/// The sum of products, product `i` in lane `i % LANES`.
#[inline(always)]
fn dot_in_lanes(a: &[f32], b: &[f32]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0f64; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += f64::from(a[lane]) * f64::from(b[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    lanes.iter().sum::<f64>() + rest
}

#[inline(always)]
fn add_scaled_each(sums: &mut [f64], factor: f64, values: &[f32]) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += factor * f64::from(value);
    }
}

#[cfg(test)]
mod tests {
    use super::{dots, linear_combination};
    use crate::Isa;
    use crate::reference::test_values;
    use approx::assert_relative_eq;

    #[test]
    fn inner_products_agree_with_the_plain_loop_on_every_isa() {
        let vectors: Vec<Vec<f32>> = [0, 1, 15, 16, 17, 40_000].map(|len| test_values(len, 1)).to_vec();
        let others: Vec<Vec<f32>> = vectors.iter().map(|a| test_values(a.len(), 2)).collect();
        let pairs: Vec<(&[f32], &[f32])> =
            vectors.iter().map(Vec::as_slice).zip(others.iter().map(Vec::as_slice)).collect();
        let expected = dots(Isa::best(), &pairs);
        for ((a, b), dot) in pairs.iter().zip(&expected) {
            let plain: f64 = a.iter().zip(*b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert_relative_eq!(*dot, plain, max_relative = 1e-12, epsilon = 1e-9);
        }
        for isa in Isa::available() {
            assert_eq!(dots(isa, &pairs), expected, "{}", isa.name());
            // Alone or among others.
            assert_eq!(dots(isa, &pairs[5..]), expected[5..], "{}", isa.name());
        }
        assert!(dots(Isa::best(), &[]).is_empty());
        assert_eq!(expected[0].to_bits(), 0);
    }

    #[test]
    fn combinations_agree_with_the_plain_loop_on_every_isa() {
        for len in [0, 1, 2047, 2048, 5000] {
            let (a, b) = (test_values(len, 1), test_values(len, 2));
            let expected: Vec<f32> =
                a.iter().zip(&b).map(|(&a, &b)| (0.1 * f64::from(a) - 3.0 * f64::from(b)) as f32).collect();
            for isa in Isa::available() {
                let mut output = vec![9.0; len];
                linear_combination(isa, &[(0.1, &a), (-3.0, &b)], &mut output);
                assert_eq!(output, expected, "{}", isa.name());
            }
        }
    }
}
