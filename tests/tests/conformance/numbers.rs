//! Numbers to compute with, and what they are compared by.

use crate::devices::tolerance;
use nst_kernels::reference::test_values;
use nst_tensor::{Device, Shape, Tensor};

/// Values that arithmetic treats apart.
pub(crate) const SPECIAL: [f32; 8] =
    [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE];

/// A tensor of reproducible values in -1..1, and the values.
pub(crate) fn random(device: &Device, shape: &Shape, seed: u32) -> (Tensor, Vec<f32>) {
    let values = test_values(shape.len(), seed);
    (tensor(device, shape, &values), values)
}

/// A tensor of these values.
pub(crate) fn tensor(device: &Device, shape: impl Into<Shape>, values: &[f32]) -> Tensor {
    Tensor::new(device, shape, values).expect("a tensor")
}

/// Tensors of any rank, without elements too.
pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape::from([]),
        Shape::from([1]),
        Shape::from([0]),
        Shape::from([2, 0, 3]),
        Shape::from([1, 5000]),
        Shape::from([7, 13, 5]),
        Shape::from([2, 5, 3, 17]),
        Shape::from([1, 61, 67, 32]),
    ]
}

/// Images and feature maps, without elements too.
pub(crate) fn feature_maps() -> Vec<[usize; 4]> {
    vec![
        [1, 1, 1, 1],
        [1, 1, 5000, 1],
        [1, 5000, 1, 3],
        [1, 2, 2, 130],
        [1, 7, 13, 5],
        [2, 5, 3, 17],
        [2, 4, 6, 64],
        [3, 61, 67, 3],
        [0, 4, 4, 3],
        [1, 0, 5, 3],
        [1, 5, 0, 3],
        [2, 4, 4, 0],
    ]
}

/// Fails, naming `what` and the device, unless `actual` has this shape and, up to [`tolerance`], these values.
pub(crate) fn assert_close(what: &str, actual: &Tensor, shape: impl Into<Shape>, expected: &[f32]) {
    let finite = expected.iter().map(|x| x.abs()).filter(|x| x.is_finite());
    let error = tolerance(actual.device()) * finite.fold(0.0, f32::max);
    compare(what, actual, &shape.into(), expected, |a, b| (a - b).abs() <= error);
}

/// Fails, naming `what` and the device, unless `actual` has this shape and exactly these values.
pub(crate) fn assert_same(what: &str, actual: &Tensor, shape: impl Into<Shape>, expected: &[f32]) {
    compare(what, actual, &shape.into(), expected, |_, _| false);
}

fn compare(what: &str, actual: &Tensor, shape: &Shape, expected: &[f32], near: impl Fn(f32, f32) -> bool) {
    let device = actual.device();
    assert_eq!(actual.shape(), shape, "{what} on {device:?}: shape");
    let values = actual.to_vec().expect("values");
    assert_eq!(values.len(), expected.len(), "{what} on {device:?}: number of values of {shape}");
    for (at, (&a, &e)) in values.iter().zip(expected).enumerate() {
        let same = a == e || (a.is_nan() && e.is_nan());
        assert!(same || near(a, e), "{what} on {device:?}: value {at} of {shape} is {a}, expected {e}");
    }
}
