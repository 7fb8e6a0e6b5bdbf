//! A warp: its registers, and where its lanes are.

use super::asynchronous::Copies;
use super::rows::{FULL, LANES, Rows};
use super::trouble::{Outcome, trouble};
use crate::FaultKind;
use crate::program::{Program, Special};

/// Lanes at one place that wait for their turn.
#[derive(Debug, Clone, Copy)]
struct Group {
    pc: u32,
    lanes: u32,
    /// Whether they wait for others at a barrier or another `.sync` instruction.
    blocked: bool,
}

/// 32 threads of a block.
#[derive(Debug)]
pub(super) struct Warp {
    pub(super) rows: Rows,
    /// The number of its first thread.
    pub(super) first_thread: u32,
    /// Lanes that have not exited.
    pub(super) live: u32,
    /// Lanes that have.
    pub(super) exited: u32,
    /// The lanes that run, and where.
    pub(super) active: u32,
    pub(super) pc: u32,
    /// The lowest place above `pc` at which other lanes wait.
    pub(super) meeting: u32,
    waiting: Vec<Group>,
    /// How many barriers of the whole warp there were.
    pub(super) syncs: u32,
    pub(super) copies: Copies,
    /// Each lane's local memory, one after the other.
    pub(super) local: Vec<u8>,
}

/// What special registers tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) grid: [u32; 3],
    pub(super) block: [u32; 3],
    pub(super) dynamic_shared: u32,
    pub(super) total_shared: u32,
}

impl Geometry {
    pub(super) fn threads(&self) -> u32 {
        self.block.iter().product()
    }

    /// `threadIdx` of a thread.
    pub(super) fn thread(&self, thread: u32) -> [u32; 3] {
        let [x, y, _] = self.block;
        [thread % x, thread / x % y, thread / x / y]
    }
}

impl Warp {
    pub(super) fn new(program: &Program, geometry: &Geometry, index: u32) -> Self {
        let first_thread = index * LANES as u32;
        let mut rows = Rows::new(program);
        for (row, special) in &program.specials {
            rows.words[usize::from(row.0)] = std::array::from_fn(|lane| {
                let below = (1_u32 << lane) - 1;
                let thread = geometry.thread(first_thread + lane as u32);
                match special {
                    Special::Thread(axis) => thread[usize::from(*axis)],
                    Special::Threads(axis) => geometry.block[usize::from(*axis)],
                    // Set for each block.
                    Special::Block(_) => 0,
                    Special::Blocks(axis) => geometry.grid[usize::from(*axis)],
                    Special::Lane => lane as u32,
                    Special::Warp => index,
                    Special::Warps => geometry.threads().div_ceil(LANES as u32),
                    Special::LanesEqual => 1 << lane,
                    Special::LanesBelow => below,
                    Special::LanesUpTo => below | 1 << lane,
                    Special::LanesAbove => !(below | 1 << lane),
                    Special::LanesFrom => !below,
                    Special::DynamicShared => geometry.dynamic_shared,
                    Special::TotalShared => geometry.total_shared,
                }
            });
        }
        let threads = (geometry.threads() - first_thread).min(LANES as u32);
        Self {
            rows,
            first_thread,
            live: FULL >> (LANES as u32 - threads),
            exited: 0,
            active: 0,
            pc: 0,
            meeting: u32::MAX,
            waiting: Vec::new(),
            syncs: 0,
            copies: Copies::default(),
            local: vec![0; LANES * program.local_bytes as usize],
        }
    }

    /// Puts all lanes at the start of the program, for a block.
    pub(super) fn restart(&mut self, program: &Program, block: [u32; 3]) {
        self.rows.clear(program);
        self.local.fill(u8::MAX);
        for (row, special) in &program.specials {
            if let Special::Block(axis) = special {
                self.rows.words[usize::from(row.0)] = [block[usize::from(*axis)]; LANES];
            }
        }
        (self.live, self.exited) = (self.live | self.exited, 0);
        (self.active, self.pc, self.meeting) = (self.live, 0, u32::MAX);
        self.waiting.clear();
        self.syncs = 0;
        self.copies.clear();
    }

    pub(super) fn is_done(&self) -> bool {
        self.live == 0
    }

    /// Parts `lanes` from the active ones: they go on at `target`. Some active ones stay.
    pub(super) fn part(&mut self, lanes: u32, target: u32) {
        self.active &= !lanes;
        self.waiting.push(Group { pc: target, lanes, blocked: false });
    }

    /// The lanes have exited.
    pub(super) fn exit(&mut self, lanes: u32) {
        self.active &= !lanes;
        self.live &= !lanes;
        self.exited |= lanes;
    }

    /// The active lanes wait where they are for others to come.
    pub(super) fn block(&mut self) {
        self.waiting.push(Group { pc: self.pc, lanes: self.active, blocked: true });
        self.active = 0;
    }

    /// Whether other lanes wait somewhere.
    #[inline]
    pub(super) fn is_parted(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Joins lanes that are at the same place and lets the lowest ones run that can. Nobody is active when all have exited.
    #[inline(never)]
    pub(super) fn regroup(&mut self) -> Outcome<()> {
        if self.active != 0 {
            self.waiting.push(Group { pc: self.pc, lanes: self.active, blocked: false });
            self.active = 0;
        }
        // Those that meet look again whether they still have to wait.
        self.waiting.sort_by_key(|group| group.pc);
        self.waiting.dedup_by(|next, kept| {
            let meet = next.pc == kept.pc;
            if meet {
                kept.lanes |= next.lanes;
                kept.blocked = false;
            }
            meet
        });
        let Some(chosen) = self.waiting.iter().position(|group| !group.blocked) else {
            return match self.waiting.first() {
                None => Ok(()),
                Some(group) => {
                    self.pc = group.pc;
                    let lanes = self.live & !group.lanes;
                    let message = format!(
                        "lanes {:#010x} wait here for lanes of the same warp that never come{}",
                        group.lanes,
                        if lanes == 0 {
                            String::new()
                        } else {
                            format!(" (lanes {lanes:#010x} wait elsewhere)")
                        }
                    );
                    trouble(FaultKind::DivergentBarrier, group.lanes.trailing_zeros() as usize, message)
                }
            };
        };
        let group = self.waiting.remove(chosen);
        (self.active, self.pc) = (group.lanes, group.pc);
        let above = self.waiting.iter().map(|other| other.pc).filter(|pc| *pc > group.pc);
        self.meeting = above.min().unwrap_or(u32::MAX);
        Ok(())
    }
}
