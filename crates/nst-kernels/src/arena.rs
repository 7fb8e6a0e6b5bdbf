//! One region of memory, lent out in parts.

#![expect(unsafe_code, reason = "hands out disjoint parts of one region, each to write")]

use crate::region::{LINE, Region};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A region of memory whose parts are lent to whoever knows, from an earlier round of the same work, that they are free by
/// then. Which parts is the caller's plan; a part that overlaps another one that is still lent is refused.
pub struct Arena {
    /// Holds the memory; written through `start` alone.
    _region: Region,
    start: *mut f32,
    bytes: usize,
    /// First byte to end of each part that is lent.
    lent: Mutex<BTreeMap<usize, usize>>,
}

// SAFETY: the region is reached through blocks alone, and `lend` keeps those disjoint.
unsafe impl Send for Arena {}
// SAFETY: as above; the list of what is lent is behind a lock.
unsafe impl Sync for Arena {}

impl Arena {
    /// Bytes on whose multiples every part begins: one cache line.
    pub const LINE: usize = LINE * size_of::<f32>();

    /// A region of at least `bytes` bytes, zero at first. None where the system refuses so much memory.
    pub fn new(bytes: usize) -> Option<Arc<Self>> {
        let bytes = bytes.checked_next_multiple_of(Self::LINE)?;
        let mut region = Region::new((bytes / size_of::<f32>()).checked_add(LINE)?)?;
        let floats = region.floats_mut();
        let aligned = floats.as_ptr().align_offset(Self::LINE);
        let start = floats[aligned..].as_mut_ptr();
        Some(Arc::new(Self { _region: region, start, bytes, lent: Mutex::default() }))
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lends `len` bytes from `start` on, with whatever was there before. None if `start` is no multiple of [`Arena::LINE`], the
    /// part reaches past the end, or some of it is lent.
    pub fn lend(self: &Arc<Self>, start: usize, len: usize) -> Option<Block> {
        let end = start.checked_add(len)?;
        if !start.is_multiple_of(Self::LINE) || end > self.bytes() {
            return None;
        }
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        // Parts are disjoint, so only the last one that begins before `end` can reach beyond `start`.
        let before = lent.range(..end.max(start + 1)).next_back();
        if before.is_some_and(|(&first, &last)| last > start || first == start) {
            return None;
        }
        lent.insert(start, end);
        Some(Block { arena: Arc::clone(self), part: start..end })
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arena of {} bytes", self.bytes())
    }
}

/// A part of an [`Arena`], given back when dropped.
#[derive(Debug)]
pub struct Block {
    arena: Arc<Arena>,
    part: Range<usize>,
}

impl Block {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the part lies within the region and is lent to this block alone; any bits are bytes.
        unsafe { std::slice::from_raw_parts(self.at(), self.part.len()) }
    }

    /// Its bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.at(), self.part.len()) }
    }

    /// As many floats as fit.
    pub fn floats(&self) -> &[f32] {
        // SAFETY: as in `bytes`; parts begin on lines, which are aligned for floats, and any bits are a float.
        unsafe { std::slice::from_raw_parts(self.at().cast(), self.part.len() / size_of::<f32>()) }
    }

    /// As many floats as fit, to write.
    pub fn floats_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `floats`, and `self` is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.at().cast(), self.part.len() / size_of::<f32>()) }
    }

    fn at(&self) -> *mut u8 {
        // SAFETY: the part lies within the region.
        unsafe { self.arena.start.cast::<u8>().add(self.part.start) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.arena.lent.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.part.start);
    }
}

#[cfg(test)]
mod tests {
    use super::Arena;

    const LINE: usize = Arena::LINE;

    #[test]
    fn parts_that_overlap_are_refused_until_they_are_given_back() {
        let arena = Arena::new(10 * LINE - 1).unwrap();
        assert_eq!(arena.bytes(), 10 * LINE);
        let mut first = arena.lend(2 * LINE, 3 * LINE).unwrap();
        for (start, len) in [(2, 3), (1, 2), (4, 1), (0, 10), (2, 0), (3, 1)] {
            assert!(arena.lend(start * LINE, len * LINE).is_none(), "{start} {len}");
        }
        for (start, len) in [(0, 11), (10, 1), (usize::MAX / LINE, 2)] {
            assert!(arena.lend(start * LINE, len * LINE).is_none(), "{start} {len}");
        }
        assert!(arena.lend(8, LINE).is_none());
        let (mut before, mut after) = (arena.lend(0, 2 * LINE).unwrap(), arena.lend(5 * LINE, LINE).unwrap());
        first.floats_mut().fill(1.0);
        before.floats_mut().fill(2.0);
        after.bytes_mut().fill(7);
        assert!(first.floats().iter().all(|&x| x == 1.0));
        assert_eq!((first.floats().len(), after.bytes()), (3 * LINE / 4, [7; LINE].as_slice()));
        drop(first);
        let again = arena.lend(3 * LINE, 2 * LINE).unwrap();
        assert_eq!(again.floats().as_ptr().align_offset(LINE), 0);
        assert_eq!(again.floats()[0], 1.0);
    }

    #[test]
    fn blocks_outlive_the_handle() {
        let block = Arena::new(LINE).unwrap().lend(0, LINE).unwrap();
        assert_eq!(block.floats(), [0.0; LINE / 4]);
    }
}
