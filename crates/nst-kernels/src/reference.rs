//! Slow, literal versions of every routine, in double precision: what the fast ones are tested against. Also for other
//! backends' tests, hence public.

use crate::{
    Activation, Border, Conv2d, Epilogue, Gate, Interpolation, Padding, Pool2d, Pooling, Region, Transpose,
};

mod histogram;
pub use histogram::{histogram, histogram_backward};

/// Reproducible values in -1..1 (Knuth's multiplicative hash of the index), different for each `seed`.
pub fn test_values(len: usize, seed: u32) -> Vec<f32> {
    let hash =
        |i: u32| (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
    (0..len as u32).map(|i| f32::from((hash(i) >> 16) as u16) / 32768.0 - 1.0).collect()
}

/// Fails unless every value lies within `tolerance` times the greatest expected magnitude of what is expected.
///
/// # Panics
/// If one does not, or the lengths differ.
pub fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(actual.len(), expected.len(), "lengths differ");
    let scale = expected.iter().fold(0.0f32, |scale, x| scale.max(x.abs())).max(f32::MIN_POSITIVE);
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!((a - e).abs() <= tolerance * scale, "value {i}: {a}, expected {e} (scale {scale})");
    }
}

/// [`crate::matmul`].
pub fn matmul([m, k, n]: [usize; 3], (a, ta): (&[f32], Transpose), (b, tb): (&[f32], Transpose)) -> Vec<f32> {
    let a = |i: usize, l: usize| f64::from(if ta == Transpose::Yes { a[l * m + i] } else { a[i * k + l] });
    let b = |l: usize, j: usize| f64::from(if tb == Transpose::Yes { b[j * k + l] } else { b[l * n + j] });
    let entry = |at: usize| (0..k).map(|l| a(at / n, l) * b(l, at % n)).sum::<f64>() as f32;
    (0..m * n).map(entry).collect()
}

/// [`crate::gram`].
pub fn gram(channels: usize, features: &[f32]) -> Vec<f32> {
    let positions = features.len() / channels.max(1);
    matmul([channels, positions, channels], (features, Transpose::Yes), (features, Transpose::No))
}

