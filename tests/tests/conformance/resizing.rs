//! Images of another size.

use crate::numbers::{assert_close, assert_same, feature_maps, random, tensor};
use nst_kernels::reference;
use nst_tensor::{Device, Interpolation, Shape, Taps, Tensor};

operations!(resize);

const INTERPOLATIONS: [Interpolation; 2] = [Interpolation::Linear, Interpolation::Cubic];

/// Images and feature maps with pixels, none so long that the literal version takes long.
fn images() -> impl Iterator<Item = [usize; 4]> {
    let moderate = |[_, height, width, _]: &[usize; 4]| height * width > 0 && height.max(width) < &1000;
    feature_maps().into_iter().filter(moderate).chain([[1, 1, 701, 1], [1, 701, 1, 3]])
}

/// Smaller, larger, one of both, whole and odd ratios, and the same.
fn sizes(height: usize, width: usize) -> [[usize; 2]; 6] {
    let smaller = |extent: usize| extent.div_ceil(2);
    [
        [1, 1],
        [smaller(height), smaller(width)],
        [2 * height, width],
        [height, width],
        [(height / 3).max(1), width + 2],
        [height + 5, (2 * width / 5).max(1)],
    ]
}

/// Tables of the usual kind do what resizing does, transposed ones what its gradient does, and others what they say.
fn tables_are_taken_as_they_are(device: &Device) {
    let shape = [2, 7, 12, 3];
    let (image, values) = random(device, &Shape::from(shape), 3);
    let (rows, columns) = (Taps::new(7, 5, Interpolation::Cubic), Taps::new(12, 30, Interpolation::Cubic));
    let bits = |tensor: nst_tensor::Result<Tensor>| -> Vec<u32> {
        let values = tensor.and_then(|tensor| tensor.to_vec()).expect("an image");
        values.into_iter().map(f32::to_bits).collect()
    };
    let resized = image.resize(5, 30, Interpolation::Cubic).expect("an image");
    assert_eq!(bits(image.resample(&rows, &columns)), bits(Ok(resized.clone())), "on {device:?}");
    let backward = resized.resample(&rows.transposed(), &columns.transposed());
    assert_eq!(bits(backward), bits(resized.resize_backward(7, 12, Interpolation::Cubic)), "on {device:?}");
    // Columns as they are, and pairs of rows with the triangle mirrored at both ends.
    let (rows, columns) =
        (Taps::mirrored(7, 4, Interpolation::Linear), Taps::new(12, 12, Interpolation::Linear));
    let row = 12 * 3;
    let expected: Vec<f32> = (0..2 * 4 * row)
        .map(|at| {
            let (picture, o, rest) = (at / (4 * row), at / row % 4, at % row);
            let weight = |i: isize| (1.0 - (i as f64 + 0.5 - 1.75 * (o as f64 + 0.5)).abs() / 1.75).max(0.0);
            let value = |i: isize| {
                let i = if i < 0 { -1 - i } else { i.min(13 - i) };
                f64::from(values[picture * 7 * row + i.cast_unsigned() * row + rest])
            };
            let sum: f64 = (-4..11).map(weight).sum();
            ((-4..11).filter(|&i| weight(i) > 0.0).map(|i| weight(i) * value(i)).sum::<f64>() / sum) as f32
        })
        .collect();
    assert_close("mirrored", &image.resample(&rows, &columns).expect("an image"), [2, 4, 12, 3], &expected);
}

fn resize(device: &Device) {
    for shape @ [batch, height, width, channels] in images() {
        let (image, values) = random(device, &Shape::from(shape), 1);
        for to in sizes(height, width) {
            let resized = [batch, to[0], to[1], channels];
            let (gradient, gradients) = random(device, &Shape::from(resized), 2);
            for interpolation in INTERPOLATIONS {
                let what = format!("resize {interpolation:?} of {shape:?} to {to:?}");
                let actual = image.resize(to[0], to[1], interpolation).expect("an image");
                let expected = reference::resize(shape, to, interpolation, &values);
                assert_close(&what, &actual, resized, &expected);
                let actual = gradient.resize_backward(height, width, interpolation).expect("a gradient");
                let expected = reference::resize_backward(shape, to, interpolation, &gradients);
                assert_close(&format!("gradient of {what}"), &actual, shape, &expected);
            }
        }
        for interpolation in INTERPOLATIONS {
            let same = image.resize(height, width, interpolation).expect("an image");
            let what = format!("resize {interpolation:?} of {shape:?} to its own size");
            assert_same(&what, &same, shape, &values);
        }
    }
    tables_are_taken_as_they_are(device);
    // Not clamped: the cubic goes beyond the values.
    let edge = tensor(device, [1, 1, 4, 1], &[0.0, 0.0, 1.0, 1.0]);
    let wide = edge.resize(1, 8, Interpolation::Cubic).and_then(|wide| wide.to_vec()).expect("values");
    assert!(wide.iter().any(|&x| x < 0.0) && wide.iter().any(|&x| x > 1.0), "{wide:?} on {device:?}");
}
