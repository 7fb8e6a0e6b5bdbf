//! Global memory as one launch sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::rows::{LANES, lanes};
use super::trouble::{Outcome, trouble};
use crate::allocation::Allocation;
use crate::{FaultKind, GlobalCounts};

/// The allocations that were live when the launch started, by address.
#[derive(Debug)]
pub(super) struct Global {
    allocations: Vec<Arc<Allocation>>,
    /// Whether reads of what nothing has written are mistakes.
    uninitialised: bool,
}

impl Global {
    pub(super) fn new(mut allocations: Vec<Arc<Allocation>>, uninitialised: bool) -> Self {
        allocations.sort_by_key(|allocation| allocation.base());
        Self { allocations, uninitialised }
    }

    /// The allocation that holds all of `bytes` at an aligned address, and the offset in it.
    pub(super) fn locate(&self, lane: usize, address: u64, bytes: u32) -> Outcome<(&Allocation, usize)> {
        if !address.is_multiple_of(u64::from(bytes)) {
            return misaligned(lane, address, bytes);
        }
        self.find(lane, address, bytes)
    }

    /// The same at any address.
    fn find(&self, lane: usize, address: u64, bytes: u32) -> Outcome<(&Allocation, usize)> {
        let after = self.allocations.partition_point(|allocation| allocation.base() <= address);
        let below = after.checked_sub(1).map(|index| &*self.allocations[index]);
        let found = below.and_then(|below| Some((below, below.offset(address, u64::from(bytes))? as usize)));
        found.map_or_else(|| out_of_bounds(lane, address, bytes, below), Ok)
    }

    /// Each lane's `W` words.
    #[inline]
    pub(super) fn fetch<const W: usize>(&self, at: &[u64; LANES], mask: u32) -> Outcome<[[u32; LANES]; W]> {
        let mut values = [[0; LANES]; W];
        let mut last: Option<&Allocation> = None;
        for lane in lanes(mask) {
            let address = at[lane];
            let aligned = address.is_multiple_of(4 * W as u64);
            let known = last.and_then(|last| Some((last, last.offset(address, 4 * W as u64)? as usize)));
            let (allocation, offset) = match known {
                Some(known) if aligned => known,
                _ => self.locate(lane, address, 4 * W as u32)?,
            };
            last = Some(allocation);
            let word = offset / 4;
            for (row, word) in values.iter_mut().zip(&allocation.words()[word..word + W]) {
                row[lane] = word.load(Relaxed);
            }
            if self.uninitialised {
                let written = &allocation.written()[word..word + W];
                if written.iter().any(|written| written.load(Relaxed) != 0xf) {
                    return uninitialised(lane, address, allocation);
                }
            }
        }
        Ok(values)
    }

    /// Each lane's `bytes`, at most 8, in the low bits.
    pub(super) fn fetch_narrow(&self, at: &[u64; LANES], mask: u32, bytes: u32) -> Outcome<[u64; LANES]> {
        let mut values = [0; LANES];
        for lane in lanes(mask) {
            values[lane] = self.read(lane, at[lane], bytes)?;
        }
        Ok(values)
    }

    /// One lane's `bytes`, at most 8.
    fn read(&self, lane: usize, address: u64, bytes: u32) -> Outcome<u64> {
        let (allocation, offset) = self.locate(lane, address, bytes)?;
        self.check_written(lane, address, (allocation, offset), bytes)?;
        let mut data = [0; 8];
        allocation.read(offset as u64, &mut data[..bytes as usize]);
        Ok(u64::from_le_bytes(data))
    }

    /// Reads a lane's bytes from an address that is a multiple of `alignment`.
    pub(super) fn copy(&self, lane: usize, address: u64, alignment: u32, data: &mut [u8]) -> Outcome<()> {
        if !address.is_multiple_of(u64::from(alignment)) {
            return misaligned(lane, address, alignment);
        }
        let (allocation, offset) = self.find(lane, address, data.len() as u32)?;
        self.check_written(lane, address, (allocation, offset), data.len() as u32)?;
        allocation.read(offset as u64, data);
        Ok(())
    }