/// Calls `visit(output index, input index, filter index)` for every product of the convolution.
fn visit_products(conv: &Conv2d, mut visit: impl FnMut(usize, usize, usize)) {
    let [kh, kw] = conv.kernel;
    let (oh, ow) = (conv.out_height(), conv.out_width());
    for n in 0..conv.batch {
        for y in 0..oh {
            for x in 0..ow {
                for (r, s) in (0..kh).flat_map(|r| (0..kw).map(move |s| (r, s))) {
                    let (Some(iy), Some(ix)) =
                        ((y + r).checked_sub(conv.padding), (x + s).checked_sub(conv.padding))
                    else {
                        continue;
                    };
                    if iy >= conv.height || ix >= conv.width {
                        continue;
                    }
                    for o in 0..conv.out_channels {
                        for i in 0..conv.in_channels {
                            visit(
                                ((n * oh + y) * ow + x) * conv.out_channels + o,
                                ((n * conv.height + iy) * conv.width + ix) * conv.in_channels + i,
                                ((o * conv.in_channels + i) * kh + r) * kw + s,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn rounded(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|x| x as f32).collect()
}

/// [`Conv2d::forward`].
pub fn conv2d(conv: &Conv2d, input: &[f32], oihw: &[f32], epilogue: Epilogue<'_>) -> Vec<f32> {
    let mut output: Vec<f64> = (0..conv.output_len())
        .map(|at| epilogue.bias.map_or(0.0, |bias| f64::from(bias[at % conv.out_channels])))
        .collect();
    visit_products(conv, |o, i, f| output[o] += f64::from(input[i]) * f64::from(oihw[f]));
    if epilogue.activation == Activation::Relu {
        for x in &mut output {
            *x = x.max(0.0);
        }
    }
    match epilogue.pooling {
        None => rounded(output),
        Some(Pooling::Max) => max_pool(&behind(conv), &rounded(output)),
        Some(Pooling::Average) => average_pool(&behind(conv), &rounded(output)),
    }
}

/// The pooling of a convolution's output.
fn behind(conv: &Conv2d) -> Pool2d {
    let (height, width) = (conv.out_height(), conv.out_width());
    Pool2d { batch: conv.batch, height, width, channels: conv.out_channels }
}

/// The gradient with respect to the output of a convolution's products, from that with respect to what was stored.
pub fn through_gate(conv: &Conv2d, gradient: &[f32], gate: Gate<'_>) -> Vec<f32> {
    let pool = behind(conv);
    let mut output = match gate.pooling {
        None => gradient.to_vec(),
        // Each of a window's positions; the bits choose.
        Some(Pooling::Max) => average_pool_backward(&pool, gradient).iter().map(|x| 4.0 * x).collect(),
        Some(Pooling::Average) => average_pool_backward(&pool, gradient),
    };
    if let Some(bits) = gate.bits {
        let bytes = conv.out_channels.div_ceil(8);
        for (at, x) in output.iter_mut().enumerate() {
            let (position, channel) = (at / conv.out_channels, at % conv.out_channels);
            if bits[position * bytes + channel / 8] >> (channel % 8) & 1 == 0 {
                *x = 0.0;
            }
        }
    }
    output
}

/// [`Conv2d::backward_data`].
pub fn conv2d_backward_data(conv: &Conv2d, gradient: &[f32], gate: Gate<'_>, oihw: &[f32]) -> Vec<f32> {
    let gradient = through_gate(conv, gradient, gate);
    let mut output = vec![0.0; conv.input_len()];
    visit_products(conv, |o, i, f| output[i] += f64::from(gradient[o]) * f64::from(oihw[f]));
    rounded(output)
}

/// [`Conv2d::backward_filter`].
pub fn conv2d_backward_filter(conv: &Conv2d, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1]];
    visit_products(conv, |o, i, f| output[f] += f64::from(gradient[o]) * f64::from(input[i]));
    rounded(output)
}

/// The input indices of each window of a pooling, in the order of its output.
fn windows(pool: &Pool2d) -> Vec<[usize; 4]> {
    let mut windows = Vec::new();
    for n in 0..pool.batch {
        for y in 0..pool.height / 2 {
            for x in 0..pool.width / 2 {
                for c in 0..pool.channels {
                    let at = |dy, dx| {
                        ((n * pool.height + 2 * y + dy) * pool.width + 2 * x + dx) * pool.channels + c
                    };
                    windows.push([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]);
                }
            }
        }
    }
    windows
}

/// [`Pool2d::max`].
pub fn max_pool(pool: &Pool2d, input: &[f32]) -> Vec<f32> {
    windows(pool)
        .into_iter()
        .map(|window| window.map(|at| input[at]).into_iter().fold(f32::NEG_INFINITY, f32::max))
        .collect()
}

/// [`Pool2d::average`].
pub fn average_pool(pool: &Pool2d, input: &[f32]) -> Vec<f32> {
    windows(pool).into_iter().map(|window| window.map(|at| input[at]).iter().sum::<f32>() / 4.0).collect()
}

/// [`Pool2d::max_backward`].
pub fn max_pool_backward(pool: &Pool2d, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; pool.input_len()];
    for (window, gradient) in windows(pool).into_iter().zip(gradient) {
        // `max_by` returns the last of equal elements: reversed, the first in reading order.
        let greatest = window.into_iter().rev().max_by(|&a, &b| input[a].total_cmp(&input[b]));
        if let Some(at) = greatest {
            output[at] = *gradient;
        }
    }
    output
}

/// [`Pool2d::average_backward`].
pub fn average_pool_backward(pool: &Pool2d, gradient: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; pool.input_len()];
    for (window, gradient) in windows(pool).into_iter().zip(gradient) {
        for at in window {
            output[at] = gradient / 4.0;
        }
    }
    output
}

/// The index of each value of an image, channel by channel, row by row.
fn places([batch, height, width, channels]: [usize; 4]) -> impl Iterator<Item = [usize; 4]> {
    (0..batch * height * width * channels).map(move |at| {
        let pixel = at / channels;
        [pixel / width / height, pixel / width % height, pixel % width, at % channels]
    })
}

/// Where a value lies.
fn at([_, height, width, channels]: [usize; 4], [n, y, x, c]: [usize; 4]) -> usize {
    ((n * height + y) * width + x) * channels + c
}

/// [`crate::crop`].
pub fn crop(shape: [usize; 4], region: Region, input: &[f32]) -> Vec<f32> {
    places([shape[0], region.height, region.width, shape[3]])
        .map(|[n, y, x, c]| input[at(shape, [n, region.top + y, region.left + x, c])])
        .collect()
}

/// [`crate::add_region`], of a copy.
pub fn add_region(shape: [usize; 4], region: Region, part: &[f32], image: &[f32]) -> Vec<f32> {
    let mut output = image.to_vec();
    for ([n, y, x, c], value) in places([shape[0], region.height, region.width, shape[3]]).zip(part) {
        output[at(shape, [n, region.top + y, region.left + x, c])] += value;
    }
    output
}

/// [`crate::pad`].
pub fn pad(shape: [usize; 4], border: Border, padding: Padding, input: &[f32]) -> Vec<f32> {
    let [batch, height, width, channels] = shape;
    let padded = [batch, border.top + height + border.bottom, border.left + width + border.right, channels];
    let value = |[n, y, x, c]: [usize; 4]| {
        let inside =
            (border.top..border.top + height).contains(&y) && (border.left..border.left + width).contains(&x);
        if !inside && padding == Padding::Zero {
            return 0.0;
        }
        let [y, x] = [
            y.clamp(border.top, border.top + height - 1) - border.top,
            x.clamp(border.left, border.left + width - 1) - border.left,
        ];
        input[at(shape, [n, y, x, c])]
    };
    places(padded).map(value).collect()
}

/// For each of `to` values, the indices and weights of those of `from` values that count, by the definition of
/// [`crate::Taps::new`].
fn resizing(from: usize, to: usize, interpolation: Interpolation) -> Vec<Vec<(usize, f64)>> {
    let scale = from as f64 / to as f64;
    let weights_of = |o: usize| {
        let distance = |i: usize| (i as f64 + 0.5) - scale * (o as f64 + 0.5);
        let weights: Vec<f64> = (0..from).map(|i| interpolation.at(distance(i) / scale.max(1.0))).collect();
        let sum: f64 = weights.iter().sum();
        weights
            .into_iter()
            .map(|weight| weight / sum)
            .enumerate()
            .filter(|(_, weight)| *weight != 0.0)
            .collect()
    };
    (0..to).map(weights_of).collect()
}

/// Calls `visit(output index, input index, weight)` for every product that resizing an image of `shape` takes.
fn visit_resizing(
    shape: [usize; 4],
    [new_height, new_width]: [usize; 2],
    interpolation: Interpolation,
    mut visit: impl FnMut(usize, usize, f64),
) {
    let [batch, height, width, channels] = shape;
    let resized = [batch, new_height, new_width, channels];
    let rows = resizing(height, new_height, interpolation);
    let columns = resizing(width, new_width, interpolation);
    for (output, [n, y, x, c]) in places(resized).enumerate() {
        for &(i, row) in &rows[y] {
            for &(j, column) in &columns[x] {
                visit(output, at(shape, [n, i, j, c]), row * column);
            }
        }
    }
}

/// [`crate::resize`], to `[height, width]`.
pub fn resize(shape: [usize; 4], to: [usize; 2], interpolation: Interpolation, input: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; shape[0] * to[0] * to[1] * shape[3]];
    visit_resizing(shape, to, interpolation, |o, i, weight| output[o] += weight * f64::from(input[i]));
    rounded(output)
}

/// The gradient with respect to an image of `shape`, from that with respect to what [`resize`] makes of it.
pub fn resize_backward(
    shape: [usize; 4],
    to: [usize; 2],
    interpolation: Interpolation,
    gradient: &[f32],
) -> Vec<f32> {
    let mut output = vec![0.0; shape.iter().product()];
    visit_resizing(shape, to, interpolation, |o, i, weight| output[i] += weight * f64::from(gradient[o]));
    rounded(output)
}
