//! A block's shared memory.

use super::global::misaligned;
use super::patterns::Patterns;
use super::rows::{LANES, lanes};
use super::shadow::{Conflict, Moment, Shadow};
use super::trouble::{Mistake, Outcome, trouble};
use crate::launch::Checks;
use crate::{FaultKind, SharedCounts};

/// Who accesses: an instruction of a warp.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    pub(super) pc: u32,
    pub(super) first_thread: u32,
    pub(super) now: Moment,
}

/// Shared memory with what is kept to find mistakes in its use.
#[derive(Debug)]
pub(super) struct Shared {
    words: Vec<u32>,
    bytes: u32,
    shadow: Option<Shadow>,
    patterns: Patterns,
    checks: Checks,
    /// The first read, since the last barrier, of what nothing had written yet. A write that follows before the next barrier
    /// makes it a race, because the warps' turns are none of the kernel's making.
    pub(super) unwritten: Option<Mistake>,
    pub(super) counts: SharedCounts,
}

impl Shared {
    pub(super) fn new(bytes: u32, narrow: bool, instructions: usize, checks: Checks) -> Self {
        let shadowed = checks.races || checks.uninitialised;
        Self {
            words: vec![0; bytes.div_ceil(4) as usize],
            bytes,
            shadow: shadowed.then(|| Shadow::new(bytes, narrow)),
            patterns: Patterns::new(instructions),
            checks,
            unwritten: None,
            counts: SharedCounts::default(),
        }
    }

    /// Forgets everything; what is read before it is written is NaN.
    pub(super) fn clear(&mut self) {
        self.words.fill(u32::MAX);
        self.unwritten = None;
        if let Some(shadow) = &mut self.shadow {
            shadow.clear();
        }
    }

    /// The offset of aligned bytes.
    #[inline]
    pub(super) fn locate(&self, lane: usize, address: u64, bytes: u32) -> Outcome<u32> {
        if !address.is_multiple_of(u64::from(bytes)) {
            return misaligned(lane, address, bytes);
        }
        if address.checked_add(u64::from(bytes)).is_none_or(|end| end > u64::from(self.bytes)) {
            let message =
                format!("{bytes} bytes of shared memory at {address:#x}; there are {} bytes", self.bytes);
            return trouble(FaultKind::OutOfBounds, lane, message);
        }
        Ok(address as u32)
    }

    fn count(&mut self, access: Access, at: &[u64; LANES], mask: u32, bytes: u32) {
        if self.checks.counts {
            let pattern = self.patterns.of(access.pc, at, mask, bytes);
            self.counts.requests += 1;
            self.counts.wavefronts += pattern.wavefronts;
            self.counts.ideal_wavefronts += pattern.ideal;
        }
    }

    /// Each lane's `W` words.
    #[inline]
    pub(super) fn fetch<const W: usize>(
        &mut self,
        access: Access,
        at: &[u64; LANES],
        mask: u32,
    ) -> Outcome<[[u32; LANES]; W]> {
        let mut values = [[0; LANES]; W];
        for lane in lanes(mask) {
            let word = self.locate(lane, at[lane], 4 * W as u32)? as usize / 4;
            for (row, word) in values.iter_mut().zip(&self.words[word..word + W]) {
                row[lane] = *word;
            }
        }
        self.after_read(access, at, mask, 4 * W as u32)?;
        Ok(values)
    }

    /// Each lane's `bytes`, at most 8, in the low bits.
    pub(super) fn fetch_narrow(
        &mut self,
        access: Access,
        at: &[u64; LANES],
        mask: u32,
        bytes: u32,
    ) -> Outcome<[u64; LANES]> {
        let mut values = [0; LANES];
        for lane in lanes(mask) {
            let first = self.locate(lane, at[lane], bytes)?;
            for i in 0..bytes {
                values[lane] |= u64::from(self.byte(first + i)) << (8 * i);
            }
        }
        self.after_read(access, at, mask, bytes)?;
        Ok(values)
    }

    fn byte(&self, at: u32) -> u8 {
        self.words[at as usize / 4].to_le_bytes()[at as usize % 4]
    }

