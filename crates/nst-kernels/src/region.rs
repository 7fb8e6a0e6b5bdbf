//! Memory from the system, in pages as large as it has.

#![expect(unsafe_code, reason = "reads pages of zeros as floats")]

use memmap2::MmapMut;

/// Floats of a cache line.
pub(crate) const LINE: usize = 16;

/// Floats that were zero at first. The pages are asked to be huge ones where the system has those on request (Linux): the
/// kernels walk through megabytes with many strides at once, and every page costs an entry in the CPU's address caches.
#[derive(Debug)]
pub(crate) enum Region {
    /// Pages of its own.
    Pages(MmapMut),
    /// Too small for that.
    Heap(Vec<f32>),
}

/// Bytes from which on a region has pages of its own: those of a huge page.
const LARGE: usize = 2 << 20;

impl Region {
    /// None where the system refuses so much memory.
    pub(crate) fn new(len: usize) -> Option<Self> {
        let bytes = len.checked_mul(size_of::<f32>())?;
        if bytes < LARGE {
            return Some(Self::Heap(vec![0.0; len]));
        }
        let pages = MmapMut::map_anon(bytes).ok()?;
        #[cfg(target_os = "linux")]
        // Where the system has no huge pages, small ones do.
        let _ = pages.advise(memmap2::Advice::HugePage);
        Some(Self::Pages(pages))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Pages(pages) => pages.len() / size_of::<f32>(),
            Self::Heap(values) => values.len(),
        }
    }

    pub(crate) fn floats(&self) -> &[f32] {
        match self {
            // SAFETY: pages are aligned for floats, and any bits are a float.
            Self::Pages(pages) => unsafe { std::slice::from_raw_parts(pages.as_ptr().cast(), self.len()) },
            Self::Heap(values) => values,
        }
    }

    pub(crate) fn floats_mut(&mut self) -> &mut [f32] {
        let len = self.len();
        match self {
            // SAFETY: as in `floats`, and `self` is borrowed for writing.
            Self::Pages(pages) => unsafe { std::slice::from_raw_parts_mut(pages.as_mut_ptr().cast(), len) },
            Self::Heap(values) => values,
        }
    }
}

impl Default for Region {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGE, Region};

    #[test]
    fn small_and_large_regions_are_zero_and_can_be_written() {
        for len in [0, 1, 1000, LARGE / 4, LARGE + 17] {
            let mut region = Region::new(len).unwrap();
            assert_eq!(region.len(), len);
            assert!(region.floats().iter().all(|&x| x == 0.0));
            region.floats_mut().fill(1.0);
            assert_eq!(region.floats().iter().sum::<f32>(), len as f32);
        }
    }
}
