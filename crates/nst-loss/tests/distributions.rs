//! The losses that compare means and covariances, and that of angles: closed forms in f64, and what they leave out.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use approx::assert_relative_eq;
use nst_autodiff::{Tape, Var};
use nst_loss::{ContentScaling, CosineLoss, Loss, MomentsLoss, WassersteinLoss};
use nst_tensor::{Device, Tensor};
use std::sync::LazyLock;

static DEVICE: LazyLock<Device> = LazyLock::new(Device::cpu);

const RIDGE: f64 = WassersteinLoss::RIDGE;

fn values(positions: usize, channels: usize, seed: usize) -> Vec<f64> {
    (0..positions * channels).map(|i| f64::from(((i * 41 + seed * 29) % 97) as f32 / 48.0 - 0.7)).collect()
}

fn tensor(values: &[f64], channels: usize) -> Tensor {
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    Tensor::new(&DEVICE, [1, values.len() / channels, 1, channels], &values).unwrap()
}

fn value(loss: &dyn Loss, x: &Var) -> Var {
    loss.value(&loss.statistic(x, None).unwrap()).unwrap()
}

fn number(loss: &dyn Loss, x: &Tensor) -> f64 {
    f64::from(value(loss, &Var::constant(x.clone())).value().item().unwrap())
}

fn gradient(loss: &dyn Loss, x: &Tensor) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.leaf(x.clone());
    let seed = Tensor::full(&DEVICE, [], 1.0).unwrap();
    let gradients = tape.backward(&[(&value(loss, &x), seed)]).unwrap();
    gradients.get(&x).unwrap().to_vec().unwrap().into_iter().map(f64::from).collect()
}

fn wasserstein(style: &Tensor, ridge: f64) -> WassersteinLoss {
    WassersteinLoss::new(&WassersteinLoss::descriptor(style, None).unwrap(), ridge).unwrap()
}

fn moments(style: &Tensor) -> MomentsLoss {
    MomentsLoss::new(&MomentsLoss::descriptor(style, None).unwrap()).unwrap()
}

/// The mean of one channel, and its covariance with another.
fn covariance(values: &[f64], channels: usize, a: usize, b: usize) -> (f64, f64) {
    let positions = (values.len() / channels) as f64;
    let mean = |of: usize| values.iter().skip(of).step_by(channels).sum::<f64>() / positions;
    let products: f64 = values.chunks(channels).map(|f| (f[a] - mean(a)) * (f[b] - mean(b))).sum();
    (mean(a), products / positions)
}

#[test]
fn moments_are_the_published_formula() {
    let (image, style) = (values(12, 3, 1), values(10, 3, 3));
    let expected: f64 = (0..3)
        .map(|channel| {
            let ((mean, variance), (mean_s, variance_s)) =
                (covariance(&image, 3, channel, channel), covariance(&style, 3, channel, channel));
            (mean - mean_s).powi(2) + ((variance + 1e-5).sqrt() - (variance_s + 1e-5).sqrt()).powi(2)
        })
        .sum();
    let loss = moments(&tensor(&style, 3));
    assert_relative_eq!(number(&loss, &tensor(&image, 3)), expected / 3.0, max_relative = 1e-5);
}

/// In two dimensions `tr P^½ = √(tr P + 2 √det P)`, here of the product of the covariances.
fn wasserstein_of_two_channels(image: &[f64], style: &[f64], ridge: f64) -> f64 {
    let matrix = |values: &[f64]| {
        let (mean_a, a) = covariance(values, 2, 0, 0);
        let (mean_b, b) = covariance(values, 2, 1, 1);
        ([mean_a, mean_b], a + ridge, b + ridge, covariance(values, 2, 0, 1).1)
    };
    let ((mean, a, b, c), (mean_s, a_s, b_s, c_s)) = (matrix(image), matrix(style));
    let determinant = (a * b - c * c) * (a_s * b_s - c_s * c_s);
    let roots = (a * a_s + 2.0 * c * c_s + b * b_s + 2.0 * determinant.sqrt()).sqrt();
    let means: f64 = mean.iter().zip(mean_s).map(|(a, b)| (a - b).powi(2)).sum();
    (means + a + b + a_s + b_s - 2.0 * roots) / 2.0
}

