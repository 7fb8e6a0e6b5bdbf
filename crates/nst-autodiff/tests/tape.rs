//! What the tape records, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use nst_autodiff::{Error, Tape, Var};
use nst_tensor::{Activation, Counting, Device, Epilogue, Filter, Tensor};

fn ones(device: &Device) -> Tensor {
    Tensor::full(device, [1, 2, 2, 1], 1.0).unwrap()
}

#[test]
fn constants_are_not_recorded() {
    let device = Device::cpu();
    let constant = Var::constant(ones(&device));
    assert!(!constant.square().unwrap().is_recorded());
    assert!(Tape::new().leaf(ones(&device)).add(&constant).unwrap().is_recorded());
}

#[test]
fn no_filter_gradient_is_computed_for_a_constant_filter() {
    let counting = Counting::cpu();
    let device = Device::new(counting.clone());
    let weights = Tensor::full(&device, [2, 1, 3, 3], 1.0).unwrap();
    let bias = Tensor::full(&device, [2], 0.0).unwrap();
    let seed = || Tensor::full(&device, [], 1.0).unwrap();

    let tape = Tape::new();
    let image = tape.leaf(ones(&device));
    let filter = Filter::new(&weights).unwrap();
    let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu, pooling: None };
    let output = image.conv2d(&filter, 1, epilogue).unwrap().sum().unwrap();
    tape.backward(&[(&output, seed())]).unwrap();
    assert_eq!((counting.calls("conv2d_backward_data"), counting.calls("conv2d_backward_filter")), (1, 0));

    let tape = Tape::new();
    let trained = tape.leaf(weights);
    let output = Var::constant(ones(&device))
        .conv2d_trainable(&trained, &Var::constant(bias), 1)
        .unwrap()
        .sum()
        .unwrap();
    tape.backward(&[(&output, seed())]).unwrap();
    assert_eq!((counting.calls("conv2d_backward_data"), counting.calls("conv2d_backward_filter")), (1, 1));
}

/// The Gram matrix's pullback writes into the sum that others have left, but never into a tensor that somebody holds.
#[test]
fn sums_of_cotangents_are_written_in_place_only_if_nobody_else_holds_them() {
    let device = Device::cpu();
    let tape = Tape::new();
    let x = tape.leaf(Tensor::new(&device, [2, 1], &[1.0, 2.0]).unwrap());
    let gram = x.gram().unwrap(); // 5; its gradient is 2x
    let held = Tensor::new(&device, [2, 1], &[10.0, 20.0]).unwrap();
    let seeds = [(&x, held.clone()), (&gram, Tensor::full(&device, [1, 1], 1.0).unwrap())];
    let gradients = tape.backward(&seeds).unwrap();
    assert_eq!(gradients.get(&x).unwrap().to_vec().unwrap(), [12.0, 24.0]);
    assert_eq!(held.to_vec().unwrap(), [10.0, 20.0]);
}

#[test]
fn a_seed_of_another_shape_is_refused() {
    let device = Device::cpu();
    let tape = Tape::new();
    let x = tape.leaf(ones(&device));
    let error = tape.backward(&[(&x, Tensor::full(&device, [3], 1.0).unwrap())]).err().unwrap();
    assert_eq!(error.to_string(), "backward: expected [1, 2, 2, 1], got [3]");
}

#[test]
fn two_tapes_do_not_mix() {
    let device = Device::cpu();
    let (one, other) = (Tape::new(), Tape::new());
    let (x, y) = (one.leaf(ones(&device)), other.leaf(ones(&device)));
    assert!(matches!(x.add(&y), Err(Error::Tapes { .. })));
    assert!(matches!(one.backward(&[(&y, ones(&device))]), Err(Error::Tapes { .. })));
}

#[test]
fn a_leaf_that_no_seed_depends_on_has_no_gradient() {
    let device = Device::cpu();
    let tape = Tape::new();
    let (x, y) = (tape.leaf(ones(&device)), tape.leaf(ones(&device)));
    let gradients = tape.backward(&[(&x, ones(&device))]).unwrap();
    assert!(gradients.get(&x).is_some());
    assert!(gradients.get(&y).is_none());
}
