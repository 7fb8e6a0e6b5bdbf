//! Gives a kernel's many registers few rows: PTX names a new register for nearly each value, and a register file that does not
//! fit the cache is slow.
//!
//! Liveness over the flow graph gives each register the interval of instructions in which it must keep its value; intervals
//! that do not overlap may share a row (a linear scan, Poletto and Sarkar 1999). Rows hold one value per lane, and a lane follows
//! the flow graph whatever the others do, so this holds for diverged warps too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::instruction::{Instruction, Long, Op, Predicate, Word};
use crate::operands::{Role, Slot};

/// How many registers of each sort there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) words: usize,
    pub(super) longs: usize,
    pub(super) predicates: usize,
}

/// The row of each register that has more than code to it: predicates are in the code alone.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) words: Vec<u16>,
    pub(super) longs: Vec<u16>,
    /// How many rows there are.
    pub(super) count: Count,
}

impl Count {
    /// Numbers registers of all sorts in one sequence.
    fn index(self, slot: &Slot<'_>) -> usize {
        match slot {
            Slot::Word(Word(word)) => usize::from(*word),
            Slot::Long(Long(long)) => self.words + usize::from(*long),
            Slot::Predicate(Predicate(predicate)) => self.words + self.longs + usize::from(*predicate),
        }
    }

    fn total(self) -> usize {
        self.words + self.longs + self.predicates
    }
}

/// Gives registers rows and puts these into the code. The `fixed` ones keep their value from start to end.
pub(super) fn allocate(code: &mut [Instruction], count: Count, fixed: &[Slot<'_>]) -> Rows {
    let uses: Vec<Uses> = code.iter_mut().map(|instruction| uses(instruction, count)).collect();
    let mut intervals = intervals(code, &uses, count.total());
    for slot in fixed {
        intervals[count.index(slot)] = Some((0, u32::MAX));
    }
    let (longs_from, predicates_from) = (count.words, count.words + count.longs);
    let (words, word_rows) = scan(&intervals[..longs_from], 0);
    let (longs, long_rows) = scan(&intervals[longs_from..predicates_from], 0);
    // The first two predicates are TRUE and FALSE and stay where they are.
    let (predicates, predicate_rows) = scan(&intervals[predicates_from..], 2);
    for instruction in code {
        let place = |slot: Slot<'_>| match slot {
            Slot::Word(word) => word.0 = words[usize::from(word.0)],
            Slot::Long(long) => long.0 = longs[usize::from(long.0)],
            Slot::Predicate(predicate) => predicate.0 = predicates[usize::from(predicate.0)],
        };
        place((&mut instruction.guard).into());
        instruction.op.visit(&mut |slot, _| place(slot));
    }
    let count = Count { words: word_rows, longs: long_rows, predicates: predicate_rows };
    Rows { words, longs, count }
}

/// The registers that one instruction reads and writes.
#[derive(Debug, Default)]
struct Uses {
    reads: Vec<usize>,
    writes: Vec<usize>,
    /// Whether it writes all lanes that reach it.
    always: bool,
}

fn uses(instruction: &mut Instruction, count: Count) -> Uses {
    let mut uses = Uses { always: instruction.guard == Predicate::TRUE, ..Uses::default() };
    uses.reads.push(count.index(&(&mut instruction.guard).into()));
    instruction.op.visit(&mut |slot, role| match role {
        Role::Read => uses.reads.push(count.index(&slot)),
        Role::Write => uses.writes.push(count.index(&slot)),
    });
    if !uses.always {
        // Where the guard does not hold, the old value stays.
        uses.reads.extend(&uses.writes);
    }
    uses
}

/// A set of registers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    fn remove(&mut self, index: usize) {
        self.0[index / 64] &= !(1 << (index % 64));
    }

    fn contains(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 != 0
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len() * 64).filter(|index| self.contains(*index))
    }
}

/// A run of instructions that is entered at its start and left at its end.
#[derive(Debug)]
struct Block {
    start: usize,
    end: usize,
    successors: Vec<usize>,
}

fn blocks(code: &[Instruction]) -> Vec<Block> {
    let mut starts = vec![0, code.len()];
    for (at, instruction) in code.iter().enumerate() {
        match instruction.op {
            Op::Branch { target } => starts.extend([target as usize, at + 1]),
            Op::Exit | Op::Trap => starts.push(at + 1),
            _ => {}
        }
    }
    starts.sort_unstable();
    starts.dedup();
    let block_at = |at: usize| starts.binary_search(&at).ok().filter(|block| block + 1 < starts.len());
    let mut blocks = Vec::new();
    for bounds in starts.windows(2) {
        let last = &code[bounds[1] - 1];
        let falls_through =
            last.guard != Predicate::TRUE || !matches!(last.op, Op::Branch { .. } | Op::Exit | Op::Trap);
        let mut successors: Vec<usize> =
            falls_through.then(|| block_at(bounds[1])).flatten().into_iter().collect();
        if let Op::Branch { target } = last.op {
            successors.extend(block_at(target as usize));
        }
        blocks.push(Block { start: bounds[0], end: bounds[1], successors });
    }
    blocks
}