#[test]
fn the_wasserstein_distance_of_two_channels_and_its_gradient() {
    let image = values(12, 2, 1);
    // Of one position and of two, the covariance is the ridge in some direction.
    for (style, ridge) in [(values(10, 2, 3), RIDGE), (values(1, 2, 3), 0.1), (values(2, 2, 3), 1e-3)] {
        let loss = wasserstein(&tensor(&style, 2), ridge);
        let expected = wasserstein_of_two_channels(&image, &style, ridge);
        // A difference of traces of about 1.
        let actual = number(&loss, &tensor(&image, 2));
        assert_relative_eq!(actual, expected, epsilon = 1e-6, max_relative = 1e-5);
        let gradient = gradient(&loss, &tensor(&image, 2));
        let scale = gradient.iter().fold(0.0f64, |scale, g| scale.max(g.abs()));
        for (at, actual) in gradient.into_iter().enumerate() {
            let moved = |step: f64| {
                let mut image = image.clone();
                image[at] += step;
                wasserstein_of_two_channels(&image, &style, ridge)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert_relative_eq!(actual, slope, epsilon = 1e-4 * scale);
        }
    }
}

#[test]
fn of_one_channel_both_compare_mean_and_deviation() {
    let (image, style) = (values(12, 1, 1), values(10, 1, 3));
    let ((mean, variance), (mean_s, variance_s)) = (covariance(&image, 1, 0, 0), covariance(&style, 1, 0, 0));
    let expected = |ridge: f64| {
        (mean - mean_s).powi(2) + ((variance + ridge).sqrt() - (variance_s + ridge).sqrt()).powi(2)
    };
    let (image, style) = (tensor(&image, 1), tensor(&style, 1));
    assert_relative_eq!(number(&wasserstein(&style, 0.5), &image), expected(0.5), max_relative = 1e-4);
    assert_relative_eq!(number(&moments(&style), &image), expected(1e-5), max_relative = 1e-4);
}

#[test]
fn correlations_count_for_the_wasserstein_distance_alone() {
    // Each channel by itself is the same in both.
    let (together, apart) =
        ([-1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0], [-1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
    let (together, apart) = (tensor(&together, 2), tensor(&apart, 2));
    assert!(number(&moments(&apart), &together) < 1e-10);
    // tr C = tr C_s = 2; of C C_s the roots are √2 and, but for the ridge, 0.
    assert_relative_eq!(
        number(&wasserstein(&apart, 1e-6), &together),
        2.0 - 2f64.sqrt(),
        max_relative = 5e-3
    );
}

#[test]
fn a_style_is_at_no_distance_from_itself() {
    let style = tensor(&values(40, 6, 3), 6);
    let other = tensor(&values(40, 6, 1), 6);
    let losses: [Box<dyn Loss>; 2] = [Box::new(moments(&style)), Box::new(wasserstein(&style, RIDGE))];
    for loss in losses {
        assert!(number(loss.as_ref(), &style).abs() < 1e-4 * number(loss.as_ref(), &other));
    }
}

/// Flat features, dead channels, and fewer positions than channels: the gradients stay finite.
#[test]
fn degenerate_features_have_finite_gradients() {
    let style = tensor(&values(5, 8, 3), 8);
    let targets: [Box<dyn Loss>; 2] = [Box::new(moments(&style)), Box::new(wasserstein(&style, RIDGE))];
    for image in [vec![0.0; 6 * 8], vec![3.0; 6 * 8], vec![1e4; 6 * 8], values(2, 8, 5)] {
        let image = tensor(&image, 8);
        for loss in &targets {
            assert!(number(loss.as_ref(), &image) > 0.0);
            assert!(gradient(loss.as_ref(), &image).iter().all(|value| value.is_finite()));
        }
    }
    let flat = tensor(&[0.0; 6 * 8], 8);
    let losses: [Box<dyn Loss>; 2] = [Box::new(moments(&flat)), Box::new(wasserstein(&flat, RIDGE))];
    for loss in losses {
        assert!(gradient(loss.as_ref(), &style).iter().all(|value| value.is_finite()));
    }
}

/// As in a deep layer of a small picture: rounding errors of second moments are far above the ridge, in most directions.
#[test]
fn many_channels_and_few_positions_are_no_danger() {
    let features = |seed: usize| -> Tensor {
        let value =
            |at: usize| 1e3 * ((at * at * 7 + at * seed * 31 + seed) as f64 * 0.618_033_988_7).fract();
        tensor(&(0..40 * 256).map(value).map(|value| (value - 500.0).max(0.0)).collect::<Vec<_>>(), 256)
    };
    let (style, image) = (features(1), features(2));
    let loss = wasserstein(&style, 0.3);
    let distance = number(&loss, &image);
    assert!(distance > 0.0 && number(&loss, &style).abs() < 1e-2 * distance);
    assert!(gradient(&loss, &image).iter().all(|value| value.is_finite()));
}

#[test]
fn the_cosine_loss_leaves_lengths_out_and_keeps_the_units() {
    let content = values(9, 4, 2);
    let target = tensor(&content, 4);
    let longer: Vec<f64> = content.iter().enumerate().map(|(i, v)| v * (1.0 + (i / 4) as f64)).collect();
    let loss = CosineLoss::new(ContentScaling::MeanSquare, &target).unwrap();
    let other = number(&loss, &tensor(&values(9, 4, 1), 4));
    assert!(number(&loss, &tensor(&longer, 4)) < 1e-4 * other);
    // Two positions of the same length, one of them turned by a right angle: mean square and half sum of differences.
    let (target, turned) = (tensor(&[3.0, 4.0, 5.0, 0.0], 2), tensor(&[4.0, -3.0, 5.0, 0.0], 2));
    for (scaling, expected) in [(ContentScaling::MeanSquare, 50.0 / 4.0), (ContentScaling::HalfSum, 25.0)] {
        let loss = CosineLoss::new(scaling, &target).unwrap();
        assert_relative_eq!(number(&loss, &turned), expected, max_relative = 1e-5);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let features = tensor(&values(4, 3, 1), 3);
    let message = |error: nst_loss::Error| error.to_string();
    assert_eq!(
        message(MomentsLoss::new(&features).unwrap_err()),
        "moments loss: expected a descriptor [2, channels], got [1, 4, 1, 3]"
    );
    assert_eq!(
        message(WassersteinLoss::new(&features, RIDGE).unwrap_err()),
        "Wasserstein loss: expected a descriptor [channels + 1, channels], got [1, 4, 1, 3]"
    );
    let descriptor = WassersteinLoss::descriptor(&features, None).unwrap();
    for ridge in [0.0, -1.0, f64::NAN] {
        assert!(message(WassersteinLoss::new(&descriptor, ridge).unwrap_err()).contains("a ridge above 0"));
    }
    let other = Var::constant(tensor(&values(4, 2, 1), 2));
    assert!(
        moments(&features).statistic(&other, None).is_err()
            && wasserstein(&features, 1.0).statistic(&other, None).is_err()
    );
    let cosine = CosineLoss::new(ContentScaling::HalfSum, &features).unwrap();
    assert!(cosine.statistic(&other, None).is_err());
    let nothing = Tensor::full(&DEVICE, [1, 2, 2, 3], 0.0).unwrap();
    assert!(message(CosineLoss::new(ContentScaling::HalfSum, &nothing).unwrap_err()).contains("not all 0"));
    let empty = Tensor::full(&DEVICE, [1, 0, 4, 3], 0.0).unwrap();
    assert!(
        MomentsLoss::descriptor(&empty, None).is_err() && WassersteinLoss::descriptor(&empty, None).is_err()
    );
}
