//! The greatest absolute value.

use nst_tensor::{Device, Tensor};

#[test]
fn takes_the_sign_away_and_keeps_nan() {
    let device = Device::cpu();
    let tensor = |values: &[f32]| Tensor::new(&device, [values.len()], values).unwrap();
    let (low, high, none) = (tensor(&[1.0, -7.5, 3.0]), tensor(&[f32::NEG_INFINITY, 2.0]), tensor(&[]));
    assert_eq!(Tensor::max_abs(&[&low, &high, &none]).unwrap(), [7.5, f64::INFINITY, 0.0]);
    for place in [0, 1, 4999, 9999] {
        let mut values = vec![1.0; 10_000];
        values[place] = f32::NAN;
        let greatest = Tensor::max_abs(&[&tensor(&values), &low]).unwrap();
        assert!(greatest[0].is_nan(), "NaN at {place}: {greatest:?}");
        assert_eq!(greatest[1], 7.5);
    }
    assert!(Tensor::max_abs(&[]).unwrap().is_empty());
}

#[test]
fn refuses_two_devices() {
    let [one, other] = [Device::cpu(), Device::cpu()].map(|device| Tensor::full(&device, [2], 1.0).unwrap());
    let message = Tensor::max_abs(&[&one, &other]).unwrap_err().to_string();
    assert!(message.starts_with("max_abs: the operands live on different devices"), "{message}");
}
