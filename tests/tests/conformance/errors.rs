//! Operands that do not go together are refused with the right error.

use crate::devices::present;
use nst_tensor::{
    Binning, Border, Device, Epilogue, Error, Filter, Gate, Interpolation, Padding, Pooling, Region, Result,
    Shape, Taps, Tensor, Transpose, Variation, Zip,
};

fn full(device: &Device, shape: impl Into<Shape>) -> Tensor {
    Tensor::full(device, shape, 1.0).expect("a tensor")
}

fn filter(device: &Device) -> Filter {
    Filter::new(&full(device, [4, 3, 3, 2])).expect("a filter")
}

fn refused<T>(result: Result<T>, device: &Device, message: &str) -> Error {
    match result {
        Ok(_) => panic!("on {device:?}: no error, expected: {message}"),
        Err(error) => {
            assert_eq!(error.to_string(), message, "on {device:?}");
            error
        }
    }
}

/// Fails unless the result is an error of shapes with this message.
fn refuses_shape<T>(result: Result<T>, device: &Device, message: &str) {
    let error = refused(result, device, message);
    assert!(matches!(error, Error::Shape { .. }), "on {device:?}: {error:?}");
}

#[test]
fn storage() {
    for device in &present() {
        let refuses = |result: Result<Tensor>, message: &str| refuses_shape(result, device, message);
        refuses(Tensor::new(device, [2, 3], &[0.0; 5]), "new: expected 6 values for shape [2, 3], got 5");
        refuses(Tensor::new(device, [], &[]), "new: expected 1 values for shape [], got 0");
        refuses(full(device, [2, 3]).reshape([2, 2]), "reshape: expected 4 elements, got [2, 3]");
        let item = full(device, [2]).item();
        refuses_shape(item, device, "item: expected one element, got [2]");
        refuses_shape(full(device, [0]).item(), device, "item: expected one element, got [0]");
    }
}

#[test]
fn elementwise() {
    for device in &present() {
        let x = full(device, [2, 3, 5]);
        for (other, got) in [
            (full(device, [3]), "[3]"),
            (full(device, [2]), "[2]"),
            (full(device, [1, 5]), "[1, 5]"),
            (full(device, [30]), "[30]"),
            (full(device, [1, 2, 3, 5]), "[1, 2, 3, 5]"),
        ] {
            let message = format!("zip: expected [2, 3, 5] or what it ends with, got {got}");
            refuses_shape(x.zip(&other, Zip::Add), device, &message);
        }
        let none = Tensor::linear_combination(&[]);
        refuses_shape(none, device, "linear_combination: expected at least one term, got none");
        let y = full(device, [5]);
        let sum = Tensor::linear_combination(&[(1.0, &x), (1.0, &y)]);
        refuses_shape(sum, device, "linear_combination: expected [2, 3, 5], got [5]");
        let dots = Tensor::dots(&[(&x, &x), (&x, &y)]);
        refuses_shape(dots, device, "dots: expected [2, 3, 5], got [5]");
    }
}

#[test]
fn matrices() {
    let (no, yes) = (Transpose::No, Transpose::Yes);
    for device in &present() {
        let refuses = |result: Result<Tensor>, message: &str| refuses_shape(result, device, message);
        let (a, b, vector) = (full(device, [2, 3]), full(device, [4, 5]), full(device, [3]));
        refuses(a.matmul(no, &b, no), "matmul: expected an inner extent of 3, got [4, 5]");
        refuses(a.matmul(yes, &b, yes), "matmul: expected an inner extent of 2, got [4, 5]");
        refuses(a.matmul(no, &vector, no), "matmul: expected a matrix, got [3]");
        refuses(vector.matmul(no, &a, no), "matmul: expected a matrix, got [3]");
        refuses(full(device, []).gram(), "gram: expected [.., channels], got []");
        refuses(b.gram_backward(&a, None), "gram_backward: expected [3, 3], got [4, 5]");
        refuses(full(device, [9]).gram_backward(&a, None), "gram_backward: expected [3, 3], got [9]");
    }
}

