//! Every loss, its value and its gradient.

use crate::store::{Store, distance};
use approx::assert_relative_eq;
use nst_autodiff::Tape;
use nst_loss::{
    ContentLoss, ContentScaling, CosineLoss, Loss, MomentsLoss, StyleKind, StyleLoss, StyleScaling,
    Variation, VariationLoss, WassersteinLoss, style_descriptor,
};
use nst_tensor::{Device, Tensor};

/// Value within 1e-5, gradient within 1e-5 relative L2: f32 sums of a few hundred terms.
const TOLERANCE: f64 = 1e-5;

fn check(store: &Store, device: &Device, name: &str, of: &str, loss: &dyn Loss) {
    let tape = Tape::new();
    let x = tape.leaf(store.tensor(device, of));
    let value = loss.statistic(&x, None).and_then(|statistic| loss.value(&statistic)).expect("a loss");
    let expected = f64::from(store.values(&format!("{name}.value"))[0]);
    assert_relative_eq!(
        f64::from(value.value().item().expect("a number")),
        expected,
        max_relative = TOLERANCE
    );
    let one = Tensor::full(device, [], 1.0).expect("a number");
    let gradients = tape.backward(&[(&value, one)]).expect("gradients");
    let gradient = gradients.get(&x).expect("a gradient").to_vec().expect("values");
    let error = distance(&gradient, &store.values(&format!("{name}.gradient")));
    assert!(error < TOLERANCE, "gradient of {name}: {error:.1e}");
}

#[test]
fn every_loss_and_its_gradient() {
    let (store, device) = (Store::open("losses.safetensors"), Device::cpu());
    for case in ["odd", "column"] {
        let tensor = |name: &str| store.tensor(&device, &format!("{case}.{name}"));
        let features = format!("{case}.features");
        for (name, scaling) in [("mse", ContentScaling::MeanSquare), ("half_sum", ContentScaling::HalfSum)] {
            let loss = ContentLoss::new(scaling, tensor("content_target"));
            check(&store, &device, &format!("{case}.content_{name}"), &features, &loss);
        }
        let cosine = CosineLoss::new(ContentScaling::MeanSquare, &tensor("content_target"));
        check(&store, &device, &format!("{case}.content_cosine"), &features, &cosine.expect("a loss"));
        let style = tensor("style_target");
        let moments = MomentsLoss::descriptor(&style, None).and_then(|target| MomentsLoss::new(&target));
        check(&store, &device, &format!("{case}.moments"), &features, &moments.expect("a loss"));
        let gaussian = WassersteinLoss::descriptor(&style, None)
            .and_then(|target| WassersteinLoss::new(&target, WassersteinLoss::RIDGE));
        check(&store, &device, &format!("{case}.wasserstein"), &features, &gaussian.expect("a loss"));
        for (name, kind, scaling) in [
            ("gram_neural_style", StyleKind::Gram, StyleScaling::MeanSquare),
            ("gram_pytorch_tutorial", StyleKind::Gram, StyleScaling::MeanSquare),
            ("gram_gatys", StyleKind::Gram, StyleScaling::Gatys),
            ("covariance", StyleKind::Covariance, StyleScaling::MeanSquare),
        ] {
            let target = style_descriptor(kind, &tensor("style_target"), None).expect("a descriptor");
            let loss = StyleLoss::new(kind, scaling, target).expect("a loss");
            check(&store, &device, &format!("{case}.{name}"), &features, &loss);
        }
        for (name, kind) in [("absolute", Variation::Absolute), ("squared", Variation::Squared)] {
            let image = format!("{case}.image");
            check(&store, &device, &format!("{case}.tv_{name}"), &image, &VariationLoss { kind });
        }
    }
}

#[test]
fn style_descriptors() {
    let (store, device) = (Store::open("losses.safetensors"), Device::cpu());
    for case in ["odd", "column"] {
        for (name, kind) in [("gram", StyleKind::Gram), ("covariance", StyleKind::Covariance)] {
            let style = store.tensor(&device, &format!("{case}.style_target"));
            let descriptor =
                style_descriptor(kind, &style, None).and_then(|d| Ok(d.to_vec()?)).expect("a descriptor");
            let error = distance(&descriptor, &store.values(&format!("{case}.{name}")));
            assert!(error < TOLERANCE, "{case}.{name}: {error:.1e}");
        }
    }
}
