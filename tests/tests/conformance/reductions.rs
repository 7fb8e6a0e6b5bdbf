//! Sums, inner products and greatest values.

use crate::devices::present;
use crate::numbers::{assert_close, assert_same, random, shapes, tensor};
use nst_kernels::reference::test_values;
use nst_tensor::{Device, Result, Shape, Tensor, Variation};

operations!(dots, max_abs, sum, channel_sums);

fn dots(device: &Device) {
    assert!(Tensor::dots(&[]).expect("nothing").is_empty());
    let operands: Vec<_> =
        shapes().iter().map(|shape| (random(device, shape, 1), random(device, shape, 2))).collect();
    let pairs: Vec<_> = operands.iter().map(|((a, _), (b, _))| (a, b)).collect();
    let actual = Tensor::dots(&pairs).expect("numbers");
    assert_eq!(actual.len(), pairs.len(), "dots on {device:?}");
    for (((a, a_values), (_, b_values)), actual) in operands.iter().zip(actual) {
        let products = a_values.iter().zip(b_values).map(|(&a, &b)| f64::from(a) * f64::from(b));
        let (expected, magnitude) =
            products.fold((0.0, 0.0), |(sum, magnitude), x| (sum + x, magnitude + x.abs()));
        let error: f64 = actual - expected;
        assert!(error.abs() <= 1e-12 * magnitude, "dots of {a:?}: {actual}, expected {expected}");
    }
}

fn max_abs(device: &Device) {
    assert!(Tensor::max_abs(&[]).expect("nothing").is_empty());
    let (tensors, values): (Vec<_>, Vec<_>) =
        shapes().iter().zip(1..).map(|(shape, seed)| random(device, shape, seed)).unzip();
    let expected: Vec<f64> =
        values.iter().map(|values| values.iter().fold(0.0, |max, x| x.abs().max(max)).into()).collect();
    let actual = Tensor::max_abs(&tensors.iter().collect::<Vec<_>>()).expect("numbers");
    assert_eq!(actual, expected, "max_abs of {tensors:?}");
    for at in [0, 1, 4099, 9998] {
        let with = |value: f32| {
            let mut values = test_values(9999, 1);
            values[at] = value;
            Tensor::max_abs(&[&tensor(device, [9, 101, 11], &values)]).expect("a number")[0]
        };
        let [nan, low] = [f32::NAN, f32::NEG_INFINITY].map(with);
        assert!(nan.is_nan(), "max_abs of [9, 101, 11] on {device:?}, NaN at {at}: {nan}");
        assert_eq!(low, f64::INFINITY, "max_abs of [9, 101, 11] on {device:?}, infinity at {at}");
    }
}

/// Nothing sums to 0, not to -0: the sign would be printed.
#[test]
fn nothing_sums_to_positive_zero() {
    for device in present() {
        let none = tensor(&device, [0, 1], &[]);
        let item = |sum: Result<Tensor>| f64::from(sum.and_then(|sum| sum.item()).expect("a number"));
        let pixel = tensor(&device, [1, 1, 1, 1], &[5.0]);
        for (operation, sum) in [
            ("sum", item(none.sum())),
            ("channel_sums", item(none.channel_sums())),
            ("gram", item(none.gram())),
            ("dots", Tensor::dots(&[(&none, &none)]).expect("a number")[0]),
            ("total_variation", item(pixel.total_variation(Variation::Absolute))),
        ] {
            assert_eq!(sum.to_bits(), 0, "{operation} of nothing on {device:?}: {sum:?}");
        }
    }
}

/// Fails unless the sum over all elements and that over the positions of each channel are right.
fn check_sums(device: &Device, shape: &Shape, values: &[f32]) {
    let tensor = tensor(device, shape, values);
    let total = values.iter().copied().map(f64::from).sum::<f64>() as f32;
    assert_close(&format!("sum of {shape}"), &tensor.sum().expect("a sum"), [], &[total]);
    let channels = shape.channels();
    let mut sums = vec![0.0; channels];
    values.iter().enumerate().for_each(|(at, &x)| sums[at % channels] += f64::from(x));
    let sums: Vec<f32> = sums.into_iter().map(|x| x as f32).collect();
    let actual = tensor.channel_sums().expect("sums");
    assert_close(&format!("channel_sums of {shape}"), &actual, [channels], &sums);
}

fn sum(device: &Device) {
    for shape in shapes() {
        check_sums(device, &shape, &test_values(shape.len(), 1));
    }
    // In single precision the ones would vanish beside the large numbers.
    let values = [vec![1e9], vec![1.0; 4999], vec![-1e9, 0.5]].concat();
    let actual = tensor(device, [values.len()], &values).sum().expect("a sum");
    assert_same("sum of [5001] in double precision", &actual, [], &[4999.5]);
    let nan = tensor(device, [2], &[f32::NAN, 1.0]).sum().expect("a sum");
    assert_same("sum of NaN and 1", &nan, [], &[f32::NAN]);
}

fn channel_sums(device: &Device) {
    let more = [[1, 5000, 1, 3], [2, 7, 13, 130], [2, 4, 4, 0]].map(Shape::from);
    for shape in shapes().into_iter().chain(more) {
        check_sums(device, &shape, &test_values(shape.len(), 1));
    }
    let rows = [vec![1e9, 1.0, f32::NAN], vec![1.0; 3 * 4999], vec![-1e9, 1.0, 1.0]].concat();
    let actual = tensor(device, [5001, 3], &rows).channel_sums();
    let expected = [4999.0, 5001.0, f32::NAN];
    assert_same("channel_sums of [5001, 3] in double precision", &actual.expect("sums"), [3], &expected);
}
