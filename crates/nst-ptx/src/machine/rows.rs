//! A warp's registers: rows of one value per lane.

use crate::instruction::{Address, Long, Predicate, Register, Word};
use crate::program::Program;

/// Lanes of a warp.
pub(super) const LANES: usize = 32;
/// All lanes.
pub(super) const FULL: u32 = u32::MAX;

/// The register file.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) words: Vec<[u32; LANES]>,
    pub(super) longs: Vec<[u64; LANES]>,
    pub(super) predicates: Vec<u32>,
}

/// The lanes of a mask, lowest first.
pub(super) fn lanes(mask: u32) -> impl Iterator<Item = usize> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        let lane = rest.trailing_zeros();
        rest &= rest.wrapping_sub(1);
        (lane < 32).then_some(lane as usize)
    })
}

/// Puts values into the lanes of a mask.
#[inline(always)]
fn put<T: Copy>(row: &mut [T; LANES], mask: u32, values: [T; LANES]) {
    if mask == FULL {
        *row = values;
    } else {
        for (lane, (old, new)) in row.iter_mut().zip(values).enumerate() {
            if mask >> lane & 1 != 0 {
                *old = new;
            }
        }
    }
}

/// One value for each lane. A macro and no function of a closure: a closure that is not inlined would be compiled without the
/// instruction set of where it is used, and called for each lane.
macro_rules! each {
    (|$lane:ident| $value:expr) => {{
        let mut values = [Default::default(); $crate::machine::rows::LANES];
        for ($lane, place) in values.iter_mut().enumerate() {
            *place = $value;
        }
        values
    }};
}
pub(super) use each;

impl Rows {
    /// Rows with the program's immediates in place, and zeros.
    pub(super) fn new(program: &Program) -> Self {
        let mut rows = Self {
            words: vec![[0; LANES]; usize::from(program.words)],
            longs: vec![[0; LANES]; usize::from(program.longs)],
            predicates: vec![0; usize::from(program.predicates)],
        };
        rows.predicates[usize::from(Predicate::TRUE.0)] = FULL;
        for (row, value) in &program.word_constants {
            rows.words[usize::from(row.0)] = [*value; LANES];
        }
        for (row, value) in &program.long_constants {
            rows.longs[usize::from(row.0)] = [*value; LANES];
        }
        rows
    }

    /// Forgets all rows but those of immediates and special registers, which are the first ones. What is read before it is
    /// written is NaN, or all ones: a sum that nobody set to zero is to be seen. Predicates do not hold then.
    pub(super) fn clear(&mut self, program: &Program) {
        self.words[program.word_constants.len() + program.specials.len()..].fill([u32::MAX; LANES]);
        self.longs[program.long_constants.len()..].fill([u64::MAX; LANES]);
        self.predicates[2..].fill(0);
    }

    #[inline(always)]
    pub(super) fn word(&self, row: Word) -> &[u32; LANES] {
        &self.words[usize::from(row.0)]
    }

    #[inline(always)]
    pub(super) fn long(&self, row: Long) -> &[u64; LANES] {
        &self.longs[usize::from(row.0)]
    }

    #[inline(always)]
    pub(super) fn predicate(&self, row: Predicate) -> u32 {
        self.predicates[usize::from(row.0)]
    }

    #[inline(always)]
    pub(super) fn set_word(&mut self, row: Word, mask: u32, values: [u32; LANES]) {
        put(&mut self.words[usize::from(row.0)], mask, values);
    }

    #[inline(always)]
    pub(super) fn set_long(&mut self, row: Long, mask: u32, values: [u64; LANES]) {
        put(&mut self.longs[usize::from(row.0)], mask, values);
    }

    #[inline(always)]
    pub(super) fn set_predicate(&mut self, row: Predicate, mask: u32, values: u32) {
        let old = &mut self.predicates[usize::from(row.0)];
        *old = *old & !mask | values & mask;
    }

    /// The values of a row of either width.
    pub(super) fn values(&self, register: Register) -> [u64; LANES] {
        match register {
            Register::Word(word) => self.word(word).map(u64::from),
            Register::Long(long) => *self.long(long),
        }
    }

    /// Puts values into a row of either width.
    pub(super) fn set(&mut self, register: Register, mask: u32, values: [u64; LANES]) {
        match register {
            Register::Word(word) => self.set_word(word, mask, values.map(|value| value as u32)),
            Register::Long(long) => self.set_long(long, mask, values),
        }
    }

    /// Each lane's address.
    pub(super) fn addresses(&self, address: Address) -> [u64; LANES] {
        match address.base {
            Register::Word(word) => {
                self.word(word).map(|base| u64::from(base.wrapping_add_signed(address.offset)))
            }
            Register::Long(long) => {
                self.long(long).map(|base| base.wrapping_add_signed(i64::from(address.offset)))
            }
        }
    }
}
