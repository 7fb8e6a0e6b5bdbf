//! The few SIMD operations that the inner routine needs, one type per register width.

#![expect(
    clippy::inline_always,
    reason = "a routine must be inlined into the function that enables its instructions"
)]
#![expect(unsafe_code, reason = "SIMD instructions and unchecked loads; bounds are checked once per tile")]

/// A register of `LANES` floats.
///
/// The methods are unsafe because they may use instructions that the running CPU must have: callers are reached only
/// through [`crate::Isa`], which has asked the CPU.
pub(crate) trait Vector: Copy {
    /// Floats in one register.
    const LANES: usize;

    /// All lanes zero or all lanes `value`.
    ///
    /// # Safety
    /// The CPU has the instruction set of the implementing type.
    unsafe fn splat(value: f32) -> Self;

    /// # Safety
    /// As [`Vector::splat`], and `from` is valid for reading `LANES` floats.
    unsafe fn load(from: *const f32) -> Self;

    /// # Safety
    /// As [`Vector::splat`], and `to` is valid for writing `LANES` floats.
    unsafe fn store(self, to: *mut f32);

    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn add(self, other: Self) -> Self;

    /// `self * factor + addend`.
    ///
    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
}

/// Four floats that the compiler keeps in one SSE2 or NEON register; multiplies and adds with two roundings, since a
/// fused operation without hardware support is a slow library call.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

impl Vector for Portable {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises four readable floats; an array of floats needs no more alignment than a float.
        Self(unsafe { from.cast::<[f32; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises four writable floats.
        unsafe { to.cast::<[f32; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + addend.0[i]))
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86 {
    use super::Vector;
    use std::arch::x86_64::{
        __m256, __m512, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps,
        _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
    };

    macro_rules! vector {
        ($register:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $mul_add:ident) => {
            impl Vector for $register {
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: the caller promises that the CPU has this instruction.
                    unsafe { $splat(value) }
                }

                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller promises the instruction and the readable floats.
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller promises the instruction and the writable floats.
                    unsafe { $store(to, self) }
                }

                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: the caller promises that the CPU has this instruction.
                    unsafe { $add(self, other) }
                }

                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                    // SAFETY: the caller promises that the CPU has this instruction.
                    unsafe { $mul_add(self, factor, addend) }
                }
            }
        };
    }

    vector!(__m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_fmadd_ps);
    vector!(__m512, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_add_ps, _mm512_fmadd_ps);
}
