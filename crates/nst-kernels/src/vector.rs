//! The few SIMD operations that the inner routines need, one type per register width.

#![expect(unsafe_code, reason = "SIMD instructions and unchecked loads; bounds are checked by the callers")]

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use portable::Portable;

/// A register of `LANES` floats, a multiple of eight of them.
///
/// The methods are unsafe because they may use instructions that the running CPU must have: callers are reached only
/// through [`crate::Isa`], which has asked the CPU. Lane sets are bits, lane 0 in bit 0.
pub(crate) trait Vector: Copy {
    /// Floats in one register.
    const LANES: usize;

    /// All lanes `value`.
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

    /// As [`Vector::store`], past the caches if the CPU can and a register is a whole line of them. Whoever streams calls
    /// [`fence`] before others may read.
    ///
    /// # Safety
    /// As [`Vector::store`], and `to` is aligned to 64 bytes.
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { self.store(to) }
    }

    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn add(self, other: Self) -> Self;

    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn sub(self, other: Self) -> Self;

    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn mul(self, other: Self) -> Self;

    /// `self * factor + addend`.
    ///
    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// The lanes where `self > other`, or where `self` is NaN.
    ///
    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn exceeds(self, other: Self) -> u32;

    /// The lanes where `self > 0`.
    ///
    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn positive(self) -> u32;

    /// `self` in the lanes of `bits`, `other` elsewhere.
    ///
    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn select(self, bits: u32, other: Self) -> Self;

    /// `max(0, self)`; NaN stays NaN.
    ///
    /// # Safety
    /// As [`Vector::splat`].
    unsafe fn relu(self) -> Self;

    /// The first `count` lanes from memory, zero in the others.
    ///
    /// # Safety
    /// As [`Vector::splat`], and `from` is valid for reading `count` floats.
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        let mut lanes = [0.0f32; 16];
        // SAFETY: the caller promises `count` readable floats; no register has more than sixteen lanes.
        unsafe {
            std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), count.min(Self::LANES));
            Self::load(lanes.as_ptr())
        }
    }

    /// Stores the first `count` lanes.
    ///
    /// # Safety
    /// As [`Vector::splat`], and `to` is valid for writing `count` floats.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        let mut lanes = [0.0f32; 16];
        // SAFETY: as in `load_first`.
        unsafe {
            self.store(lanes.as_mut_ptr());
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, count.min(Self::LANES));
        }
    }
}

/// Asks the memory for the cache line of an address, which need not be a valid one.
#[inline(always)]
pub(crate) fn prefetch(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 CPU has the instruction; it reads nothing that the program could see and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Lets no streamed store come after what follows: they are not ordered like others.
pub(crate) fn fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 CPU has the instruction.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}
