//! Blocks of rows: how work is split, and rows with padding or a mask.

use std::ops::Range;

/// Splits `0..rows` into blocks of `block` rows, the last one shorter.
pub(crate) fn blocks(rows: usize, block: usize) -> Vec<Range<usize>> {
    (0..rows).step_by(block.max(1)).map(|start| start..(start + block.max(1)).min(rows)).collect()
}

/// Splits an output into the parts that tasks write, each of the given length.
pub(crate) fn split<T>(mut output: &mut [T], lens: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    lens.map(|len| output.split_off_mut(..len).expect("output too short")).collect()
}

/// Copies `values`, rows of `columns` floats, into rows of `padded` floats with zeros behind; values whose mask is not
/// above zero become zero too (the derivative of ReLU, taken as 0 at 0 as torch and Caffe do).
pub(crate) fn padded_rows(values: &[f32], mask: Option<&[f32]>, columns: usize, padded: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len() / columns * padded];
    for (row, (to, from)) in out.chunks_exact_mut(padded).zip(values.chunks_exact(columns)).enumerate() {
        match mask {
            None => to[..columns].copy_from_slice(from),
            Some(mask) => copy_masked(from, &mask[row * columns..][..columns], &mut to[..columns]),
        }
    }
    out
}

/// `to = from` where `mask > 0`, else 0.
pub(crate) fn copy_masked(from: &[f32], mask: &[f32], to: &mut [f32]) {
    for ((to, &from), &mask) in to.iter_mut().zip(from).zip(mask) {
        *to = if mask > 0.0 { from } else { 0.0 };
    }
}
