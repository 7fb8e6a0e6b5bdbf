//! Pooling and total variation.

use crate::numbers::{assert_close, assert_same, feature_maps, random, tensor};
use nst_kernels::reference;
use nst_tensor::{Device, Pool2d, Pooling, Shape, Variation};

operations!(pool2d, pool2d_backward, total_variation, total_variation_backward);

const VARIATIONS: [Variation; 2] = [Variation::Absolute, Variation::Squared];

fn pool2d(device: &Device) {
    for [batch, height, width, channels] in feature_maps() {
        let pool = Pool2d { batch, height, width, channels };
        let (input, values) = random(device, &Shape::from([batch, height, width, channels]), 1);
        let output = [batch, height / 2, width / 2, channels];
        let max = input.pool2d(Pooling::Max).expect("a pooling");
        let what = format!("pool2d Max of {}", input.shape());
        assert_same(&what, &max, output, &reference::max_pool(&pool, &values));
        let average = input.pool2d(Pooling::Average).expect("a pooling");
        let what = format!("pool2d Average of {}", input.shape());
        assert_close(&what, &average, output, &reference::average_pool(&pool, &values));
    }
    let special = |kind, window: [f32; 4], expected| {
        let pooled = tensor(device, [1, 2, 2, 1], &window).pool2d(kind).expect("a pooling");
        assert_same(&format!("pool2d {kind:?} of {window:?}"), &pooled, [1, 1, 1, 1], &[expected]);
    };
    for place in 0..4 {
        let with = |value| std::array::from_fn(|at| if at == place { value } else { at as f32 - 5.0 });
        for kind in [Pooling::Max, Pooling::Average] {
            special(kind, with(f32::NAN), f32::NAN);
            special(kind, with(f32::INFINITY), f32::INFINITY);
        }
    }
    special(Pooling::Max, [f32::NEG_INFINITY; 4], f32::NEG_INFINITY);
    special(Pooling::Max, [f32::NAN; 4], f32::NAN);
}

fn pool2d_backward(device: &Device) {
    for [batch, height, width, channels] in feature_maps() {
        let pool = Pool2d { batch, height, width, channels };
        let (input, values) = random(device, &Shape::from([batch, height, width, channels]), 1);
        let (gradient, gradients) = random(device, &Shape::from([batch, height / 2, width / 2, channels]), 2);
        let max = gradient.pool2d_backward(Pooling::Max, &input).expect("a gradient");
        let expected = reference::max_pool_backward(&pool, &values, &gradients);
        assert_same(&format!("pool2d_backward Max of {}", input.shape()), &max, input.shape(), &expected);
        let average = gradient.pool2d_backward(Pooling::Average, &input).expect("a gradient");
        let expected = reference::average_pool_backward(&pool, &gradients);
        let what = format!("pool2d_backward Average of {}", input.shape());
        assert_close(&what, &average, input.shape(), &expected);
    }
    // Of equal values the first in reading order takes the gradient; NaN is the greatest.
    let gradient = tensor(device, [1, 1, 1, 1], &[5.0]);
    for (window, expected) in [
        ([3.0, 3.0, 3.0, 3.0], [5.0, 0.0, 0.0, 0.0]),
        ([0.0, 1.0, 3.0, 3.0], [0.0, 0.0, 5.0, 0.0]),
        ([0.0, 3.0, 1.0, 3.0], [0.0, 5.0, 0.0, 0.0]),
        ([f32::NEG_INFINITY; 4], [5.0, 0.0, 0.0, 0.0]),
        ([f32::NAN, 1.0, 2.0, 3.0], [5.0, 0.0, 0.0, 0.0]),
        ([4.0, 1.0, f32::NAN, 3.0], [0.0, 0.0, 5.0, 0.0]),
    ] {
        let input = tensor(device, [1, 2, 2, 1], &window);
        let actual = gradient.pool2d_backward(Pooling::Max, &input).expect("a gradient");
        assert_same(&format!("pool2d_backward Max of {window:?}"), &actual, [1, 2, 2, 1], &expected);
    }
}

/// The pairs of indices of neighbours, the left or upper one first.
fn neighbours([batch, height, width, channels]: [usize; 4]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (n, y) in (0..batch).flat_map(|n| (0..height).map(move |y| (n, y))) {
        for (x, c) in (0..width).flat_map(|x| (0..channels).map(move |c| (x, c))) {
            let at = |y: usize, x: usize| ((n * height + y) * width + x) * channels + c;
            pairs.extend((x + 1 < width).then(|| (at(y, x), at(y, x + 1))));
            pairs.extend((y + 1 < height).then(|| (at(y, x), at(y + 1, x))));
        }
    }
    pairs
}

fn total_variation(device: &Device) {
    for shape in feature_maps() {
        let (image, values) = random(device, &Shape::from(shape), 1);
        for kind in VARIATIONS {
            let of = |(a, b): (usize, usize)| {
                let difference = f64::from(values[b]) - f64::from(values[a]);
                if kind == Variation::Absolute { difference.abs() } else { difference * difference }
            };
            let expected = neighbours(shape).into_iter().map(of).sum::<f64>() as f32;
            let actual = image.total_variation(kind).expect("a number");
            assert_close(&format!("total_variation {kind:?} of {shape:?}"), &actual, [], &[expected]);
        }
    }
}

fn total_variation_backward(device: &Device) {
    for shape in feature_maps() {
        let (_, mut values) = random(device, &Shape::from(shape), 1);
        // Coarse, so that some neighbours are equal: there the derivative of the absolute value is 0.
        for x in &mut values {
            *x = (*x * 4.0).round();
        }
        let image = tensor(device, shape, &values);
        for kind in VARIATIONS {
            let mut expected = vec![0.0; values.len()];
            for (a, b) in neighbours(shape) {
                let difference = values[b] - values[a];
                let derivative = match kind {
                    Variation::Absolute if difference == 0.0 => 0.0,
                    Variation::Absolute => difference.signum(),
                    Variation::Squared => 2.0 * difference,
                };
                expected[a] -= derivative;
                expected[b] += derivative;
            }
            let actual = image.total_variation_backward(kind).expect("a gradient");
            // Small whole numbers: exact.
            assert_same(
                &format!("total_variation_backward {kind:?} of {shape:?}"),
                &actual,
                shape,
                &expected,
            );
        }
    }
}
