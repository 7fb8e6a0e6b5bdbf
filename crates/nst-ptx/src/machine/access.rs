//! Loads and stores.

use super::block::Block;
use super::global::{self, Global, misaligned};
use super::rows::{LANES, each, lanes};
use super::shared::Access;
use super::trouble::{Outcome, trouble};
use super::warp::Warp;
use crate::FaultKind;
use crate::instruction::{
    Address, Elements, Extension, LOCAL_WINDOW, PARAMETER_WINDOW, SHARED_WINDOW, Space, Vector, WINDOW,
};

/// What an access may reach, beside the warp's registers.
pub(super) struct Reach<'a> {
    pub(super) global: &'a Global,
    pub(super) parameters: &'a [u8],
    pub(super) block: &'a mut Block,
    pub(super) warp: &'a mut Warp,
    pub(super) access: Access,
}

impl Reach<'_> {
    pub(super) fn load(
        &mut self,
        mask: u32,
        space: Space,
        elements: Elements,
        d: Vector,
        address: Address,
    ) -> Outcome<()> {
        let at = self.warp.rows.addresses(address);
        if elements.bytes < 4 {
            return self.load_narrow(mask, space, elements, d, &at);
        }
        match elements.total() {
            4 => self.load_words::<1>(mask, space, d, &at),
            8 => self.load_words::<2>(mask, space, d, &at),
            _ => self.load_words::<4>(mask, space, d, &at),
        }
    }

    fn load_words<const W: usize>(
        &mut self,
        mask: u32,
        space: Space,
        d: Vector,
        at: &[u64; LANES],
    ) -> Outcome<()> {
        let values = self.fetch::<W>(mask, space, at)?;
        match d {
            Vector::Words(d) => {
                for (d, row) in d.into_iter().zip(values) {
                    self.warp.rows.set_word(d, mask, row);
                }
            }
            Vector::Longs(d) => {
                for (d, pair) in d.into_iter().zip(values.chunks_exact(2)) {
                    let row = each!(|i| u64::from(pair[1][i]) << 32 | u64::from(pair[0][i]));
                    self.warp.rows.set_long(d, mask, row);
                }
            }
        }
        Ok(())
    }

    fn load_narrow(
        &mut self,
        mask: u32,
        space: Space,
        elements: Elements,
        d: Vector,
        at: &[u64; LANES],
    ) -> Outcome<()> {
        let values = self.fetch_narrow(mask, space, at, elements.total())?;
        let bits = 8 * u32::from(elements.bytes);
        let Vector::Words(d) = d else { return Ok(()) };
        for (index, d) in d.into_iter().take(usize::from(elements.count)).enumerate() {
            let row = each!(|i| {
                let value = (values[i] >> (bits * index as u32)) as u32 & (u32::MAX >> (32 - bits));
                let signed = (value << (32 - bits)).cast_signed() >> (32 - bits);
                match elements.extension {
                    Extension::Zeros => value,
                    Extension::Sign => signed.cast_unsigned(),
                    Extension::SignTo16 => signed.cast_unsigned() & 0xffff,
                }
            });
            self.warp.rows.set_word(d, mask, row);
        }
        Ok(())
    }

    /// Each lane's `W` words.
    fn fetch<const W: usize>(
        &mut self,
        mask: u32,
        space: Space,
        at: &[u64; LANES],
    ) -> Outcome<[[u32; LANES]; W]> {
        match space {
            Space::Global => {
                if self.block.checks.counts {
                    global::count(&mut self.block.global_counts, at, mask, 4 * W as u32);
                }
                self.global.fetch(at, mask)
            }
            Space::Shared => self.block.shared.fetch(self.access, at, mask),
            Space::Local | Space::Parameter => {
                let mut values = [[0; LANES]; W];
                for lane in lanes(mask) {
                    let bytes = self.private(space, lane, at[lane], 4 * W as u32)?;
                    for (row, word) in values.iter_mut().zip(bytes.chunks_exact(4)) {
                        row[lane] = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                    }
                }
                Ok(values)
            }
            Space::Generic => {
                let mut values = [[0; LANES]; W];
                for (space, part, at) in by_space(at, mask) {
                    let part_values = self.fetch::<W>(part, space, &at)?;
                    for (row, part_row) in values.iter_mut().zip(part_values) {
                        lanes(part).for_each(|lane| row[lane] = part_row[lane]);
                    }
                }
                Ok(values)
            }
        }
    }

    fn fetch_narrow(
        &mut self,
        mask: u32,
        space: Space,
        at: &[u64; LANES],
        bytes: u32,
    ) -> Outcome<[u64; LANES]> {
        match space {
            Space::Global => {
                if self.block.checks.counts {
                    global::count(&mut self.block.global_counts, at, mask, bytes);
                }
                self.global.fetch_narrow(at, mask, bytes)
            }
            Space::Shared => self.block.shared.fetch_narrow(self.access, at, mask, bytes),
            Space::Local | Space::Parameter => {
                let mut values = [0; LANES];
                for lane in lanes(mask) {
                    let bytes = self.private(space, lane, at[lane], bytes)?;
                    values[lane] = bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
                }
                Ok(values)
            }
            Space::Generic => {
                let mut values = [0; LANES];
                for (space, part, at) in by_space(at, mask) {
                    let part_values = self.fetch_narrow(part, space, &at, bytes)?;
                    lanes(part).for_each(|lane| values[lane] = part_values[lane]);
                }
                Ok(values)
            }
        }
    }

    /// A lane's own bytes, or the parameters'.
    fn private(&self, space: Space, lane: usize, address: u64, bytes: u32) -> Outcome<&[u8]> {
        let size = self.warp.local.len() / LANES;
        let local = &self.warp.local[lane * size..(lane + 1) * size];
        let all = if space == Space::Parameter { self.parameters } else { local };
        if !address.is_multiple_of(u64::from(bytes)) {
            return misaligned(lane, address, bytes);
        }
        let found = usize::try_from(address).ok().and_then(|at| all.get(at..at.checked_add(bytes as usize)?));
        found.map_or_else(|| outside(space, lane, address, bytes, all.len()), Ok)
    }

    pub(super) fn store(
        &mut self,
        mask: u32,
        space: Space,
        elements: Elements,
        a: Vector,
        address: Address,
    ) -> Outcome<()> {
        let at = self.warp.rows.addresses(address);
        let mut values = [[0; LANES]; 4];
        match a {
            Vector::Words(a) if elements.bytes < 4 => {
                // Packed from the low end, in one or two words.
                let per_word = 4 / usize::from(elements.bytes);
                let bits = 8 * u32::from(elements.bytes);
                for (index, a) in a.into_iter().take(usize::from(elements.count)).enumerate() {
                    let (row, shift) = (index / per_word, bits * (index % per_word) as u32);
                    let source = self.warp.rows.word(a);
                    for (value, source) in values[row].iter_mut().zip(source) {
                        *value |= (source & (u32::MAX >> (32 - bits))) << shift;
                    }
                }
            }
            Vector::Words(a) => {
                for (row, a) in values.iter_mut().zip(a).take(usize::from(elements.count)) {
                    *row = *self.warp.rows.word(a);
                }
            }
            Vector::Longs(a) => {
                for (pair, a) in values.chunks_exact_mut(2).zip(a).take(usize::from(elements.count)) {
                    let source = self.warp.rows.long(a);
                    pair[0] = each!(|i| source[i] as u32);
                    pair[1] = each!(|i| (source[i] >> 32) as u32);
                }
            }
        }
        self.put(mask, space, &at, elements.total(), &values)
    }

    fn put(
        &mut self,
        mask: u32,
        space: Space,
        at: &[u64; LANES],
        bytes: u32,
        values: &[[u32; LANES]; 4],
    ) -> Outcome<()> {
        match space {
            Space::Global => {
                if self.block.checks.counts {
                    global::count(&mut self.block.global_counts, at, mask, bytes);
                }
                match bytes {
                    4 => self.global.put(at, mask, &[values[0]]),
                    8 => self.global.put(at, mask, &[values[0], values[1]]),
                    16 => self.global.put(at, mask, values),
                    _ => self.global.put_narrow(at, mask, bytes, &values[0].map(u64::from)),
                }
            }
            Space::Shared => {
                let rows = bytes.div_ceil(4) as usize;
                self.block.shared.put(self.access, at, mask, bytes, &values[..rows])
            }
            Space::Local => {
                let size = self.warp.local.len() / LANES;
                for lane in lanes(mask) {
                    // What is found tells that the place is there.
                    self.private(space, lane, at[lane], bytes)?;
                    let start = lane * size + at[lane] as usize;
                    let target = &mut self.warp.local[start..start + bytes as usize];
                    for (bytes, row) in target.chunks_mut(4).zip(values) {
                        bytes.copy_from_slice(&row[lane].to_le_bytes()[..bytes.len()]);
                    }
                }
                Ok(())
            }
            Space::Parameter => {
                let lane = mask.trailing_zeros() as usize;
                outside(space, lane, at[lane & 31], bytes, 0)
            }
            Space::Generic => by_space(at, mask)
                .into_iter()
                .try_for_each(|(space, part, at)| self.put(part, space, &at, bytes, values)),
        }
    }
}

