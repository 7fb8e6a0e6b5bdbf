//! The histogram loss: against sorted values, and what it leaves out.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use approx::assert_relative_eq;
use nst_autodiff::{Tape, Var};
use nst_loss::{HistogramLoss, Loss, MomentsLoss};
use nst_tensor::{Device, Tensor};

const CHANNELS: usize = 3;

/// Features of three channels, as after a ReLU: many are 0.
fn features(device: &Device, positions: usize, seed: usize, scale: f32) -> Tensor {
    let value = |at: usize| {
        let (position, channel) = (at / CHANNELS, at % CHANNELS);
        let random = (position as f32 * 0.618_034 + (seed * 13 + channel) as f32 * 0.271).fract();
        (scale * (channel + 1) as f32 * (random.powf(2.0 + channel as f32) - 0.2)).max(0.0)
    };
    let values: Vec<f32> = (0..positions * CHANNELS).map(value).collect();
    Tensor::new(device, [1, positions, 1, CHANNELS], &values).unwrap()
}

fn toward(style: &Tensor) -> HistogramLoss {
    HistogramLoss::new(&HistogramLoss::descriptor(style, None).unwrap()).unwrap()
}

fn number(loss: &dyn Loss, x: &Tensor) -> f64 {
    let x = Var::constant(x.clone());
    f64::from(loss.value(&loss.statistic(&x, None).unwrap()).unwrap().value().item().unwrap())
}

fn gradient(loss: &dyn Loss, x: &Tensor) -> Vec<f32> {
    let tape = Tape::new();
    let x = tape.leaf(x.clone());
    let value = loss.value(&loss.statistic(&x, None).unwrap()).unwrap();
    let one = Tensor::full(x.value().device(), [], 1.0).unwrap();
    tape.backward(&[(&value, one)]).unwrap().get(&x).unwrap().to_vec().unwrap()
}

/// The mean over channels of the mean squared difference of sorted values, of as many positions.
fn by_sorting(a: &Tensor, b: &Tensor) -> f64 {
    let [a, b] = [a, b].map(|x| x.to_vec().unwrap());
    let column = |values: &[f32], channel: usize| {
        let mut column: Vec<f32> = values.iter().skip(channel).step_by(CHANNELS).copied().collect();
        column.sort_by(f32::total_cmp);
        column
    };
    let squares = (0..CHANNELS).flat_map(|channel| {
        let pairs = column(&a, channel).into_iter().zip(column(&b, channel));
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).collect::<Vec<_>>()
    });
    squares.sum::<f64>() / a.len() as f64
}

#[test]
fn the_value_is_that_of_sorted_values() {
    let device = Device::cpu();
    let style = features(&device, 5000, 1, 2.0);
    // The last reaches far beyond the style's values, but not beyond the bins.
    for (seed, scale) in [(2, 1.0), (3, 2.5), (4, 2.8)] {
        let image = features(&device, 5000, seed, scale);
        let expected = by_sorting(&image, &style);
        assert_relative_eq!(number(&toward(&style), &image), expected, max_relative = 2e-3, epsilon = 1e-5);
    }
}

/// Other styles with the same mean and deviation are told apart, the style itself is at hardly any distance.
#[test]
fn a_style_is_at_no_distance_from_itself_alone() {
    let device = Device::cpu();
    let style = features(&device, 5000, 1, 2.0);
    let other = features(&device, 4000, 2, 1.5);
    let loss = toward(&style);
    assert!(number(&loss, &style) < 1e-3 * number(&loss, &other), "{}", number(&loss, &style));
    // Two values against three, mean 2 and variance 1.
    let repeated = |values: &[f32]| {
        let values: Vec<f32> = values.iter().cycle().take(48 * CHANNELS).copied().collect();
        Tensor::new(&device, [1, 48, 1, CHANNELS], &values).unwrap()
    };
    let [low, high] = [2.0 - 1.5f32.sqrt(), 2.0 + 1.5f32.sqrt()];
    let two = repeated(&[1.0, 1.0, 1.0, 3.0, 3.0, 3.0]);
    let three = repeated(&[low, 2.0, high, 2.0, high, low, high, low, 2.0]);
    let moments = MomentsLoss::new(&MomentsLoss::descriptor(&two, None).unwrap()).unwrap();
    assert!(number(&moments, &three) < 1e-6);
    assert_relative_eq!(number(&toward(&two), &three), by_sorting(&three, &two), max_relative = 1e-2);
}

/// Half as far between the styles, by their quantiles.
#[test]
fn blends_lie_between_styles() {
    let device = Device::cpu();
    let [a, b] = [(1, 1.0), (2, 3.0)].map(|(seed, scale)| features(&device, 5000, seed, scale));
    let [of_a, of_b] = [&a, &b].map(|style| HistogramLoss::descriptor(style, None).unwrap());
    let blend = Tensor::linear_combination(&[(0.5, &of_a), (0.5, &of_b)]).unwrap();
    let blend = HistogramLoss::new(&blend).unwrap();
    let whole = number(&toward(&b), &a);
    for style in [&a, &b] {
        assert_relative_eq!(number(&blend, style), 0.25 * whole, max_relative = 2e-2);
    }
}

#[test]
fn the_gradient_leads_to_the_style() {
    let device = Device::cpu();
    let (style, start) = (features(&device, 3000, 1, 2.0), features(&device, 1000, 2, 6.0));
    let loss = toward(&style);
    let mut x = start.clone();
    for _ in 0..20 {
        // Each value half the way, by the paper's rule: the gradient is 2 (F - R(F)) over their number.
        let step = Tensor::new(&device, x.shape(), &gradient(&loss, &x)).unwrap();
        x = Tensor::linear_combination(&[(1.0, &x), (-0.25 * 3000.0, &step)]).unwrap();
    }
    assert!(number(&loss, &x) < 1e-3 * number(&loss, &start), "{}", number(&loss, &x));
}

/// Dead channels, values far beyond the bins, one position: the gradients stay finite and lead inward.
#[test]
fn degenerate_features_have_finite_gradients() {
    let device = Device::cpu();
    let style = features(&device, 100, 1, 2.0);
    let flat = |value: f32| Tensor::full(&device, [1, 7, 1, CHANNELS], value).unwrap();
    for target in [&style, &flat(0.0), &flat(3.0), &flat(-2.0)] {
        let loss = toward(target);
        assert!(number(&loss, &flat(1e4)) > number(&loss, &flat(1e3)));
        assert!(number(&loss, &flat(-1e4)) > number(&loss, &flat(-1e3)));
        assert!(gradient(&loss, &flat(1e4)).iter().all(|g| g.is_finite() && *g > 0.0));
        assert!(gradient(&loss, &flat(-1e4)).iter().all(|g| g.is_finite() && *g < 0.0));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = Device::cpu();
    let style = features(&device, 10, 1, 2.0);
    assert_eq!(
        HistogramLoss::new(&style).unwrap_err().to_string(),
        "histogram loss: expected a descriptor [1026, channels], got [1, 10, 1, 3]"
    );
    let loss = toward(&style);
    let other = Var::constant(Tensor::full(&device, [1, 2, 2, 4], 1.0).unwrap());
    assert!(loss.statistic(&other, None).is_err());
    let moments = MomentsLoss::new(&MomentsLoss::descriptor(&style, None).unwrap()).unwrap();
    assert!(loss.value(&moments.statistic(&Var::constant(style), None).unwrap()).is_err());
    let empty = Tensor::full(&device, [1, 0, 4, 3], 0.0).unwrap();
    assert!(HistogramLoss::descriptor(&empty, None).is_err());
}
