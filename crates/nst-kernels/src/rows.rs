//! Blocks of rows: how work is split, and rows with padding.

use std::ops::Range;

/// Splits `0..rows` into blocks of `block` rows, the last one shorter.
pub(crate) fn blocks(rows: usize, block: usize) -> Vec<Range<usize>> {
    (0..rows).step_by(block.max(1)).map(|start| start..(start + block.max(1)).min(rows)).collect()
}

/// Splits an output into the parts that tasks write, each of the given length.
pub(crate) fn split<T>(mut output: &mut [T], lens: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    lens.map(|len| output.split_off_mut(..len).expect("output too short")).collect()
}

/// Copies rows of `columns` floats into rows of `padded` floats with zeros behind.
pub(crate) fn pad_rows(values: &[f32], columns: usize, padded: usize, to: &mut [f32]) {
    for (to, from) in to.chunks_exact_mut(padded).zip(values.chunks_exact(columns)) {
        to[..columns].copy_from_slice(from);
        to[columns..].fill(0.0);
    }
}