/// Generic addresses, as addresses in the spaces that they lie in.
pub(super) fn by_space(at: &[u64; LANES], mask: u32) -> Vec<(Space, u32, [u64; LANES])> {
    let spaces = [
        (Space::Shared, SHARED_WINDOW, WINDOW),
        (Space::Local, LOCAL_WINDOW, WINDOW),
        (Space::Parameter, PARAMETER_WINDOW, WINDOW),
        (Space::Global, 0, SHARED_WINDOW),
    ];
    let mut rest = mask;
    let mut parts = Vec::new();
    for (space, base, size) in spaces {
        let inside = lanes(rest).filter(|lane| at[*lane].wrapping_sub(base) < size);
        let part = inside.fold(0, |part, lane| part | 1 << lane);
        if part != 0 {
            parts.push((space, part, at.map(|address| address.wrapping_sub(base))));
        }
        rest &= !part;
    }
    if rest != 0 {
        parts.push((Space::Global, rest, *at));
    }
    parts
}

#[cold]
fn outside<T>(space: Space, lane: usize, address: u64, bytes: u32, size: usize) -> Outcome<T> {
    let what = if space == Space::Local { "local memory" } else { "parameters" };
    trouble(
        FaultKind::OutOfBounds,
        lane,
        format!("{bytes} bytes of {what} at {address:#x}; there are {size} bytes"),
    )
}