#[test]
fn convolutions() {
    for device in &present() {
        let refuses = |result: Result<Tensor>, message: &str| refuses_shape(result, device, message);
        let packed =
            |shape: Shape, message: &str| refuses_shape(Filter::new(&full(device, shape)), device, message);
        let wanted = "[out channels, in channels, height, width]";
        packed(Shape::from([3, 3, 3]), &format!("filter: expected {wanted}, got [3, 3, 3]"));
        packed(Shape::from([4, 0, 3, 3]), "filter: expected no extent of zero, got [4, 0, 3, 3]");

        let filter = filter(device);
        let conv = |shape: Shape, padding, bias: Option<&Tensor>| {
            full(device, shape).conv2d(&filter, padding, Epilogue { bias, ..Epilogue::default() })
        };
        let image = || Shape::from([1, 7, 5, 3]);
        let wanted = "[batch, height, width, channels]";
        refuses(conv(Shape::from([7, 5, 3]), 1, None), &format!("conv2d: expected {wanted}, got [7, 5, 3]"));
        refuses(
            conv(Shape::from([1, 7, 5, 4]), 1, None),
            "conv2d: expected 3 input channels, got [1, 7, 5, 4]",
        );
        refuses(conv(image(), 2, None), "conv2d: expected a padding less than [3, 2], got 2");
        refuses(
            conv(image(), usize::MAX, None),
            &format!("conv2d: expected a padding less than [3, 2], got {}", usize::MAX),
        );
        refuses(
            conv(Shape::from([1, 2, 5, 3]), 0, None),
            "conv2d: expected an image of at least [3, 2] with its padding, got [1, 2, 5, 3]",
        );
        let message = "conv2d: expected a bias of [4], got [3]";
        refuses(conv(image(), 1, Some(&full(device, [3]))), message);

        // No elements, but an output of more than can be counted.
        let nothing = Tensor::new(device, [1 << 60, 0, 4, 3], &[]).expect("an empty tensor");
        let open = Filter::new(&full(device, [4, 3, 3, 3])).expect("a filter");
        refuses(
            nothing.conv2d(&open, 2, Epilogue::default()),
            "conv2d: expected an output of fewer values, got [1152921504606846976, 2, 6, 4]",
        );
        let (tall, wide) = ([1 << 40, 0], [0, 1 << 40]);
        let [tall, wide] =
            [tall, wide].map(|shape| Tensor::new(device, shape, &[]).expect("an empty tensor"));
        assert!(tall.matmul(Transpose::No, &wide, Transpose::No).is_err());
        assert!(Tensor::full(device, [usize::MAX], 0.0).is_err());

        // Of an image of 7 x 5 pixels: 7 x 6.
        let (good, bad) = (full(device, [1, 7, 6, 4]), full(device, [1, 7, 5, 4]));
        let open = |shape: [usize; 4]| Gate::open(device, shape);
        let (gate, small) = (open([1, 7, 6, 4]), open([1, 7, 5, 4]));
        let data = |gradient: &Tensor, gate| gradient.conv2d_backward_data(gate, &filter, 1, &image());
        let message = "expected [1, 7, 6, 4], got [1, 7, 5, 4]";
        refuses(data(&bad, &gate), &format!("conv2d_backward_data: {message}"));
        let message = "conv2d_backward_data: expected a gate of [1, 7, 6, 4], got [1, 7, 5, 4]";
        refuses(data(&good, &small), message);
        let weights = bad.conv2d_backward_filter(&full(device, image()), &filter, 1);
        refuses(weights, "conv2d_backward_filter: expected [1, 7, 6, 4], got [1, 7, 5, 4]");
        let pooled = Epilogue { pooling: Some(Pooling::Max), ..Epilogue::default() };
        let (_, gate) = full(device, image()).conv2d_gated(&filter, 1, pooled).expect("a convolution");
        let message = "conv2d_backward_data: expected [1, 3, 3, 4], got [1, 7, 6, 4]";
        refuses(data(&good, &gate), message);
    }
}

