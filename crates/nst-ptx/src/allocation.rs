//! One allocation of global memory: words that all threads may use at once, and which of their bytes were written.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU32};

/// Allocations start at multiples of this many bytes, as the CUDA runtime's do at least of 256.
const ALIGNMENT: usize = 512;
const ALIGNMENT_WORDS: usize = ALIGNMENT / 4;

/// Words after an allocation that belong to none, so that what reaches a little beyond it does not hit the next.
const GAP_WORDS: usize = 1024;

/// A run of bytes with a real address of this process.
#[derive(Debug)]
pub(crate) struct Allocation {
    /// The words, with room before and after to start at an aligned address.
    storage: Box<[AtomicU32]>,
    /// Where in `storage` the allocation starts.
    first: usize,
    /// The address of the first byte.
    base: u64,
    bytes: u64,
    /// One per word: bit i tells whether byte i was written.
    written: Box<[AtomicU8]>,
}

impl Allocation {
    /// Bytes that nothing has written; they happen to be zero.
    pub(crate) fn new(bytes: u64) -> Self {
        let words = bytes.div_ceil(4) as usize;
        let storage: Box<[AtomicU32]> =
            (0..words + ALIGNMENT_WORDS + GAP_WORDS).map(|_| AtomicU32::new(0)).collect();
        // The address is exposed: a host build of the same kernel may use it as a pointer.
        let address = storage.as_ptr().expose_provenance();
        let base = address.next_multiple_of(ALIGNMENT);
        let written = (0..words).map(|_| AtomicU8::new(0)).collect();
        Self { first: (base - address) / 4, storage, base: base as u64, bytes, written }
    }

    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The offset of `bytes` at `address`, if all of them are in this allocation.
    #[inline]
    pub(crate) fn offset(&self, address: u64, bytes: u64) -> Option<u64> {
        let offset = address.wrapping_sub(self.base);
        (offset < self.bytes && bytes <= self.bytes - offset).then_some(offset)
    }

    /// The words that the allocation's bytes lie in.
    #[inline]
    pub(crate) fn words(&self) -> &[AtomicU32] {
        &self.storage[self.first..self.first + self.written.len()]
    }

    /// For each word, which of its bytes were written.
    #[inline]
    pub(crate) fn written(&self) -> &[AtomicU8] {
        &self.written
    }

    /// Writes `data` at byte `offset`, which lie within the allocation.
    pub(crate) fn write(&self, offset: u64, data: &[u8]) {
        let words = self.words();
        let (mut at, mut data) = (offset as usize, data);
        while !data.is_empty() {
            let (word, shift) = (at / 4, at % 4);
            let n = data.len().min(4 - shift);
            if n == 4 {
                words[word].store(u32::from_le_bytes([data[0], data[1], data[2], data[3]]), Relaxed);
                self.written[word].store(0xf, Relaxed);
            } else {
                let value = data[..n].iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                self.store_bytes(word, shift as u32, n as u32, value);
            }
            (at, data) = (at + n, &data[n..]);
        }
    }

    /// Reads bytes at byte `offset`, which lie within the allocation.
    pub(crate) fn read(&self, offset: u64, data: &mut [u8]) {
        let words = self.words();
        let mut at = offset as usize;
        let mut rest = data;
        while !rest.is_empty() {
            let shift = at % 4;
            let n = rest.len().min(4 - shift);
            let bytes = words[at / 4].load(Relaxed).to_le_bytes();
            rest[..n].copy_from_slice(&bytes[shift..shift + n]);
            (at, rest) = (at + n, &mut rest[n..]);
        }
    }

    /// Writes the low `n` < 4 bytes of `value` from byte `shift` of a word on, and leaves its other bytes alone.
    pub(crate) fn store_bytes(&self, word: usize, shift: u32, n: u32, value: u32) {
        let mask = ((1_u32 << (8 * n)) - 1) << (8 * shift);
        let value = (value << (8 * shift)) & mask;
        // The closure always gives a value, so the update cannot fail.
        let _ = self.words()[word].fetch_update(Relaxed, Relaxed, |old| Some(old & !mask | value));
        self.written[word].fetch_or((((1_u32 << n) - 1) << shift) as u8, Relaxed);
    }
}
