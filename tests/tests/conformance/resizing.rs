//! Images of another size.

use crate::numbers::{assert_close, assert_same, feature_maps, random, tensor};
use nst_kernels::reference;
use nst_tensor::{Device, Interpolation, Shape};

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
    // Not clamped: the cubic goes beyond the values.
    let edge = tensor(device, [1, 1, 4, 1], &[0.0, 0.0, 1.0, 1.0]);
    let wide = edge.resize(1, 8, Interpolation::Cubic).and_then(|wide| wide.to_vec()).expect("values");
    assert!(wide.iter().any(|&x| x < 0.0) && wide.iter().any(|&x| x > 1.0), "{wide:?} on {device:?}");
}
