//! Losses under a guide: those of a region, with edges that are soft or hard.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use approx::assert_relative_eq;
use nst_autodiff::{Tape, Var};
use nst_loss::{
    ContentLoss, ContentScaling, CosineLoss, Guide, HistogramLoss, Loss, MomentsLoss, StyleKind, StyleLoss,
    StyleScaling, Variation, VariationLoss, WassersteinLoss, style_descriptor,
};
use nst_tensor::{Device, Tensor};

const CHANNELS: usize = 3;
const HEIGHT: usize = 4;
const WIDTH: usize = 5;

fn features(device: &Device, height: usize, seed: usize) -> Tensor {
    let values: Vec<f32> =
        (0..height * WIDTH * CHANNELS).map(|i| ((i * 41 + seed * 29) % 97) as f32 / 48.0 - 0.7).collect();
    Tensor::new(device, [1, height, WIDTH, CHANNELS], &values).unwrap()
}

/// Losses of the style, which know no positions.
fn style_losses(device: &Device) -> Vec<Box<dyn Loss>> {
    let style = features(device, 3, 3);
    let mut losses: Vec<Box<dyn Loss>> = Vec::new();
    for kind in [StyleKind::Gram, StyleKind::Covariance] {
        let target = style_descriptor(kind, &style, None).unwrap();
        losses.push(Box::new(StyleLoss::new(kind, StyleScaling::MeanSquare, target).unwrap()));
    }
    losses.push(Box::new(MomentsLoss::new(&MomentsLoss::descriptor(&style, None).unwrap()).unwrap()));
    let target = WassersteinLoss::descriptor(&style, None).unwrap();
    losses.push(Box::new(WassersteinLoss::new(&target, 0.01).unwrap()));
    let target = HistogramLoss::descriptor(&style, None).unwrap();
    losses.push(Box::new(HistogramLoss::new(&target).unwrap()));
    losses
}

fn content_losses(device: &Device) -> Vec<Box<dyn Loss>> {
    let target = features(device, HEIGHT, 2);
    let mut losses: Vec<Box<dyn Loss>> = Vec::new();
    for scaling in [ContentScaling::MeanSquare, ContentScaling::HalfSum] {
        losses.push(Box::new(ContentLoss::new(scaling, target.clone())));
        losses.push(Box::new(CosineLoss::new(scaling, &target).unwrap()));
    }
    losses
}

fn guide(device: &Device, weight: impl Fn(usize) -> f32) -> Guide {
    Guide::new(device, &(0..HEIGHT * WIDTH).map(weight).collect::<Vec<_>>()).unwrap()
}

fn value(loss: &dyn Loss, x: &Tensor, guide: Option<&Guide>) -> f64 {
    let statistic = loss.statistic(&Var::constant(x.clone()), guide).unwrap();
    f64::from(loss.value(&statistic).unwrap().value().item().unwrap())
}

/// Soft at the edge.
fn soft(at: usize) -> f32 {
    [1.0, 0.8, 0.3, 0.1, 0.0][at % WIDTH]
}

#[test]
fn equal_weights_are_none() {
    let device = Device::cpu();
    let (x, even) = (features(&device, HEIGHT, 1), guide(&device, |_| 0.25));
    assert_eq!(even.total(), 5.0);
    for loss in style_losses(&device).iter().chain(&content_losses(&device)[..2]) {
        let expected = value(loss.as_ref(), &x, None);
        assert_relative_eq!(value(loss.as_ref(), &x, Some(&even)), expected, max_relative = 1e-5);
    }
}

