//! A register for every CPU.

#![expect(unsafe_code, reason = "unchecked loads and stores")]

use super::Vector;

/// Eight floats that the compiler keeps in SSE2 or NEON registers; multiplies and adds with two roundings, since a fused
/// operation without hardware support is a slow library call.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn lanes(self, is_in: impl Fn(f32) -> bool) -> u32 {
        self.0.iter().enumerate().fold(0, |bits, (lane, &x)| bits | u32::from(is_in(x)) << lane)
    }
}

impl Vector for Portable {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises eight readable floats; an array of floats needs no more alignment than a float.
        Self(unsafe { from.cast::<[f32; 8]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises eight writable floats.
        unsafe { to.cast::<[f32; 8]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + addend.0[i]))
    }

    #[inline(always)]
    unsafe fn exceeds(self, other: Self) -> u32 {
        (0..8).fold(0, |bits, i| bits | u32::from(self.0[i] > other.0[i] || self.0[i].is_nan()) << i)
    }

    #[inline(always)]
    unsafe fn positive(self) -> u32 {
        self.lanes(|x| x > 0.0)
    }

    #[inline(always)]
    unsafe fn select(self, bits: u32, other: Self) -> Self {
        Self(std::array::from_fn(|i| if bits >> i & 1 == 1 { self.0[i] } else { other.0[i] }))
    }

    #[inline(always)]
    unsafe fn relu(self) -> Self {
        Self(self.0.map(|x| if x < 0.0 { 0.0 } else { x }))
    }
}
