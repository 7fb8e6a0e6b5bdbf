//! Atomic operations (PTX ISA 8.0, section 9.7.12.14).

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, PoisonError};

use super::access::{Reach, by_space};
use super::global::{self, Global};
use super::rows::{LANES, lanes};
use super::trouble::{Outcome, trouble};
use crate::FaultKind;
use crate::instruction::{Address, AtomicOp, Register, Space};

impl AtomicOp {
    fn word(self, old: u32, b: u32, c: u32) -> u32 {
        match self {
            Self::Exchange => b,
            Self::CompareAndSwap => {
                if old == b {
                    c
                } else {
                    old
                }
            }
            Self::Increment => {
                if old >= b {
                    0
                } else {
                    old + 1
                }
            }
            Self::Decrement => {
                if old == 0 || old > b {
                    b
                } else {
                    old - 1
                }
            }
            Self::Word(op) => op.apply(old, b),
            // The parser makes these on 64-bit registers alone.
            Self::Long(op) => op.apply(u64::from(old), u64::from(b)) as u32,
        }
    }

    fn long(self, old: u64, b: u64, c: u64) -> u64 {
        match self {
            Self::Exchange => b,
            Self::CompareAndSwap => {
                if old == b {
                    c
                } else {
                    old
                }
            }
            Self::Long(op) => op.apply(old, b),
            Self::Increment | Self::Decrement | Self::Word(_) => {
                u64::from(self.word(old as u32, b as u32, c as u32))
            }
        }
    }
}

impl Reach<'_> {
    /// One operation for each lane, lowest lane first.
    pub(super) fn atomic(
        &mut self,
        mask: u32,
        op: AtomicOp,
        space: Space,
        (d, address): (Register, Address),
        [b, c]: [Register; 2],
        locks: &Mutex<()>,
    ) -> Outcome<()> {
        let at = self.warp.rows.addresses(address);
        let (b, c) = (self.warp.rows.values(b), self.warp.rows.values(c));
        let wide = matches!(d, Register::Long(_));
        let parts = if space == Space::Generic { by_space(&at, mask) } else { vec![(space, mask, at)] };
        let mut old = [0; LANES];
        for (space, part, at) in parts {
            let bytes = if wide { 8 } else { 4 };
            match space {
                Space::Global if self.block.checks.counts => {
                    global::count(&mut self.block.global_counts, &at, part, bytes);
                }
                Space::Shared => self.block.shared.count_update(self.access, &at, part, bytes),
                _ => {}
            }
            for lane in lanes(part) {
                let (address, b, c) = (at[lane], b[lane], c[lane]);
                old[lane] = match (space, wide) {
                    (Space::Global, false) => {
                        u64::from(self.global.update(lane, address, |old| op.word(old, b as u32, c as u32))?)
                    }
                    (Space::Global, true) => {
                        // The words are 32 bits wide, so operations on two of them take turns.
                        let _turn = locks.lock().unwrap_or_else(PoisonError::into_inner);
                        self.global.update_long(lane, address, |old| op.long(old, b, c))?
                    }
                    (Space::Shared, false) => {
                        let f = |[old]: [u32; 1]| [op.word(old, b as u32, c as u32)];
                        u64::from(self.block.shared.update(self.access, lane, address, f)?[0])
                    }
                    (Space::Shared, true) => {
                        let f = |old| split(op.long(join(old), b, c));
                        join(self.block.shared.update(self.access, lane, address, f)?)
                    }
                    _ => {
                        let message =
                            format!("an atomic operation on local memory or parameters at {address:#x}");
                        return trouble(FaultKind::OutOfBounds, lane, message);
                    }
                };
            }
        }
        self.warp.rows.set(d, mask, old);
        Ok(())
    }
}

fn join([low, high]: [u32; 2]) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn split(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

impl Global {
    /// Replaces a word by a function of it, and gives the old one.
    fn update(&self, lane: usize, address: u64, f: impl Fn(u32) -> u32) -> Outcome<u32> {
        let (allocation, offset) = self.locate(lane, address, 4)?;
        self.check_written(lane, address, (allocation, offset), 4)?;
        let word = &allocation.words()[offset / 4];
        let mut old = word.load(SeqCst);
        while let Err(now) = word.compare_exchange_weak(old, f(old), SeqCst, SeqCst) {
            old = now;
        }
        allocation.written()[offset / 4].store(0xf, SeqCst);
        Ok(old)
    }

    /// The same for two words; the caller sees to it that no two of these meet.
    fn update_long(&self, lane: usize, address: u64, f: impl Fn(u64) -> u64) -> Outcome<u64> {
        let (allocation, offset) = self.locate(lane, address, 8)?;
        self.check_written(lane, address, (allocation, offset), 8)?;
        let word = offset / 4;
        let words = &allocation.words()[word..word + 2];
        let old = join([words[0].load(SeqCst), words[1].load(SeqCst)]);
        for (word, value) in words.iter().zip(split(f(old))) {
            word.store(value, SeqCst);
        }
        allocation.written()[word..word + 2].iter().for_each(|written| written.store(0xf, SeqCst));
        Ok(old)
    }
}

#[cfg(test)]
mod tests {
    use super::AtomicOp;
    use crate::values::{Binary, BinaryLong};

    #[test]
    fn counters_wrap_where_they_are_told() {
        assert_eq!([0, 3, 4, 9].map(|old| AtomicOp::Increment.word(old, 4, 0)), [1, 4, 0, 0]);
        assert_eq!([0, 3, 4, 9].map(|old| AtomicOp::Decrement.word(old, 4, 0)), [4, 2, 3, 4]);
        assert_eq!(AtomicOp::CompareAndSwap.word(3, 3, 8), 8);
        assert_eq!(AtomicOp::CompareAndSwap.long(4, 3, 8), 4);
        assert_eq!(AtomicOp::Word(Binary::MaxSigned).word(u32::MAX, 5, 0), 5);
        assert_eq!(AtomicOp::Long(BinaryLong::Add).long(u64::MAX, 2, 0), 1);
    }
}
