//! Exchanges between the lanes of a warp: shuffles, votes and matches (PTX ISA 8.0, sections 9.7.8.6 and 9.7.12).

use super::rows::{LANES, each, lanes};
use super::trouble::{Outcome, trouble};
use super::warp::Warp;
use crate::FaultKind;
use crate::instruction::{Predicate, Register, Shuffle, Vote, Word};

/// Whether all are there whom a `.sync` instruction names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    Complete,
    /// Some live lanes are elsewhere and may come yet.
    Missing,
}

impl Warp {
    /// Looks whether the lanes that execute a `.sync` instruction are those that their masks name.
    pub(super) fn arrival(&self, mask: u32, named: Word) -> Outcome<Arrival> {
        let named = self.rows.word(named);
        if let Some(lane) = lanes(mask).find(|lane| named[*lane] >> lane & 1 == 0) {
            let message = format!("its lane {lane} is not in its mask {:#010x}", named[lane]);
            return trouble(FaultKind::DivergentBarrier, lane, message);
        }
        let needed = lanes(mask).fold(0, |needed, lane| needed | named[lane]) & self.live;
        self.arrival_of(mask, needed)
    }

    /// Looks whether all the needed lanes execute an instruction.
    pub(super) fn arrival_of(&self, mask: u32, needed: u32) -> Outcome<Arrival> {
        let missing = needed & !mask;
        if missing & self.active != 0 {
            let message =
                format!("lanes {missing:#010x} go past it, because its guard does not hold in them");
            return trouble(FaultKind::DivergentBarrier, mask.trailing_zeros() as usize, message);
        }
        Ok(if missing == 0 { Arrival::Complete } else { Arrival::Missing })
    }

    /// `shfl.sync`; a lane whose source is out of range keeps its value. With `strict`, to read from a lane that takes no part
    /// is a mistake.
    pub(super) fn shuffle(
        &mut self,
        mask: u32,
        mode: Shuffle,
        (d, p): (Word, Predicate),
        [a, b, c]: [Word; 3],
        strict: bool,
    ) -> Outcome<()> {
        let (a, b, c) = (*self.rows.word(a), self.rows.word(b), self.rows.word(c));
        let mut in_range = 0;
        let mut values = [0; LANES];
        for lane in 0..LANES {
            let (own, b, clamp, segment) = (lane as u32, b[lane] & 31, c[lane] & 31, c[lane] >> 8 & 31);
            let (low, high) = (own & segment, own & segment | clamp & !segment);
            let (source, inside) = match mode {
                // Up counts from the segment's start, which is what `clamp` gives then.
                Shuffle::Up => {
                    (own.wrapping_sub(b), own.cast_signed() - b.cast_signed() >= high.cast_signed())
                }
                Shuffle::Down => (own + b, own + b <= high),
                Shuffle::Butterfly => (own ^ b, own ^ b <= high),
                Shuffle::Index => (low | b & !segment, low | b & !segment <= high),
            };
            let source = if inside { source as usize & 31 } else { lane };
            in_range |= u32::from(inside) << lane;
            values[lane] = a[source];
            if strict && mask >> lane & 1 != 0 && mask >> source & 1 == 0 {
                let message = format!("a shuffle from lane {source}, which takes no part");
                return trouble(FaultKind::Uninitialised, lane, message);
            }
        }
        self.rows.set_word(d, mask, values);
        self.rows.set_predicate(p, mask, in_range);
        Ok(())
    }

    pub(super) fn vote(&mut self, mask: u32, mode: Vote, d: Predicate, a: Predicate) {
        let holds = self.rows.predicate(a) & mask;
        let result = match mode {
            Vote::All => holds == mask,
            Vote::Any => holds != 0,
            Vote::Uniform => holds == 0 || holds == mask,
        };
        self.rows.set_predicate(d, mask, if result { mask } else { 0 });
    }

    pub(super) fn ballot(&mut self, mask: u32, d: Word, a: Predicate) {
        let holds = self.rows.predicate(a) & mask;
        self.rows.set_word(d, mask, [holds; LANES]);
    }

    /// `match.any`: the lanes with the same value. `match.all`: all lanes if they have one value, and none otherwise.
    pub(super) fn find_matches(&mut self, mask: u32, all: bool, d: Word, p: Predicate, a: Register) {
        let a = self.rows.values(a);
        let same = |lane: usize| {
            lanes(mask).filter(|other| a[*other] == a[lane]).fold(0, |set, other| set | 1 << other)
        };
        let values: [u32; LANES] = each!(|lane| same(lane));
        let agreed = lanes(mask).all(|lane| values[lane] == mask);
        let result = if all { if agreed { [mask; LANES] } else { [0; LANES] } } else { values };
        self.rows.set_word(d, mask, result);
        self.rows.set_predicate(p, mask, if agreed { mask } else { 0 });
    }
}