#[test]
fn images() {
    for device in &present() {
        let refuses = |result: Result<Tensor>, operation: &str| {
            let message = format!("{operation}: expected [batch, height, width, channels], got [7, 5, 3]");
            refuses_shape(result, device, &message);
        };
        let (x, image) = (full(device, [7, 5, 3]), full(device, [1, 7, 5, 3]));
        for kind in [Pooling::Max, Pooling::Average] {
            refuses(x.pool2d(kind), "pool2d");
            refuses(image.pool2d_backward(kind, &x), "pool2d_backward");
            let message = "pool2d_backward: expected [1, 3, 2, 3], got [1, 7, 5, 3]";
            refuses_shape(image.pool2d_backward(kind, &image), device, message);
        }
        for kind in [Variation::Absolute, Variation::Squared] {
            refuses(x.total_variation(kind), "total_variation");
            refuses(x.total_variation_backward(kind), "total_variation_backward");
        }
        refuses(x.crop(Region { top: 0, left: 0, height: 1, width: 1 }), "crop");
        refuses(x.pad(Border::default(), Padding::Zero), "pad");
        refuses(x.clone().add_region(&image, 0, 0), "add_region");
        refuses(image.clone().add_region(&x, 0, 0), "add_region");
        refuses(x.resize(7, 5, Interpolation::Linear), "resize");
        refuses(x.resize_backward(7, 5, Interpolation::Linear), "resize_backward");
        let taps = Taps::new(7, 3, Interpolation::Linear);
        refuses(x.resample(&taps, &taps), "resample");
    }
}

#[test]
fn histograms() {
    for device in &present() {
        let refuses = |result: Result<Tensor>, message: &str| refuses_shape(result, device, message);
        let (x, grid) = (full(device, [1, 7, 5, 3]), full(device, [2, 3]));
        let good = Binning { bins: 4, grid, weights: None };
        for bins in [0, 1, usize::MAX] {
            let message = format!("histogram: expected 2 to 65536 bins, got {bins}");
            refuses(x.histogram(&Binning { bins, ..good.clone() }), &message);
        }
        let other = Binning { grid: full(device, [2, 4]), ..good.clone() };
        refuses(x.histogram(&other), "histogram: expected a grid of [2, 3], got [2, 4]");
        let other = Binning { weights: Some(full(device, [7, 4])), ..good.clone() };
        refuses(x.histogram(&other), "histogram: expected 35 weights, got [7, 4]");
        refuses(full(device, []).histogram(&good), "histogram: expected [.., channels], got []");
        refuses(
            full(device, [3, 3]).histogram_backward(&x, &good),
            "histogram_backward: expected [4, 3], got [3, 3]",
        );
        let there = Binning { grid: full(&Device::cpu(), [2, 3]), ..good };
        assert!(matches!(x.histogram(&there), Err(Error::Device { .. })), "on {device:?}");
    }
}

#[test]
fn regions() {
    for device in &present() {
        let refuses = |result: Result<Tensor>, message: &str| refuses_shape(result, device, message);
        let (image, part) = (full(device, [2, 7, 5, 3]), full(device, [2, 3, 2, 3]));
        for (top, left) in [(5, 0), (0, 4), (usize::MAX, 0)] {
            let message = format!("expected a region of 7x5 pixels, got 3x2 at row {top}, column {left}");
            refuses(image.crop(Region { top, left, height: 3, width: 2 }), &format!("crop: {message}"));
            refuses(image.clone().add_region(&part, top, left), &format!("add_region: {message}"));
        }
        for other in [[1, 3, 2, 3], [2, 3, 2, 1]] {
            let message = format!("add_region: expected a part of [2, rows, columns, 3], got {other:?}");
            refuses(image.clone().add_region(&full(device, other), 0, 0), &message);
        }
        let border = Border { top: usize::MAX, ..Border::default() };
        let message = format!("pad: expected a smaller border around [2, 7, 5, 3], got {border:?}");
        refuses(image.pad(border, Padding::Zero), &message);
        let huge = Border { top: usize::MAX - 7, ..border };
        assert!(image.pad(huge, Padding::Zero).is_err(), "on {device:?}: {huge:?}");
        for empty in [[2, 0, 5, 3], [2, 7, 0, 3]] {
            let message = format!("pad: expected images with an edge to repeat, got {empty:?}");
            refuses(full(device, empty).pad(Border::default(), Padding::Edge), &message);
        }
    }
}