    /// Refuses bytes that nothing has written, if that is asked for.
    pub(super) fn check_written(
        &self,
        lane: usize,
        address: u64,
        (allocation, offset): (&Allocation, usize),
        bytes: u32,
    ) -> Outcome<()> {
        if !self.uninitialised {
            return Ok(());
        }
        let (first, end) = (offset / 4, (offset + bytes as usize).div_ceil(4));
        let whole = allocation.written()[first..end].iter().all(|written| written.load(Relaxed) == 0xf);
        let written = |at: usize| allocation.written()[at / 4].load(Relaxed) >> (at % 4) & 1 != 0;
        if whole || (offset..offset + bytes as usize).all(written) {
            return Ok(());
        }
        uninitialised(lane, address, allocation)
    }

    /// Writes each lane's `W` words, lowest lane first.
    #[inline]
    pub(super) fn put<const W: usize>(
        &self,
        at: &[u64; LANES],
        mask: u32,
        values: &[[u32; LANES]; W],
    ) -> Outcome<()> {
        for lane in lanes(mask) {
            let (allocation, offset) = self.locate(lane, at[lane], 4 * W as u32)?;
            let word = offset / 4;
            let words = &allocation.words()[word..word + W];
            let written = &allocation.written()[word..word + W];
            for ((word, written), row) in words.iter().zip(written).zip(values) {
                word.store(row[lane], Relaxed);
                written.store(0xf, Relaxed);
            }
        }
        Ok(())
    }

    /// Writes each lane's low `bytes`, at most 8, lowest lane first.
    pub(super) fn put_narrow(
        &self,
        at: &[u64; LANES],
        mask: u32,
        bytes: u32,
        values: &[u64; LANES],
    ) -> Outcome<()> {
        for lane in lanes(mask) {
            let (allocation, offset) = self.locate(lane, at[lane], bytes)?;
            allocation.write(offset as u64, &values[lane].to_le_bytes()[..bytes as usize]);
        }
        Ok(())
    }
}

/// Counts an access of `bytes` per lane, all of them aligned, so that none straddles a sector.
pub(super) fn count(counts: &mut GlobalCounts, at: &[u64; LANES], mask: u32, bytes: u32) {
    let mut addresses = [0; LANES];
    let mut n = 0;
    for lane in lanes(mask) {
        addresses[n] = at[lane];
        n += 1;
    }
    let addresses = &mut addresses[..n];
    if !addresses.is_sorted() {
        addresses.sort_unstable();
    }
    let different = |unit: u64| {
        addresses.windows(2).filter(|pair| pair[0] / unit != pair[1] / unit).count() as u64 + u64::from(n > 0)
    };
    counts.requests += 1;
    counts.sectors += different(32);
    counts.ideal_sectors += (different(1) * u64::from(bytes)).div_ceil(32);
}

#[cold]
pub(super) fn misaligned<T>(lane: usize, address: u64, bytes: u32) -> Outcome<T> {
    trouble(FaultKind::Misaligned, lane, format!("{bytes} bytes at {address:#x}"))
}

#[cold]
fn out_of_bounds<T>(lane: usize, address: u64, bytes: u32, below: Option<&Allocation>) -> Outcome<T> {
    let place = below.map_or_else(String::new, |below| {
        let (base, size) = (below.base(), below.bytes());
        format!("; the allocation below it is at {base:#x}, of {size} bytes, offset {}", address - base)
    });
    trouble(FaultKind::OutOfBounds, lane, format!("{bytes} bytes of global memory at {address:#x}{place}"))
}

#[cold]
fn uninitialised<T>(lane: usize, address: u64, allocation: &Allocation) -> Outcome<T> {
    let (base, size) = (allocation.base(), allocation.bytes());
    let message = format!(
        "global memory at {address:#x}, offset {} of the allocation at {base:#x} of {size} bytes",
        address - base
    );
    trouble(FaultKind::Uninitialised, lane, message)
}
