//! What follows an activation, for some rows at a time: pooling and the gate's bits.

use crate::conv2d::{Activation, Epilogue};
use crate::plane::Plane;
use crate::pool::{Pool2d, Pooling, greatest};

/// Pools `rows`, activated rows of one image from an even one on, into `pooled`, and writes the bits of the gate if they
/// are wanted.
pub(super) fn pool(
    kind: Pooling,
    epilogue: Epilogue<'_>,
    plane: Plane,
    rows: &[f32],
    pooled: &mut [f32],
    bits: Option<&mut [u8]>,
) {
    let Plane { width, channels, .. } = plane;
    let pool = Pool2d { batch: 1, height: rows.len() / (width * channels).max(1), width, channels };
    match kind {
        Pooling::Max => pool.max(rows, pooled),
        Pooling::Average => pool.average(rows, pooled),
    }
    let Some(bits) = bits else { return };
    let passes = passes(epilogue);
    bits.fill(0);
    for (y, x) in (0..pool.height / 2).flat_map(|y| (0..width / 2).map(move |x| (y, x))) {
        for channel in 0..channels {
            let positions = [0, 1, 2, 3].map(|corner| (2 * y + corner / 2) * width + 2 * x + corner % 2);
            let window = positions.map(|position| rows[position * channels + channel]);
            for (corner, position) in positions.into_iter().enumerate() {
                let chosen = kind == Pooling::Average || greatest(window) == corner;
                if chosen && passes(window[corner]) {
                    bits[position * plane.bit_bytes() + channel / 8] |= 1 << (channel % 8);
                }
            }
        }
    }
}

/// Writes the bits of the gate of activated rows that no pooling follows.
pub(super) fn write_bits(epilogue: Epilogue<'_>, plane: Plane, rows: &[f32], bits: &mut [u8]) {
    let passes = passes(epilogue);
    let positions =
        rows.chunks_exact(plane.channels.max(1)).zip(bits.chunks_exact_mut(plane.bit_bytes().max(1)));
    for (values, bits) in positions {
        for (values, bits) in values.chunks(8).zip(bits) {
            *bits = values.iter().enumerate().fold(0, |bits, (i, &x)| bits | u8::from(passes(x)) << i);
        }
    }
}

/// Whether the activation lets the gradient of a value through. A value that ReLU made zero lets none through, as in torch
/// and Caffe.
fn passes(epilogue: Epilogue<'_>) -> impl Fn(f32) -> bool {
    move |x| epilogue.activation == Activation::Identity || x > 0.0
}