#[test]
fn sizes() {
    for device in &present() {
        let refuses = |result: Result<Tensor>, operation: &str, got: [usize; 4]| {
            let message = format!("{operation}: expected images of 1 to 1048576 pixels a side, got {got:?}");
            refuses_shape(result, device, &message);
        };
        let image = full(device, [1, 7, 5, 3]);
        for [height, width] in [[0, 5], [7, 0], [usize::MAX, 5], [7, (1 << 20) + 1]] {
            let size = [1, height, width, 3];
            refuses(image.resize(height, width, Interpolation::Cubic), "resize", size);
            refuses(image.resize_backward(height, width, Interpolation::Cubic), "resize_backward", size);
        }
        let taps = Taps::new(7, 3, Interpolation::Linear);
        refuses_shape(
            image.resample(&taps, &taps),
            device,
            "resample: expected images of 7x7 pixels, as the weights are for, got [1, 7, 5, 3]",
        );
        for empty in [[1, 0, 5, 3], [1, 7, 0, 3]] {
            refuses(full(device, empty).resize(7, 5, Interpolation::Cubic), "resize", empty);
        }
    }
}

#[test]
fn operands_of_two_devices() {
    let other = Device::cpu();
    let (filter_there, bias) = (filter(&other), full(&other, [4]));
    let image_there = full(&other, [1, 7, 5, 3]);
    for device in &present() {
        let [image, output, pooled] =
            [[1, 7, 5, 3], [1, 7, 6, 4], [1, 3, 2, 3]].map(|shape| full(device, shape));
        let (filter, plain) = (filter(device), Epilogue::default());
        let biased = Epilogue { bias: Some(&bias), ..plain };
        let (no, square, square_there) = (Transpose::No, full(device, [3, 3]), full(&other, [3, 3]));
        let (shape, gate) = (image.shape(), Gate::open(device, output.shape()));
        let gate_there = Gate::open(&other, output.shape());
        let tensors = [
            ("zip", image.zip(&image_there, Zip::Add)),
            ("linear_combination", Tensor::linear_combination(&[(1.0, &image), (1.0, &image_there)])),
            ("matmul", square.matmul(no, &square_there, no)),
            ("gram_backward", square.gram_backward(&image_there, None)),
            ("gram_backward", square.gram_backward(&image, Some(image_there.clone()))),
            ("conv2d", image.conv2d(&filter_there, 1, plain)),
            ("conv2d", image.conv2d(&filter, 1, biased)),
            ("conv2d_backward_data", output.conv2d_backward_data(&gate, &filter_there, 1, shape)),
            ("conv2d_backward_data", output.conv2d_backward_data(&gate_there, &filter, 1, shape)),
            ("conv2d_backward_filter", output.conv2d_backward_filter(&image_there, &filter, 1)),
            ("pool2d_backward", pooled.pool2d_backward(Pooling::Max, &image_there)),
            ("add_region", image.clone().add_region(&image_there, 0, 0)),
        ];
        let tensors = tensors.map(|(operation, result)| (operation, result.map(drop)));
        let numbers = [
            ("download", Tensor::download(&[&image, &image_there]).map(drop)),
            ("dots", Tensor::dots(&[(&image, &image_there)]).map(drop)),
            ("dots", Tensor::dots(&[(&image, &image), (&image_there, &image_there)]).map(drop)),
            ("max_abs", Tensor::max_abs(&[&image, &image_there]).map(drop)),
        ];
        for (operation, result) in tensors.into_iter().chain(numbers) {
            let advice = "the operands live on different devices; copy one of them with Tensor::to";
            let error = refused(result, device, &format!("{operation}: {advice}"));
            assert!(matches!(error, Error::Device { .. }), "on {device:?}: {error:?}");
        }
    }
}
