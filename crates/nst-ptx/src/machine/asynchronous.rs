//! Asynchronous copies from global to shared memory: `cp.async` (PTX ISA 8.0, section 9.7.8.24).
//!
//! What is copied is read at once and written when its thread waits for it, the latest a GPU may.

use super::access::Reach;
use super::global;
use super::rows::{LANES, lanes};
use super::shadow::Moment;
use super::shared::Shared;
use super::trouble::{Outcome, trouble};
use crate::FaultKind;
use crate::instruction::Address;

/// A copy on its way.
#[derive(Debug, Clone, Copy)]
struct Copy {
    lane: u8,
    words: u8,
    /// The lane's group that it belongs to.
    group: u32,
    /// Where in shared memory it goes.
    at: u32,
    data: [u32; 4],
}

/// A warp's copies on their way, oldest first.
#[derive(Debug, Default)]
pub(super) struct Copies {
    pending: Vec<Copy>,
    /// Groups that each lane has committed.
    committed: [u32; LANES],
}

impl Copies {
    pub(super) fn clear(&mut self) {
        self.pending.clear();
        self.committed = [0; LANES];
    }

    pub(super) fn commit(&mut self, mask: u32) {
        lanes(mask).for_each(|lane| self.committed[lane] += 1);
    }

    /// Completes the copies of the lanes of a mask but for the last `pending` groups.
    pub(super) fn wait(
        &mut self,
        mask: u32,
        pending: u32,
        shared: &mut Shared,
        first_thread: u32,
        now: Moment,
    ) {
        let committed = self.committed;
        self.pending.retain(|copy| {
            let lane = usize::from(copy.lane);
            let done = mask >> lane & 1 != 0 && copy.group < committed[lane].saturating_sub(pending);
            if done {
                let data = &copy.data[..usize::from(copy.words)];
                shared.finish_copy(first_thread + u32::from(copy.lane), now, copy.at, data);
            }
            !done
        });
    }
}

impl Reach<'_> {
    /// Starts copies of `bytes` per lane, of which the first `size` come from global memory and the rest are zeros.
    pub(super) fn copy(
        &mut self,
        mask: u32,
        bytes: u8,
        (to, from): (Address, Address),
        sizes: &[u32; LANES],
    ) -> Outcome<()> {
        let (to, from) = (self.warp.rows.addresses(to), self.warp.rows.addresses(from));
        let words = bytes / 4;
        if self.block.checks.counts {
            let read = lanes(mask).filter(|lane| sizes[*lane] > 0).fold(0, |mask, lane| mask | 1 << lane);
            if read != 0 {
                global::count(&mut self.block.global_counts, &from, read, u32::from(bytes));
            }
        }
        for lane in lanes(mask) {
            let size = sizes[lane];
            if size > u32::from(bytes) {
                let message = format!("{size} bytes to be read for a copy of {bytes}");
                return trouble(FaultKind::OutOfBounds, lane, message);
            }
            let at = self.block.shared.locate(lane, to[lane], u32::from(bytes))?;
            let mut data = [0; 16];
            if size > 0 {
                self.global.copy(lane, from[lane], u32::from(bytes), &mut data[..size as usize])?;
            }
            let (word, _) = data.as_chunks::<4>();
            let data = std::array::from_fn(|i| u32::from_le_bytes(word[i]));
            self.block.shared.start_copy(self.access, lane, at, u32::from(bytes))?;
            let group = self.warp.copies.committed[lane];
            self.warp.copies.pending.push(Copy { lane: lane as u8, words, group, at, data });
        }
        Ok(())
    }
}
