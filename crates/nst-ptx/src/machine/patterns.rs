//! How a warp's accesses to shared memory lie to each other: which lanes share an address, and which banks collide.
//!
//! An instruction in a loop has few patterns, so each instruction's last ones are kept.

use super::rows::{LANES, lanes};

/// An address, relative to the first lane's, and who has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) delta: u32,
    /// The first of its lanes.
    pub(super) lane: u32,
    /// Whether there are more.
    pub(super) others: bool,
}

/// The addresses of an access, relative to the first lane's.
#[derive(Debug)]
pub(super) struct Pattern {
    mask: u32,
    deltas: [u32; LANES],
    pub(super) places: Vec<Place>,
    /// Passes over the banks, and those without conflicts.
    pub(super) wavefronts: u64,
    pub(super) ideal: u64,
}

/// The patterns of each instruction.
#[derive(Debug)]
pub(super) struct Patterns {
    kept: Vec<Vec<Pattern>>,
}

/// As many patterns an instruction keeps.
const KEPT: usize = 4;

impl Patterns {
    pub(super) fn new(instructions: usize) -> Self {
        Self { kept: std::iter::repeat_with(Vec::new).take(instructions).collect() }
    }

    /// The pattern of an access of `bytes` per lane by the instruction at `pc`.
    pub(super) fn of(&mut self, pc: u32, at: &[u64; LANES], mask: u32, bytes: u32) -> &Pattern {
        let kept = &mut self.kept[pc as usize];
        let base = at[mask.trailing_zeros() as usize & 31] as u32;
        let mut deltas = at.map(|address| (address as u32).wrapping_sub(base));
        if mask != u32::MAX {
            for (lane, delta) in deltas.iter_mut().enumerate() {
                *delta = if mask >> lane & 1 != 0 { *delta } else { 0 };
            }
        }
        let known = kept.iter().position(|pattern| pattern.mask == mask && pattern.deltas == deltas);
        let index = known.unwrap_or_else(|| {
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push(Pattern::new(mask, deltas, bytes));
            kept.len() - 1
        });
        &kept[index]
    }
}

impl Pattern {
    fn new(mask: u32, deltas: [u32; LANES], bytes: u32) -> Self {
        let mut places: Vec<Place> = Vec::new();
        for lane in lanes(mask) {
            match places.iter_mut().find(|place| place.delta == deltas[lane]) {
                Some(place) => place.others = true,
                None => places.push(Place { delta: deltas[lane], lane: lane as u32, others: false }),
            }
        }
        let (wavefronts, ideal) = conflicts(mask, &deltas, bytes);
        Self { mask, deltas, places, wavefronts, ideal }
    }
}

/// Wavefronts with and without bank conflicts. Where the first lane's address lies does not matter: it turns the banks.
fn conflicts(mask: u32, deltas: &[u32; LANES], bytes: u32) -> (u64, u64) {
    let parts = (bytes / 4).max(1) as usize;
    let (mut wavefronts, mut ideal) = (0, 0);
    for part in 0..parts {
        let first = part * LANES / parts;
        let mut words: Vec<u32> = lanes(mask)
            .filter(|lane| (first..first + LANES / parts).contains(lane))
            .flat_map(|lane| (0..parts as u32).map(move |word| deltas[lane].wrapping_div(4) + word))
            .collect();
        words.sort_unstable();
        words.dedup();
        let mut banks = [0_u64; LANES];
        for word in &words {
            banks[*word as usize % LANES] += 1;
        }
        wavefronts += banks.into_iter().max().unwrap_or(0);
        ideal += u64::from(!words.is_empty());
    }
    (wavefronts, ideal)
}

#[cfg(test)]
mod tests {
    use super::{LANES, conflicts};

    fn of(bytes: u32, delta: impl Fn(u32) -> u32) -> (u64, u64) {
        let deltas: [u32; LANES] = std::array::from_fn(|lane| delta(lane as u32));
        conflicts(u32::MAX, &deltas, bytes)
    }

    #[test]
    fn neighbours_and_broadcasts_do_not_conflict() {
        assert_eq!(of(4, |lane| 4 * lane), (1, 1));
        assert_eq!(of(4, |_| 0), (1, 1));
        assert_eq!(of(8, |lane| 8 * lane), (2, 2));
        assert_eq!(of(16, |lane| 16 * lane), (4, 4));
        assert_eq!(of(1, |lane| lane), (1, 1));
    }

    #[test]
    fn strides_do() {
        assert_eq!(of(4, |lane| 8 * lane), (2, 1));
        assert_eq!(of(4, |lane| 128 * lane), (32, 1));
        assert_eq!(of(4, |lane| 132 * lane), (1, 1));
        assert_eq!(of(16, |lane| 128 * lane), (32, 4));
    }
}
