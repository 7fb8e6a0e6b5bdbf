//! Memory for work that is repeated: every buffer's place in one arena, planned by lifetime in the round before.
//!
//! An optimisation evaluates the same network on the same shapes again and again. The first round is only watched: which
//! buffers it asks for, in which order, and when it gives each back. Then each gets a place in one region such that no two
//! that live at the same time overlap, and the following rounds ask the system for nothing. A round that turns out
//! different loses nothing but the plan: a buffer that does not fit it comes from the heap.

use nst_kernels::{Arena, Block};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Plans one device's memory.
#[derive(Debug, Default)]
pub(super) struct Planner {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the round, also after it.
    round: u64,
    /// Rounds within rounds.
    depth: usize,
    /// The thread whose round it is: what others do meanwhile follows no order.
    owner: Option<ThreadId>,
    /// What this round has asked for so far, in order.
    asked: Vec<Life>,
    /// Grows with each buffer that is asked for or given back.
    clock: usize,
    plan: Option<Plan>,
}

/// One buffer of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Life {
    bytes: usize,
    from: usize,
    /// None while it lives. What outlives the round is not planned: the next round may begin before it is given back.
    to: Option<usize>,
}

#[derive(Debug)]
struct Plan {
    arena: Arc<Arena>,
    /// Bytes and place of each buffer, in order.
    places: Vec<(usize, Option<usize>)>,
}

/// Which buffer of which round it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    round: u64,
    index: usize,
}

impl Planner {
    /// A round begins; true if there is no plan for it yet. One within another is a part of it.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.lock();
        if state.is_elsewhere() {
            return false;
        }
        state.depth += 1;
        if state.depth == 1 {
            state.owner = Some(thread::current().id());
            state.round += 1;
            state.clock = 0;
            state.asked.clear();
        }
        state.plan.is_none()
    }

    /// The round ends; unless it went as planned, the next one gets a plan of its own.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        if state.depth == 0 || state.is_elsewhere() {
            return;
        }
        state.depth -= 1;
        if state.depth > 0 {
            return;
        }
        let as_planned = state.plan.as_ref().is_some_and(|plan| {
            let mut pairs = plan.places.iter().zip(&state.asked);
            plan.places.len() == state.asked.len()
                && pairs.all(|((bytes, place), life)| {
                    *bytes == life.bytes && place.is_some() == life.is_planned()
                })
        });
        if !as_planned {
            // The old arena goes before the new one comes.
            drop(state.plan.take());
            state.plan = Plan::of(&state.asked);
        }
    }

    /// A buffer is asked for: its place, if it has one that is free, and a ticket to be given back with it.
    pub(super) fn ask(&self, bytes: usize) -> (Option<Block>, Option<Ticket>) {
        let mut state = self.lock();
        if state.depth == 0 || state.is_elsewhere() {
            return (None, None);
        }
        let index = state.asked.len();
        let from = state.clock;
        state.clock += 1;
        state.asked.push(Life { bytes, from, to: None });
        let block = state.plan.as_ref().and_then(|plan| {
            let (_, place) = plan.places.get(index).filter(|(planned, _)| *planned == bytes)?;
            plan.arena.lend((*place)?, bytes)
        });
        (block, Some(Ticket { round: state.round, index }))
    }

    /// A buffer is given back; true if within its round.
    pub(super) fn give_back(&self, ticket: Ticket) -> bool {
        let mut state = self.lock();
        if state.depth == 0 || state.round != ticket.round {
            return false;
        }
        let to = state.clock;
        state.clock += 1;
        state.asked[ticket.index].to = Some(to);
        true
    }

    /// Bytes of the arena.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.lock().plan.as_ref().map_or(0, |plan| plan.arena.bytes())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether another thread's round is going on.
    fn is_elsewhere(&self) -> bool {
        self.depth > 0 && self.owner != Some(thread::current().id())
    }
}

impl Life {
    fn is_planned(&self) -> bool {
        self.to.is_some() && self.bytes > 0
    }
}

impl Plan {
    /// Gives the largest buffers their places first, each the lowest that is free throughout its life: the greedy rule of
    /// Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, section 5.2.
    /// None where the system refuses so much memory.
    fn of(asked: &[Life]) -> Option<Self> {
        let mut order: Vec<usize> = (0..asked.len()).filter(|&index| asked[index].is_planned()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(asked[index].bytes));
        let mut places: Vec<(usize, Option<usize>)> = asked.iter().map(|life| (life.bytes, None)).collect();
        // Placed buffers, by place.
        let mut placed: Vec<(usize, usize)> = Vec::new();
        let mut end = 0;
        for index in order {
            let mut start = 0;
            for &(place, other) in &placed {
                if !overlap(&asked[index], &asked[other]) {
                    continue;
                }
                if start + asked[index].bytes <= place {
                    break;
                }
                start = start.max((place + asked[other].bytes).next_multiple_of(Arena::LINE));
            }
            places[index].1 = Some(start);
            let at = placed.partition_point(|&(place, _)| place <= start);
            placed.insert(at, (start, index));
            end = end.max(start + asked[index].bytes);
        }
        Some(Self { arena: Arena::new(end)?, places })
    }
}

/// Whether two buffers live at the same time.
fn overlap(a: &Life, b: &Life) -> bool {
    let ends_before = |a: &Life, b: &Life| a.to.is_some_and(|to| to < b.from);
    !ends_before(a, b) && !ends_before(b, a)
}

#[cfg(test)]
mod tests;
