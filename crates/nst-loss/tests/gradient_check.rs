//! Losses' gradients (that of the Wasserstein distance: `distributions.rs`) against central differences, and its value against the formula written out in f64.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use approx::assert_relative_eq;
use nst_autodiff::{Tape, Var};
use nst_loss::{
    ContentLoss, ContentScaling, CosineLoss, Loss, MomentsLoss, NinePointLoss, Statistic, StyleKind,
    StyleLoss, StyleScaling, Variation, VariationLoss, WassersteinLoss, style_descriptor,
};
use nst_tensor::{Device, Tensor};

const CHANNELS: usize = 3;

fn features(device: &Device, height: usize, width: usize, seed: usize) -> Tensor {
    let values: Vec<f32> =
        (0..height * width * CHANNELS).map(|i| ((i * 41 + seed * 29) % 97) as f32 / 48.0 - 0.7).collect();
    Tensor::new(device, [1, height, width, CHANNELS], &values).unwrap()
}

fn value(loss: &dyn Loss, x: &Var) -> Var {
    loss.value(&loss.statistic(x, None).unwrap()).unwrap()
}

fn losses(device: &Device) -> Vec<Box<dyn Loss>> {
    let mut losses: Vec<Box<dyn Loss>> = Vec::new();
    for scaling in [ContentScaling::MeanSquare, ContentScaling::HalfSum] {
        losses.push(Box::new(ContentLoss::new(scaling, features(device, 4, 3, 2))));
        losses.push(Box::new(CosineLoss::new(scaling, &features(device, 4, 3, 2)).unwrap()));
    }
    for kind in [StyleKind::Gram, StyleKind::Covariance] {
        for scaling in [StyleScaling::MeanSquare, StyleScaling::Gatys] {
            let target = style_descriptor(kind, &features(device, 2, 5, 3), None).unwrap();
            losses.push(Box::new(StyleLoss::new(kind, scaling, target).unwrap()));
        }
    }
    let target = MomentsLoss::descriptor(&features(device, 2, 5, 3), None).unwrap();
    losses.push(Box::new(MomentsLoss::new(&target).unwrap()));
    for kind in [Variation::Absolute, Variation::Squared] {
        losses.push(Box::new(VariationLoss { kind }));
    }
    losses.push(Box::new(NinePointLoss));
    losses
}

