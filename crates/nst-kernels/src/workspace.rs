//! Scratch memory that kernels use again from call to call.

use crate::region::{LINE, Region};
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Regions that outlive the call they were made for, so that a loop which repeats the same calls stops asking the system
/// for memory (and the system stops clearing pages for it). Clearing nothing, it hands out whatever was there before.
#[derive(Debug, Default)]
pub struct Workspace {
    free: Mutex<Vec<Region>>,
}

/// A scratch of some [`Workspace`], which takes it back when it is dropped.
#[derive(Debug)]
pub(crate) struct Scratch<'a> {
    workspace: &'a Workspace,
    region: Region,
    start: usize,
    len: usize,
}

impl Workspace {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes it keeps for the next call; those lent out at the moment are not counted.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.lock().iter().map(|region| region.len() * size_of::<f32>()).sum()
    }

    /// `len` floats of any value, the first one on a boundary of 64 bytes.
    ///
    /// # Panics
    /// If the system refuses so much memory.
    pub(crate) fn take(&self, len: usize) -> Scratch<'_> {
        let needed = len + LINE - 1;
        let mut region = self.reuse(needed).unwrap_or_default();
        if region.len() < needed {
            drop(region);
            region = Region::new(needed).expect("out of memory for scratch; use smaller pictures");
        }
        let start = region.floats().as_ptr().align_offset(LINE * size_of::<f32>());
        Scratch { workspace: self, region, start, len }
    }

    /// The smallest region of at least `needed` floats, or else the largest there is, to be replaced.
    fn reuse(&self, needed: usize) -> Option<Region> {
        let mut free = self.lock();
        let fits = free.iter().enumerate().filter(|(_, region)| region.len() >= needed);
        let best = fits.min_by_key(|(_, region)| region.len());
        let (index, _) = best.or_else(|| free.iter().enumerate().max_by_key(|(_, region)| region.len()))?;
        Some(free.swap_remove(index))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Region>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Scratch<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.region.floats()[self.start..][..self.len]
    }
}

impl DerefMut for Scratch<'_> {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.region.floats_mut()[self.start..][..self.len]
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        self.workspace.lock().push(std::mem::take(&mut self.region));
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn scratches_are_aligned_and_used_again() {
        let workspace = Workspace::new();
        for len in [5, 1000, 17] {
            let scratch = workspace.take(len);
            assert_eq!((scratch.len(), scratch.as_ptr().align_offset(64)), (len, 0));
        }
        let bytes = workspace.bytes();
        let at = workspace.take(1000).as_ptr();
        assert_eq!(workspace.take(900).as_ptr(), at);
        assert_eq!(workspace.bytes(), bytes);
    }

    #[test]
    fn two_at_once_are_apart() {
        let workspace = Workspace::new();
        let (mut a, mut b) = (workspace.take(8), workspace.take(8));
        a.fill(1.0);
        b.fill(2.0);
        assert_eq!((a[7], b[0]), (1.0, 2.0));
        drop((a, b));
        assert!(workspace.bytes() >= 2 * 8 * size_of::<f32>());
    }
}