#[test]
fn weights_of_0_and_1_cut_a_region_out() {
    let device = Device::cpu();
    let x = features(&device, HEIGHT, 1);
    let upper = guide(&device, |at| f32::from(u8::from(at < 2 * WIDTH)));
    let values = x.to_vec().unwrap();
    let alone = Tensor::new(&device, [1, 2, WIDTH, CHANNELS], &values[..2 * WIDTH * CHANNELS]).unwrap();
    for loss in style_losses(&device) {
        let expected = value(loss.as_ref(), &alone, None);
        assert_relative_eq!(value(loss.as_ref(), &x, Some(&upper)), expected, max_relative = 1e-5);
    }
    // A style's own descriptor is cut out in the same way.
    for kind in [StyleKind::Gram, StyleKind::Covariance] {
        let of_region = style_descriptor(kind, &x, Some(&upper)).unwrap();
        let expected = style_descriptor(kind, &alone, None).unwrap();
        assert_relative_eq!(
            of_region.to_vec().unwrap()[..],
            expected.to_vec().unwrap()[..],
            epsilon = 1e-6,
            max_relative = 1e-5
        );
    }
}

#[test]
fn guides_that_add_up_to_1_have_statistics_that_add_up_to_the_whole() {
    let device = Device::cpu();
    let x = Var::constant(features(&device, HEIGHT, 1));
    let (one, other) = (guide(&device, soft), guide(&device, |at| 1.0 - soft(at)));
    for loss in style_losses(&device).iter().chain(&content_losses(&device)) {
        let part = |guide| loss.statistic(&x, Some(guide)).unwrap();
        let sum = loss.value(&part(&one).add(&part(&other)).unwrap()).unwrap();
        let whole = value(loss.as_ref(), x.value(), None);
        assert_relative_eq!(
            f64::from(sum.value().item().unwrap()),
            whole,
            epsilon = 2e-6,
            max_relative = 1e-5
        );
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let device = Device::cpu();
    let (image, guide) = (features(&device, HEIGHT, 1), guide(&device, soft));
    for (index, loss) in style_losses(&device).iter().chain(&content_losses(&device)).enumerate() {
        let tape = Tape::new();
        let x = tape.leaf(image.clone());
        let of_x = loss.value(&loss.statistic(&x, Some(&guide)).unwrap()).unwrap();
        let gradients = tape.backward(&[(&of_x, Tensor::full(&device, [], 1.0).unwrap())]).unwrap();
        let gradient = gradients.get(&x).unwrap().to_vec().unwrap();
        let scale = gradient.iter().fold(0.0f32, |scale, g| scale.max(g.abs()));
        let values = image.to_vec().unwrap();
        let (step, tolerance) = match index {
            // The Wasserstein distance is a difference of traces of about 1, which cancel.
            3 => (1.0 / 256.0, 5e-2),
            // Of so few values, each draws the others' ranks along: the slope changes from bin to bin.
            4 => (1.0 / 8192.0, 1e-2),
            _ => (1.0 / 256.0, 4e-3),
        };
        for (at, &actual) in gradient.iter().enumerate() {
            let moved = |step: f32| {
                let mut values = values.clone();
                values[at] += step;
                let moved = Tensor::new(&device, image.shape(), &values).unwrap();
                value(loss.as_ref(), &moved, Some(&guide))
            };
            let expected = ((moved(step) - moved(-step)) / f64::from(2.0 * step)) as f32;
            assert!(
                (actual - expected).abs() < tolerance * scale,
                "loss {index} at {at}: {actual}, {expected}"
            );
            let position = at / CHANNELS;
            assert!(position % WIDTH != WIDTH - 1 || actual == 0.0, "a position of weight 0 counts");
        }
    }
}

#[test]
fn what_is_no_guide_is_refused() {
    let device = Device::cpu();
    for weights in [&[0.0, 0.0][..], &[1.0, -0.5], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0], &[]] {
        assert!(Guide::new(&device, weights).is_err(), "{weights:?}");
    }
    let short = Guide::new(&device, &[1.0, 0.5]).unwrap();
    let x = Var::constant(features(&device, HEIGHT, 1));
    for loss in style_losses(&device).iter().chain(&content_losses(&device)) {
        let error = loss.statistic(&x, Some(&short)).err().unwrap().to_string();
        assert_eq!(error, "guide: expected features of 2 positions, got [1, 4, 5, 3]");
    }
    let variation = VariationLoss { kind: Variation::Absolute };
    assert!(variation.statistic(&x, Some(&short)).is_err());
}