#[test]
fn gradients_agree_with_finite_differences() {
    const STEP: f32 = 1.0 / 256.0;
    let device = Device::cpu();
    let image = features(&device, 4, 3, 1);
    for (index, loss) in losses(&device).iter().enumerate() {
        let tape = Tape::new();
        let x = tape.leaf(image.clone());
        let gradients =
            tape.backward(&[(&value(loss.as_ref(), &x), Tensor::full(&device, [], 1.0).unwrap())]).unwrap();
        let gradient = gradients.get(&x).unwrap().to_vec().unwrap();
        let scale = gradient.iter().fold(0.0f32, |scale, g| scale.max(g.abs()));
        for at in 0..gradient.len() {
            let moved = |step: f32| {
                let mut values = image.to_vec().unwrap();
                values[at] += step;
                let x = Var::constant(Tensor::new(&device, image.shape(), &values).unwrap());
                value(loss.as_ref(), &x).value().item().unwrap()
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            assert_relative_eq!(gradient[at], expected, epsilon = 3e-3 * scale);
            assert!(scale > 0.0, "loss {index} has no gradient at all");
        }
    }
}

/// `FᵀF / M - centred * μᵀμ`, in f64.
fn descriptor(features: &Tensor, centred: bool) -> Vec<f64> {
    let values: Vec<f64> = features.to_vec().unwrap().into_iter().map(f64::from).collect();
    let positions = features.shape().positions() as f64;
    let mean = |i: usize| values.iter().skip(i).step_by(CHANNELS).sum::<f64>() / positions;
    let product = |i: usize, j: usize| values.chunks(CHANNELS).map(|f| f[i] * f[j]).sum::<f64>() / positions;
    let entry = |i, j| product(i, j) - if centred { mean(i) * mean(j) } else { 0.0 };
    (0..CHANNELS * CHANNELS).map(|at| entry(at / CHANNELS, at % CHANNELS)).collect()
}

#[test]
fn style_losses_are_the_published_formulas() {
    let device = Device::cpu();
    let (image, style) = (features(&device, 4, 3, 1), features(&device, 2, 5, 3));
    for (kind, centred) in [(StyleKind::Gram, false), (StyleKind::Covariance, true)] {
        let (a, b) = (descriptor(&image, centred), descriptor(&style, centred));
        let squares: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
        for (scaling, expected) in
            [(StyleScaling::MeanSquare, squares / 81.0), (StyleScaling::Gatys, squares / 36.0)]
        {
            let loss = StyleLoss::new(kind, scaling, style_descriptor(kind, &style, None).unwrap()).unwrap();
            let actual = value(&loss, &Var::constant(image.clone())).value().item().unwrap();
            assert_relative_eq!(f64::from(actual), expected, max_relative = 1e-5);
        }
    }
}

#[test]
fn content_losses_are_the_published_formulas() {
    let device = Device::cpu();
    let (image, content) = (features(&device, 4, 3, 1), features(&device, 4, 3, 2));
    let (a, b) = (image.to_vec().unwrap(), content.to_vec().unwrap());
    let squares: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    for (scaling, expected) in
        [(ContentScaling::MeanSquare, squares / a.len() as f64), (ContentScaling::HalfSum, squares / 2.0)]
    {
        let loss = ContentLoss::new(scaling, content.clone());
        let actual = value(&loss, &Var::constant(image.clone())).value().item().unwrap();
        assert_relative_eq!(f64::from(actual), expected, max_relative = 1e-5);
    }
}

#[test]
fn a_style_is_at_no_distance_from_itself_and_from_itself_tiled() {
    let device = Device::cpu();
    let style = features(&device, 2, 5, 3);
    let twice = [style.to_vec().unwrap(), style.to_vec().unwrap()].concat();
    let twice = Var::constant(Tensor::new(&device, [1, 4, 5, CHANNELS], &twice).unwrap());
    for kind in [StyleKind::Gram, StyleKind::Covariance] {
        let target = style_descriptor(kind, &style, None).unwrap();
        let loss = StyleLoss::new(kind, StyleScaling::Gatys, target).unwrap();
        assert!(value(&loss, &twice).value().item().unwrap() < 1e-12);
    }
}

#[test]
fn statistics_of_parts_add_up_to_that_of_the_whole() {
    let device = Device::cpu();
    let (whole, style) = (features(&device, 6, 4, 1), features(&device, 2, 5, 3));
    let values = whole.to_vec().unwrap();
    let mut losses: Vec<Box<dyn Loss>> = Vec::new();
    for kind in [StyleKind::Gram, StyleKind::Covariance] {
        let target = style_descriptor(kind, &style, None).unwrap();
        losses.push(Box::new(StyleLoss::new(kind, StyleScaling::MeanSquare, target).unwrap()));
    }
    losses.push(Box::new(MomentsLoss::new(&MomentsLoss::descriptor(&style, None).unwrap()).unwrap()));
    let target = WassersteinLoss::descriptor(&style, None).unwrap();
    losses.push(Box::new(WassersteinLoss::new(&target, WassersteinLoss::RIDGE).unwrap()));
    for loss in losses {
        let part = |rows: std::ops::Range<usize>| -> Statistic {
            let line = 4 * CHANNELS;
            let part = &values[rows.start * line..rows.end * line];
            let part = Tensor::new(&device, [1, rows.len(), 4, CHANNELS], part).unwrap();
            loss.statistic(&Var::constant(part), None).unwrap()
        };
        let sum = part(0..2).add(&part(2..6)).unwrap();
        let expected = value(loss.as_ref(), &Var::constant(whole.clone())).value().item().unwrap();
        let actual = loss.value(&sum).unwrap().value().item().unwrap();
        // The Wasserstein distance is a difference of traces of about 1.
        assert_relative_eq!(actual, expected, epsilon = 2e-6, max_relative = 1e-5);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = Device::cpu();
    let content = ContentLoss::new(ContentScaling::MeanSquare, features(&device, 4, 3, 2));
    let error = content.statistic(&Var::constant(features(&device, 3, 4, 1)), None).err().unwrap();
    assert_eq!(error.to_string(), "content loss: expected [1, 4, 3, 3], got [1, 3, 4, 3]");
    let flat = Tensor::full(&device, [2, 3], 0.0).unwrap();
    let error = StyleLoss::new(StyleKind::Gram, StyleScaling::Gatys, flat).err().unwrap();
    assert_eq!(error.to_string(), "style loss: expected a square matrix as descriptor, got [2, 3]");
    let empty = Tensor::full(&device, [1, 0, 4, 3], 0.0).unwrap();
    assert!(style_descriptor(StyleKind::Gram, &empty, None).is_err());
}
