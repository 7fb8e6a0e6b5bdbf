//! Who read and wrote each piece of shared memory last, and when: how races are found.
//!
//! Two accesses of different threads to the same bytes, one of them a write, are a race unless
//! - a barrier of the block lies between them, or
//! - both threads are of one warp, and a `bar.warp.sync` of all its live lanes lies between them. Shuffles and votes order no
//!   memory, and neither does a `bar.warp.sync` of some lanes alone; or
//! - both are atomic; or
//! - both are lanes of one store that write the same value.
//!
//! For each piece the last write is kept, and of the reads since the last barrier as much as is needed to tell whether a later
//! write by any thread is ordered after all of them.

/// How an access is at odds with one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflict {
    /// Nothing has written what is read.
    Unwritten,
    /// A copy on its way there has not been waited for.
    Pending,
    /// A write of that thread.
    Write(u32),
    /// A read of that thread.
    Read(u32),
}

/// When an access happens: the block's barriers before it, from 1, and those of its warp.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) epoch: u32,
    pub(super) syncs: u32,
}

/// One record: epoch (32 bits), warp barriers (20), two flags, thread (10). Zero: never.
type Record = u64;

const THREAD: u64 = 0x3ff;
/// Of a read: several lanes of the warp. Of a write: atomic.
const FLAG: u64 = 1 << 10;
/// Of a read: threads of several warps.
const SPREAD: u64 = 1 << 11;
/// The epoch of a copy on its way.
const PENDING: u64 = u32::MAX as u64;

fn epoch(record: Record) -> u64 {
    record >> 32
}

fn syncs(record: Record) -> u64 {
    record >> 12 & 0xf_ffff
}

fn same_warp(a: Record, b: Record) -> bool {
    (a & THREAD) / 32 == (b & THREAD) / 32
}

impl Moment {
    fn record(self, thread: u32, flag: bool) -> Record {
        u64::from(self.epoch) << 32
            | u64::from(self.syncs & 0xf_ffff) << 12
            | if flag { FLAG } else { 0 }
            | u64::from(thread)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    write: Record,
    read: Record,
}

/// The records of a block's shared memory.
#[derive(Debug)]
pub(super) struct Shadow {
    cells: Vec<Cell>,
    /// Bytes of one piece: 4, or 1 when the kernel has narrower accesses.
    piece: u32,
}

impl Shadow {
    pub(super) fn new(bytes: u32, narrow: bool) -> Self {
        let piece = if narrow { 1 } else { 4 };
        Self { cells: vec![Cell::default(); bytes.div_ceil(piece) as usize], piece }
    }

    /// Nothing is written.
    pub(super) fn clear(&mut self) {
        self.cells.fill(Cell::default());
    }

    /// The pieces of some bytes.
    #[inline]
    fn pieces(&mut self, at: u32, bytes: u32) -> &mut [Cell] {
        &mut self.cells[(at / self.piece) as usize..(at + bytes).div_ceil(self.piece) as usize]
    }

    /// A read by a thread, and perhaps by `others` of its warp in the same instruction.
    #[inline]
    pub(super) fn read(
        &mut self,
        at: u32,
        bytes: u32,
        thread: u32,
        others: bool,
        now: Moment,
    ) -> Option<Conflict> {
        let record = now.record(thread, others);
        let mut found = None;
        for cell in self.pieces(at, bytes) {
            if cell.write == 0 || epoch(cell.write) >= epoch(record) {
                found = found.or(after_write(cell.write, record));
            }
            if epoch(cell.read) == epoch(record) {
                cell.read = merge(cell.read, record);
            } else {
                cell.read = record;
            }
        }
        found
    }

    /// A write by a thread.
    pub(super) fn write(
        &mut self,
        at: u32,
        bytes: u32,
        thread: u32,
        atomic: bool,
        now: Moment,
    ) -> Option<Conflict> {
        let record = now.record(thread, atomic);
        let mut found = None;
        for cell in self.pieces(at, bytes) {
            let both_atomic = atomic && cell.write & FLAG != 0;
            if epoch(cell.write) >= epoch(record) && !both_atomic {
                found = found.or(after_write(cell.write, record & !FLAG));
            }
            if epoch(cell.read) == epoch(record) {
                found = found.or(after_read(cell.read, record));
            }
            cell.write = record;
        }
        found
    }

    /// Whether nothing has written some of the bytes.
    pub(super) fn is_unwritten(&mut self, at: u32, bytes: u32) -> bool {
        self.pieces(at, bytes).iter().any(|cell| cell.write == 0)
    }

    /// A copy by a thread is on its way.
    pub(super) fn start_copy(&mut self, at: u32, bytes: u32, thread: u32, now: Moment) -> Option<Conflict> {
        let found = self.write(at, bytes, thread, false, now);
        for cell in self.pieces(at, bytes) {
            cell.write |= PENDING << 32;
        }
        found
    }