/// The first and last position at which each register must keep its value: instruction i reads at 2i and writes at 2i + 1.
fn intervals(code: &[Instruction], uses: &[Uses], registers: usize) -> Vec<Option<(u32, u32)>> {
    let blocks = blocks(code);
    let mut live_in = vec![Set::new(registers); blocks.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for (index, block) in blocks.iter().enumerate().rev() {
            let mut live = Set::new(registers);
            block.successors.iter().for_each(|successor| live.add(&live_in[*successor]));
            for uses in uses[block.start..block.end].iter().rev() {
                if uses.always {
                    uses.writes.iter().for_each(|register| live.remove(*register));
                }
                uses.reads.iter().for_each(|register| live.insert(*register));
            }
            if live != live_in[index] {
                live_in[index] = live;
                changed = true;
            }
        }
    }
    let mut intervals: Vec<Option<(u32, u32)>> = vec![None; registers];
    let mut extend = |register: usize, position: usize| {
        let position = position as u32;
        let (start, end) = intervals[register].unwrap_or((position, position));
        intervals[register] = Some((start.min(position), end.max(position)));
    };
    for (index, block) in blocks.iter().enumerate() {
        live_in[index].iter().for_each(|register| extend(register, 2 * block.start));
        for successor in &block.successors {
            live_in[*successor].iter().for_each(|register| extend(register, 2 * block.end));
        }
        for (at, uses) in (block.start..).zip(&uses[block.start..block.end]) {
            uses.reads.iter().for_each(|register| extend(*register, 2 * at));
            uses.writes.iter().for_each(|register| extend(*register, 2 * at + 1));
        }
    }
    intervals
}

/// Gives each interval a row that no overlapping one has, and counts the rows; the first `kept` ones stay what they are.
fn scan(intervals: &[Option<(u32, u32)>], kept: usize) -> (Vec<u16>, usize) {
    let mut order: Vec<usize> = (kept..intervals.len()).filter(|i| intervals[*i].is_some()).collect();
    // Fixed ones have the first rows, so that all others can be cleared at once.
    order.sort_by_key(|i| intervals[*i].map_or((0, Reverse(0)), |(start, end)| (start, Reverse(end))));
    let mut rows: Vec<u16> = (0..intervals.len()).map(|i| if i < kept { i as u16 } else { 0 }).collect();
    let mut count = kept;
    let mut free: BinaryHeap<Reverse<u16>> = BinaryHeap::new();
    let mut taken: BinaryHeap<Reverse<(u32, u16)>> = BinaryHeap::new();
    for register in order {
        let Some((start, end)) = intervals[register] else { continue };
        while let Some(Reverse((last, row))) = taken.peek().copied() {
            if last >= start {
                break;
            }
            taken.pop();
            free.push(Reverse(row));
        }
        let row = free.pop().map_or(count as u16, |Reverse(row)| row);
        count = count.max(usize::from(row) + 1);
        rows[register] = row;
        taken.push(Reverse((end, row)));
    }
    (rows, count)
}

#[cfg(test)]
mod tests {
    use super::{Count, allocate};
    use crate::instruction::{Instruction, Op, Predicate, Word};
    use crate::values::Binary;

    fn add(d: u16, a: u16, b: u16) -> Instruction {
        let op = Op::Binary { op: Binary::Add, d: Word(d), a: Word(a), b: Word(b) };
        Instruction { op, guard: Predicate::TRUE, negated: false }
    }

    fn jump(target: u32, guard: Predicate) -> Instruction {
        Instruction { op: Op::Branch { target }, guard, negated: false }
    }

    #[test]
    fn values_that_are_no_longer_needed_give_up_their_rows() {
        let mut code: Vec<_> = (1..100).map(|i| add(i, i - 1, i - 1)).collect();
        let count = Count { words: 100, longs: 0, predicates: 2 };
        assert_eq!(allocate(&mut code, count, &[]).count.words, 1);
    }

    #[test]
    fn a_value_used_in_a_loop_keeps_its_row_to_the_loops_end() {
        // 1 is made before the loop and read at its start; 2 and 3 are made at its end.
        let mut code =
            vec![add(1, 0, 0), add(4, 1, 0), add(2, 4, 4), add(3, 2, 2), jump(1, Predicate(2)), add(5, 3, 3)];
        let rows = allocate(&mut code, Count { words: 6, longs: 0, predicates: 3 }, &[]);
        let kept = rows.words[1];
        assert!(rows.words[2] != kept && rows.words[3] != kept && rows.words[4] != kept);
        assert!(rows.count.words < 6);
    }
}