    fn after_read(&mut self, access: Access, at: &[u64; LANES], mask: u32, bytes: u32) -> Outcome<()> {
        let Some(shadow) = &mut self.shadow else {
            self.count(access, at, mask, bytes);
            return Ok(());
        };
        let base = at[mask.trailing_zeros() as usize & 31] as u32;
        let pattern = self.patterns.of(access.pc, at, mask, bytes);
        if self.checks.counts {
            self.counts.requests += 1;
            self.counts.wavefronts += pattern.wavefronts;
            self.counts.ideal_wavefronts += pattern.ideal;
        }
        for place in &pattern.places {
            let (at, thread) = (base.wrapping_add(place.delta), access.first_thread + place.lane);
            let conflict = shadow.read(at, bytes, thread, place.others, access.now);
            let outcome = conflict
                .map_or(Ok(()), |conflict| report(self.checks, conflict, "read", place.lane as usize, at));
            match outcome {
                Err(trouble) if conflict == Some(Conflict::Unwritten) && self.checks.races => {
                    let Access { pc, first_thread, .. } = access;
                    self.unwritten.get_or_insert(Mistake { trouble: *trouble, pc, first_thread });
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// Writes each lane's low `bytes`, lowest lane first; `values` are rows of words.
    pub(super) fn put(
        &mut self,
        access: Access,
        at: &[u64; LANES],
        mask: u32,
        bytes: u32,
        values: &[[u32; LANES]],
    ) -> Outcome<()> {
        for lane in lanes(mask) {
            let first = self.locate(lane, at[lane], bytes)?;
            let thread = access.first_thread + lane as u32;
            let shadow = self.shadow.as_mut();
            let conflict = shadow.and_then(|shadow| shadow.write(first, bytes, thread, false, access.now));
            if let Some(conflict) = conflict {
                let twin = same_store(conflict, access, at, mask, lane);
                if twin.is_none_or(|twin| values.iter().any(|row| row[twin] != row[lane])) {
                    report(self.checks, conflict, "written", lane, first)?;
                }
            }
            if bytes < 4 {
                let shift = 8 * (first % 4);
                let ones = ((1_u32 << (8 * bytes)) - 1) << shift;
                let word = &mut self.words[first as usize / 4];
                *word = *word & !ones | (values[0][lane] << shift) & ones;
            } else {
                let word = first as usize / 4;
                for (word, row) in self.words[word..word + bytes as usize / 4].iter_mut().zip(values) {
                    *word = row[lane];
                }
            }
        }
        self.count(access, at, mask, bytes);
        Ok(())
    }

    /// Reads one lane's words and writes others in their place, atomically.
    pub(super) fn update<const W: usize>(
        &mut self,
        access: Access,
        lane: usize,
        address: u64,
        f: impl FnOnce([u32; W]) -> [u32; W],
    ) -> Outcome<[u32; W]> {
        let first = self.locate(lane, address, 4 * W as u32)?;
        let thread = access.first_thread + lane as u32;
        if let Some(shadow) = &mut self.shadow {
            // That it reads too matters to what was never written alone.
            let unwritten = shadow.is_unwritten(first, 4 * W as u32).then_some(Conflict::Unwritten);
            let conflict = unwritten.or(shadow.write(first, 4 * W as u32, thread, true, access.now));
            if let Some(conflict) = conflict {
                report(self.checks, conflict, "atomically updated", lane, first)?;
            }
        }
        let word = first as usize / 4;
        let old = std::array::from_fn(|i| self.words[word + i]);
        self.words[word..word + W].copy_from_slice(&f(old));
        Ok(old)
    }

    /// Counts an atomic access.
    pub(super) fn count_update(&mut self, access: Access, at: &[u64; LANES], mask: u32, bytes: u32) {
        self.count(access, at, mask, bytes);
    }

    /// A copy of a lane to a place found by [`Shared::locate`] is on its way.
    pub(super) fn start_copy(&mut self, access: Access, lane: usize, at: u32, bytes: u32) -> Outcome<()> {
        let thread = access.first_thread + lane as u32;
        let shadow = self.shadow.as_mut();
        let conflict = shadow.and_then(|shadow| shadow.start_copy(at, bytes, thread, access.now));
        conflict.map_or(Ok(()), |conflict| report(self.checks, conflict, "copied to", lane, at))
    }

    /// The copy has arrived.
    pub(super) fn finish_copy(&mut self, thread: u32, now: Moment, at: u32, data: &[u32]) {
        let word = at as usize / 4;
        self.words[word..word + data.len()].copy_from_slice(data);
        if let Some(shadow) = &mut self.shadow {
            shadow.finish_copy(at, 4 * data.len() as u32, thread, now);
        }
    }
}

/// The lane of the same store, before this one, that the conflict is with.
fn same_store(
    conflict: Conflict,
    access: Access,
    at: &[u64; LANES],
    mask: u32,
    lane: usize,
) -> Option<usize> {
    let Conflict::Write(thread) = conflict else { return None };
    let other = thread.checked_sub(access.first_thread)? as usize;
    (other < lane && mask >> other & 1 != 0 && at[other] == at[lane]).then_some(other)
}

/// The mistake that a conflict is, if it is asked for.
#[cold]
fn report(checks: Checks, conflict: Conflict, verb: &str, lane: usize, at: u32) -> Outcome<()> {
    let wanted = if conflict == Conflict::Unwritten { checks.uninitialised } else { checks.races };
    if !wanted {
        return Ok(());
    }
    let place = format!("shared memory at {at:#x} is {verb}");
    match conflict {
        Conflict::Unwritten => {
            trouble(FaultKind::Uninitialised, lane, format!("{place}, which nothing has written"))
        }
        Conflict::Pending => trouble(
            FaultKind::PendingCopy,
            lane,
            format!("{place} while an asynchronous copy is on its way there"),
        ),
        Conflict::Write(thread) => trouble(
            FaultKind::Race,
            lane,
            format!("{place}; thread {thread} of the block wrote it with no barrier in between"),
        ),
        Conflict::Read(thread) => trouble(
            FaultKind::Race,
            lane,
            format!("{place}; thread {thread} of the block read it with no barrier in between"),
        ),
    }
}
