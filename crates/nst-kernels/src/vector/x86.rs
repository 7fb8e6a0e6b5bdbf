//! The registers of AVX2 and AVX-512.

#![expect(unsafe_code, reason = "SIMD instructions")]

use super::Vector;
use std::arch::x86_64::{
    __m256, __m512, _CMP_GT_OQ, _CMP_UNORD_Q, _mm256_add_ps, _mm256_and_si256, _mm256_blendv_ps,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_or_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32,
    _mm256_setzero_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_cmp_ps_mask, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_mask_blend_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps,
    _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps, _mm512_stream_ps, _mm512_sub_ps,
};

/// The operations that differ in the instructions' names alone.
macro_rules! arithmetic {
    ($splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $max:ident, $zero:ident) => {
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
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller promises that the CPU has this instruction.
            unsafe { $sub(self, other) }
        }

        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller promises that the CPU has this instruction.
            unsafe { $mul(self, other) }
        }

        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
            // SAFETY: the caller promises that the CPU has this instruction.
            unsafe { $mul_add(self, factor, addend) }
        }

        #[inline(always)]
        unsafe fn relu(self) -> Self {
            // The instruction gives its second operand if either is NaN.
            // SAFETY: the caller promises that the CPU has these instructions.
            unsafe { $max($zero(), self) }
        }
    };
}

impl Vector for __m256 {
    const LANES: usize = 8;

    arithmetic!(
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        _mm256_max_ps,
        _mm256_setzero_ps
    );

    #[inline(always)]
    unsafe fn exceeds(self, other: Self) -> u32 {
        // SAFETY: the caller promises that the CPU has these instructions.
        unsafe {
            let greater = _mm256_cmp_ps::<_CMP_GT_OQ>(self, other);
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(self, self);
            _mm256_movemask_ps(_mm256_or_ps(greater, nan)).cast_unsigned()
        }
    }

    #[inline(always)]
    unsafe fn positive(self) -> u32 {
        // SAFETY: the caller promises that the CPU has these instructions.
        unsafe {
            let greater = _mm256_cmp_ps::<_CMP_GT_OQ>(self, _mm256_setzero_ps());
            _mm256_movemask_ps(greater).cast_unsigned()
        }
    }

    #[inline(always)]
    unsafe fn select(self, bits: u32, other: Self) -> Self {
        // SAFETY: the caller promises that the CPU has these instructions.
        unsafe {
            let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let chosen = _mm256_and_si256(_mm256_set1_epi32(bits.cast_signed()), lanes);
            _mm256_blendv_ps(other, self, _mm256_castsi256_ps(_mm256_cmpeq_epi32(chosen, lanes)))
        }
    }
}

impl Vector for __m512 {
    const LANES: usize = 16;

    arithmetic!(
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        _mm512_max_ps,
        _mm512_setzero_ps
    );

    #[inline(always)]
    unsafe fn exceeds(self, other: Self) -> u32 {
        // SAFETY: the caller promises that the CPU has these instructions.
        unsafe {
            let greater = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self, other);
            u32::from(greater | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self, self))
        }
    }

    #[inline(always)]
    unsafe fn positive(self) -> u32 {
        // SAFETY: the caller promises that the CPU has these instructions.
        unsafe { u32::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self, _mm512_setzero_ps())) }
    }

    #[inline(always)]
    unsafe fn select(self, bits: u32, other: Self) -> Self {
        // SAFETY: the caller promises that the CPU has these instructions.
        unsafe { _mm512_mask_blend_ps(bits as u16, other, self) }
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: the caller promises the instruction and the aligned line to write.
        unsafe { _mm512_stream_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller promises `count` readable floats; masked lanes are not touched.
        unsafe { _mm512_maskz_loadu_ps(first(count), from) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: the caller promises `count` writable floats; masked lanes are not touched.
        unsafe { _mm512_mask_storeu_ps(to, first(count), self) }
    }
}

fn first(count: usize) -> u16 {
    if count < 16 { (1 << count) - 1 } else { u16::MAX }
}
