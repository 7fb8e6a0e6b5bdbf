//! The histogram loss against the paper's, which sorts.

use crate::store::Store;
use approx::assert_relative_eq;
use nst_autodiff::Tape;
use nst_loss::{HistogramLoss, Loss};
use nst_tensor::{Device, Tensor};

/// The value's error is of second order in the bins' distance (here 0.02 to 0.06 of the deviation); that of the gradient is of
/// first order in it, and in the distance of neighbours in a sample of 1024: the same bins in `numpy` come to 8e-5 and,
/// in the worst channel, 3.8e-2.
const VALUE: f64 = 2e-4;
const GRADIENT: f64 = 0.04;

/// Of equal values (those that a ReLU made 0) the paper sends each to another of the style's, by their order alone, and here all
/// have the same gradient. A ReLU lets none of it pass.
#[test]
fn the_loss_and_its_gradient_are_the_paper_s() {
    let (store, device) = (Store::open("histogram.safetensors"), Device::cpu());
    let target = HistogramLoss::descriptor(&store.tensor(&device, "style"), None).expect("a descriptor");
    let loss = HistogramLoss::new(&target).expect("a loss");
    let tape = Tape::new();
    let x = tape.leaf(store.tensor(&device, "features"));
    let value = loss.statistic(&x, None).and_then(|statistic| loss.value(&statistic)).expect("a loss");
    let actual = f64::from(value.value().item().expect("a number"));
    assert_relative_eq!(actual, f64::from(store.values("value")[0]), max_relative = VALUE);
    let one = Tensor::full(&device, [], 1.0).expect("a number");
    let gradients = tape.backward(&[(&value, one)]).expect("gradients");
    let gradient = gradients.get(&x).expect("a gradient").to_vec().expect("values");
    let (features, expected) = (store.values("features"), store.values("gradient"));
    for channel in 0..4 {
        let of_channel = (channel..features.len()).step_by(4).filter(|&at| features[at] != 0.0);
        let (error, norm) = of_channel.fold((0.0, 0.0), |(error, norm), at| {
            (error + f64::from(gradient[at] - expected[at]).powi(2), norm + f64::from(expected[at]).powi(2))
        });
        let error = (error / norm).sqrt();
        assert!(error < GRADIENT, "channel {channel}: {error:.1e}");
    }
}
