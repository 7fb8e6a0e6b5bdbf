//! The most arithmetic that the CPU can do: what the speed of everything else is measured by.

#![expect(unsafe_code, reason = "SIMD instructions")]

use crate::Isa;
use crate::vector::{Portable, Vector};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Measurements, of which the best counts: other programs can only make one slower.
const ROUNDS: usize = 5;
/// The length of one measurement.
const ROUND: Duration = Duration::from_millis(40);
/// Steps between two looks at the clock, some 40 microseconds.
const STEPS: usize = 10_000;
/// Most chains of any routine times the lanes of its registers.
const VALUES: usize = 12 * 16;

/// A multiply-add of every value, so many times over.
type Routine = unsafe fn(usize, &mut [f32; VALUES]);

/// The routine of one instruction set.
#[derive(Clone, Copy)]
pub(crate) struct PeakKernel {
    /// Multiply-adds of a step.
    multiply_adds: usize,
    routine: Routine,
}

/// Floating-point operations per second of all threads of the current rayon pool together, when they do nothing but
/// multiply and add in registers: a multiply-add counts as two. Measured, for 0.2 seconds.
pub fn peak_flops(isa: Isa) -> f64 {
    let kernel = isa.peak_kernel();
    let rounds =
        (0..ROUNDS).map(|_| rayon::broadcast(|_| kernel.flops_of_this_thread()).into_iter().sum::<f64>());
    rounds.fold(0.0, f64::max)
}

/// A kernel of chains in registers `$vector`.
macro_rules! kernel {
    ($name:ident, $vector:ty, $chains:literal $(, $features:literal)?) => {
        pub(crate) fn $name() -> Self {
            $(#[target_feature(enable = $features)])?
            unsafe fn routine(steps: usize, values: &mut [f32; VALUES]) {
                // SAFETY: passed on to the caller; the features are those of the vector.
                unsafe { chains::<$vector, $chains>(steps, values) }
            }
            Self { multiply_adds: $chains * <$vector>::LANES, routine }
        }
    };
}

impl PeakKernel {
    // Twelve registers, enough for units that take two instructions a cycle and need up to six cycles for each. A
    // portable one is at least two of the CPU's.
    kernel!(portable, Portable, 6);
    #[cfg(target_arch = "x86_64")]
    kernel!(avx2, __m256, 12, "avx2,fma");
    #[cfg(target_arch = "x86_64")]
    kernel!(avx512, __m512, 12, "avx512f");

    fn flops_of_this_thread(self) -> f64 {
        let mut values = std::array::from_fn(|i| i as f32);
        let start = Instant::now();
        let mut steps = 0;
        loop {
            // SAFETY: a kernel is only handed out for an instruction set that the CPU has.
            unsafe { (self.routine)(STEPS, black_box(&mut values)) };
            steps += STEPS;
            let elapsed = start.elapsed();
            if elapsed >= ROUND {
                return 2.0 * (steps * self.multiply_adds) as f64 / elapsed.as_secs_f64();
            }
        }
    }
}

/// # Safety
/// The CPU has `V`'s instructions.
#[inline(always)]
unsafe fn chains<V: Vector, const CHAINS: usize>(steps: usize, values: &mut [f32; VALUES]) {
    let at = |chain: usize| chain * V::LANES;
    // SAFETY: the caller's promise; no kernel has more than `VALUES` lanes in all its chains.
    unsafe {
        // Every value draws near 1: none overflows or vanishes.
        let (factor, addend) = (V::splat(black_box(0.75)), V::splat(black_box(0.25)));
        let mut chains: [V; CHAINS] = std::array::from_fn(|i| V::load(values.as_ptr().add(at(i))));
        for _ in 0..steps {
            for chain in &mut chains {
                *chain = chain.mul_add(factor, addend);
            }
        }
        for (i, chain) in chains.into_iter().enumerate() {
            chain.store(values.as_mut_ptr().add(at(i)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{VALUES, peak_flops};
    use crate::Isa;

    #[test]
    fn every_multiply_add_is_done() {
        for isa in Isa::available() {
            let kernel = isa.peak_kernel();
            // 5, 4, 3.25: each step takes a quarter off the distance to 1.
            for (steps, expected) in [(0, 5.0), (1, 4.0), (2, 3.25)] {
                let mut values = [5.0; VALUES];
                // SAFETY: the instruction set is available.
                unsafe { (kernel.routine)(steps, &mut values) };
                let (done, rest) = values.split_at(kernel.multiply_adds);
                assert!(done.iter().all(|&value| value == expected), "{}: {done:?}", isa.name());
                assert!(rest.iter().all(|&value| value == 5.0), "{}: {rest:?}", isa.name());
            }
        }
    }

    #[test]
    fn the_rate_is_one_that_a_core_can_have() {
        for isa in Isa::available() {
            let flops = peak_flops(isa) / rayon::current_num_threads() as f64;
            // Two 16-lane multiply-adds a cycle are 320 GFLOP/s at 5 GHz. Far more would mean that nothing is computed.
            assert!((1e7..1e12).contains(&flops), "{}: {flops:e}", isa.name());
        }
    }
}
