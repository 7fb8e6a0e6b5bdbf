//! Histograms of feature maps.

use crate::numbers::{assert_close, assert_same, feature_maps, random, tensor};
use nst_kernels::{Bins, reference};
use nst_tensor::{Binning, Device, Shape};

operations!(histogram, histogram_backward);

/// Bins around the values -1..1, fewer than a block of a GPU takes, or more, or as wide that values lie beyond them.
fn grids(channels: usize) -> impl Iterator<Item = (usize, Vec<f32>, Vec<f32>)> {
    [(2, -0.5, 1.0), (7, -1.5, 2.0), (128, -1.25, 50.0), (300, -1.5, 100.0)].into_iter().map(
        move |(count, low, density)| {
            let shift = |channel: usize| (channel % 5) as f32 / 16.0;
            let first = (0..channels).map(|channel| low - shift(channel)).collect();
            (count, first, (0..channels).map(|channel| density * (1.0 + shift(channel))).collect())
        },
    )
}

/// Calls `test(binning, its bins, its weights, shape)` for every feature map and grid, with and without weights.
fn each(device: &Device, test: impl Fn(&Binning, Bins<'_>, Option<&[f32]>, &Shape)) {
    for shape in feature_maps().into_iter().map(Shape::from) {
        let (channels, positions) = (shape.channels(), shape.positions());
        for (count, first, per_unit) in grids(channels) {
            let grid = tensor(device, [2, channels], &[&first[..], &per_unit].concat());
            let weights: Vec<f32> = (0..positions).map(|at| (at % 7) as f32 / 4.0).collect();
            for weights in [None, Some(weights)] {
                let column = weights.as_ref().map(|weights| tensor(device, [positions, 1], weights));
                let binning = Binning { bins: count, grid: grid.clone(), weights: column };
                let bins = Bins { count, first: &first, per_unit: &per_unit };
                test(&binning, bins, weights.as_deref(), &shape);
            }
        }
    }
}

fn histogram(device: &Device) {
    each(device, |binning, bins, weights, shape| {
        let (x, values) = random(device, shape, 1);
        let what = format!("histogram of {shape} in {} bins", bins.count);
        let expected = reference::histogram(bins, &values, weights);
        let actual = x.histogram(binning).expect("a histogram");
        assert_close(&what, &actual, [bins.count, shape.channels()], &expected);
    });
    // In single precision the ones would vanish beside the large weight.
    let grid = tensor(device, [2, 1], &[0.0, 1.0]);
    let weights = tensor(device, [5001], &[vec![1e9], vec![1.0; 4999], vec![0.0]].concat());
    let binning = Binning { bins: 2, grid: grid.clone(), weights: Some(weights) };
    let counted = tensor(device, [5001, 1], &vec![1.0; 5001]).histogram(&binning).expect("a histogram");
    assert_same("histogram of [5001, 1] in double precision", &counted, [2, 1], &[0.0, 1_000_004_992.0]);
    let plain = Binning { weights: None, ..binning };
    let nan = tensor(device, [2, 1], &[f32::NAN, 1.0]).histogram(&plain).expect("a histogram");
    assert_same("histogram of NaN and 1", &nan, [2, 1], &[f32::NAN; 2]);
    let none = tensor(device, [0, 1], &[]).histogram(&plain).expect("a histogram");
    assert_eq!(none.to_vec().expect("values").iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [0; 2]);
}

fn histogram_backward(device: &Device) {
    each(device, |binning, bins, weights, shape| {
        let (x, values) = random(device, shape, 1);
        let (gradient, gradients) = random(device, &Shape::from([bins.count, shape.channels()]), 2);
        let what = format!("histogram_backward of {shape} in {} bins", bins.count);
        let expected = reference::histogram_backward(bins, &values, weights, &gradients);
        let actual = gradient.histogram_backward(&x, binning).expect("a gradient");
        assert_close(&what, &actual, shape.clone(), &expected);
    });
}