    /// The copy has arrived.
    pub(super) fn finish_copy(&mut self, at: u32, bytes: u32, thread: u32, now: Moment) {
        for cell in self.pieces(at, bytes) {
            cell.write = now.record(thread, false);
        }
    }
}

/// What an access finds in the last write, of this epoch, pending, or never.
#[cold]
fn after_write(write: Record, access: Record) -> Option<Conflict> {
    if write == 0 {
        return Some(Conflict::Unwritten);
    }
    if epoch(write) == PENDING {
        return Some(Conflict::Pending);
    }
    let alone = access & FLAG == 0 && write & THREAD == access & THREAD;
    let ordered = same_warp(write, access) && syncs(write) < syncs(access);
    (!alone && !ordered).then_some(Conflict::Write((write & THREAD) as u32))
}

/// What a write finds in the reads of this epoch.
fn after_read(read: Record, write: Record) -> Option<Conflict> {
    let alone = read & (FLAG | SPREAD) == 0 && read & THREAD == write & THREAD;
    let ordered = read & SPREAD == 0 && same_warp(read, write) && syncs(read) < syncs(write);
    (!alone && !ordered).then_some(Conflict::Read((read & THREAD) as u32))
}

/// The record of reads of one epoch, with one more.
#[inline]
fn merge(old: Record, new: Record) -> Record {
    if old == new || old & SPREAD != 0 {
        old
    } else if !same_warp(old, new) {
        old | SPREAD
    } else if syncs(new) > syncs(old) {
        // The older reads are ordered before whatever follows the newer one in this warp, and other warps race with both.
        new
    } else if (old ^ new) & THREAD == 0 {
        old | new & FLAG
    } else {
        old | FLAG
    }
}

#[cfg(test)]
mod tests {
    use super::{Conflict, Moment, Shadow};

    const FIRST: Moment = Moment { epoch: 1, syncs: 0 };
    const SECOND: Moment = Moment { epoch: 2, syncs: 0 };
    const SYNCED: Moment = Moment { epoch: 1, syncs: 1 };

    fn shadow() -> Shadow {
        Shadow::new(64, false)
    }

    #[test]
    fn a_barrier_orders() {
        let mut shadow = shadow();
        assert_eq!(shadow.write(0, 4, 3, false, FIRST), None);
        assert_eq!(shadow.read(0, 4, 3, false, FIRST), None, "a thread reads what it wrote");
        assert_eq!(shadow.read(0, 4, 40, false, SECOND), None);
        assert_eq!(shadow.write(0, 4, 3, false, SECOND), Some(Conflict::Read(40)));
    }

    #[test]
    fn without_a_barrier_it_is_a_race() {
        let mut shadow = shadow();
        shadow.write(8, 4, 3, false, FIRST);
        assert_eq!(shadow.read(8, 4, 40, false, FIRST), Some(Conflict::Write(3)));
        assert_eq!(shadow.read(8, 4, 4, false, FIRST), Some(Conflict::Write(3)), "lanes are not in lockstep");
        assert_eq!(shadow.write(8, 4, 5, false, FIRST), Some(Conflict::Write(3)));
        assert_eq!(shadow.read(12, 4, 5, false, FIRST), Some(Conflict::Unwritten));
    }

    #[test]
    fn a_barrier_of_the_warp_orders_its_lanes_alone() {
        let mut shadow = shadow();
        shadow.write(0, 8, 3, false, FIRST);
        assert_eq!(shadow.read(0, 4, 4, false, SYNCED), None);
        assert_eq!(shadow.read(4, 4, 40, false, SYNCED), Some(Conflict::Write(3)));
    }

    #[test]
    fn a_write_sees_every_read_before_it() {
        let mut shadow = shadow();
        shadow.write(0, 4, 0, false, FIRST);
        for thread in [1, 40] {
            assert_eq!(shadow.read(0, 4, thread, false, SECOND), None);
        }
        assert_eq!(shadow.write(0, 4, 40, false, SECOND), Some(Conflict::Read(1)), "thread 1 read it too");
        let mut shadow = self::shadow();
        shadow.write(0, 4, 0, false, FIRST);
        shadow.read(0, 4, 0, true, SECOND);
        assert!(shadow.write(0, 4, 0, false, SECOND).is_some(), "others of the warp read it too");
        let later = Moment { epoch: 2, syncs: 1 };
        assert_eq!(shadow.write(0, 4, 7, false, later), None, "ordered by a barrier of the warp");
    }

    #[test]
    fn copies_are_pending_until_they_are_waited_for() {
        let mut shadow = shadow();
        assert_eq!(shadow.start_copy(0, 16, 2, FIRST), None);
        assert_eq!(shadow.read(12, 4, 2, false, SECOND), Some(Conflict::Pending));
        shadow.finish_copy(0, 16, 2, SECOND);
        assert_eq!(shadow.read(0, 4, 2, false, SECOND), None);
        assert_eq!(
            shadow.read(0, 4, 3, false, SECOND),
            Some(Conflict::Write(2)),
            "others need a barrier too"
        );
    }

    #[test]
    fn atomic_operations_do_not_race_with_each_other() {
        let mut shadow = shadow();
        shadow.write(0, 4, 0, false, FIRST);
        assert_eq!(shadow.write(0, 4, 1, true, SECOND), None);
        assert_eq!(shadow.write(0, 4, 40, true, SECOND), None);
        assert_eq!(shadow.read(0, 4, 2, false, SECOND), Some(Conflict::Write(40)));
    }
}
