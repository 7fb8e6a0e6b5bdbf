//! What follows an activation, for some rows at a time: pooling and the gate's bits.

use crate::conv2d::{Activation, Epilogue};
use crate::plane::Plane;
use crate::pool::{Pooling, greatest};

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
    let (line, stored) = (plane.width * plane.channels, plane.pooled());
    let corner = |y: usize, x: usize, channel: usize, corner: usize| {
        (2 * y + corner / 2) * line + (2 * x + corner % 2) * plane.channels + channel
    };
    for (y, to) in pooled.chunks_exact_mut((stored.width * stored.channels).max(1)).enumerate() {
        for (at, to) in to.iter_mut().enumerate() {
            let (x, channel) = (at / stored.channels, at % stored.channels);
            *to = kind.of([0, 1, 2, 3].map(|c| rows[corner(y, x, channel, c)]));
        }
    }
    let Some(bits) = bits else { return };
    let passes = passes(epilogue);
    bits.fill(0);
    for y in 0..pooled.len() / (stored.width * stored.channels).max(1) {
        for x in 0..stored.width {
            for channel in 0..plane.channels {
                let window = [0, 1, 2, 3].map(|c| rows[corner(y, x, channel, c)]);
                for c in 0..4 {
                    let chosen = kind == Pooling::Average || greatest(window) == c;
                    if chosen && passes(window[c]) {
                        let position = (2 * y + c / 2) * plane.width + 2 * x + c % 2;
                        bits[position * plane.bit_bytes() + channel / 8] |= 1 << (channel % 8);
                    }
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
