//! Convolution and its gradients.

use crate::numbers::{assert_close, random, tensor};
use nst_kernels::reference::{self, test_values};
use nst_tensor::{Activation, Conv2d, Device, Filter, Shape, Tensor};

operations!(pack_filter, conv2d, conv2d_backward_data, conv2d_backward_filter);

/// Single pixels, lines, prime sides, several images, few and many channels, every side of padding, no elements.
fn geometries() -> Vec<Conv2d> {
    let geometry = |[batch, height, width, in_channels]: [usize; 4], out_channels, kernel, padding| Conv2d {
        batch,
        height,
        width,
        in_channels,
        out_channels,
        kernel,
        padding,
    };
    vec![
        geometry([1, 1, 1, 1], 1, [1, 1], 0),
        geometry([1, 1, 1, 3], 17, [3, 3], 1),
        geometry([1, 1, 5000, 3], 17, [3, 3], 1),
        geometry([1, 5000, 1, 1], 3, [3, 3], 1),
        geometry([1, 3, 3, 2], 5, [3, 3], 0),
        geometry([1, 7, 13, 5], 17, [3, 3], 1),
        geometry([2, 7, 5, 17], 64, [3, 3], 1),
        geometry([1, 5, 3, 130], 64, [3, 3], 1),
        geometry([1, 5, 7, 64], 130, [1, 1], 0),
        geometry([2, 71, 9, 3], 3, [3, 3], 1),
        geometry([2, 6, 9, 3], 5, [3, 5], 2),
        geometry([1, 9, 8, 3], 5, [2, 4], 1),
        geometry([0, 4, 4, 3], 5, [3, 3], 1),
        geometry([1, 0, 4, 3], 5, [3, 3], 2),
        geometry([1, 4, 0, 3], 5, [3, 3], 2),
    ]
}

/// The operands of a convolution and its gradients, on a device and as values.
struct Operands {
    input: (Tensor, Vec<f32>),
    oihw: (Tensor, Vec<f32>),
    bias: (Tensor, Vec<f32>),
    gradient: (Tensor, Vec<f32>),
    activated: (Tensor, Vec<f32>),
}

impl Operands {
    fn new(device: &Device, conv: Conv2d) -> Self {
        let Conv2d { batch, height, width, in_channels, out_channels, kernel, .. } = conv;
        let output = Shape::from([batch, conv.out_height(), conv.out_width(), out_channels]);
        Self {
            input: random(device, &Shape::from([batch, height, width, in_channels]), 1),
            oihw: random(device, &Shape::from([out_channels, in_channels, kernel[0], kernel[1]]), 2),
            bias: random(device, &Shape::from([out_channels]), 3),
            gradient: random(device, &output, 4),
            activated: random(device, &output, 5),
        }
    }

    fn filter(&self) -> Filter {
        Filter::new(&self.oihw.0).expect("a filter")
    }

    fn output(&self) -> &Shape {
        self.gradient.0.shape()
    }

    /// Without and with the output of a fused ReLU.
    fn masks(&self) -> [Option<&(Tensor, Vec<f32>)>; 2] {
        [None, Some(&self.activated)]
    }
}

/// The parts of an optional operand.
fn parts(operand: Option<&(Tensor, Vec<f32>)>) -> (Option<&Tensor>, Option<&[f32]>) {
    (operand.map(|(tensor, _)| tensor), operand.map(|(_, values)| values.as_slice()))
}

/// One filter serves images of any size and outlives the tensor that it was made of.
fn pack_filter(device: &Device) {
    let oihw = test_values(17 * 5 * 9, 2);
    let filter = Filter::new(&tensor(device, [17, 5, 3, 3], &oihw)).expect("a filter");
    assert_eq!((filter.out_channels(), filter.in_channels(), filter.kernel()), (17, 5, [3, 3]));
    assert_eq!(filter.device(), device);
    assert_eq!(format!("{filter:?}"), format!("Filter [17, 5, 3, 3] on {device:?}"));
    for (filter, [height, width]) in [(filter.clone(), [7, 13]), (filter, [2, 1])] {
        let conv =
            Conv2d { batch: 1, height, width, in_channels: 5, out_channels: 17, kernel: [3, 3], padding: 1 };
        let (input, values) = random(device, &Shape::from([1, height, width, 5]), 1);
        let actual = input.conv2d(&filter, None, 1, Activation::Identity).expect("a convolution");
        let expected = reference::conv2d(&conv, &values, &oihw, None, Activation::Identity);
        assert_close(
            &format!("conv2d of {input:?} with {filter:?}"),
            &actual,
            [1, height, width, 17],
            &expected,
        );
    }
}

fn conv2d(device: &Device) {
    for conv in geometries() {
        let operands = Operands::new(device, conv);
        let ((input, values), filter) = (&operands.input, operands.filter());
        for activation in [Activation::Identity, Activation::Relu] {
            for bias in [None, Some(&operands.bias)] {
                let (bias, bias_values) = parts(bias);
                let actual = input.conv2d(&filter, bias, conv.padding, activation).expect("a convolution");
                let expected = reference::conv2d(&conv, values, &operands.oihw.1, bias_values, activation);
                let what = format!("conv2d of {conv:?}, bias {}, {activation:?}", bias.is_some());
                assert_close(&what, &actual, operands.output(), &expected);
            }
        }
    }
    nan_passes_through_relu(device);
}

/// Every output that sees a NaN is NaN, with a ReLU too: a diverged run must be seen.
fn nan_passes_through_relu(device: &Device) {
    let (height, width) = (9, 11);
    let (_, mut values) = random(device, &Shape::from([1, height, width, 3]), 1);
    values[(4 * width + 5) * 3 + 1] = f32::NAN;
    let input = tensor(device, [1, height, width, 3], &values);
    let filter = Filter::new(&random(device, &Shape::from([17, 3, 3, 3]), 2).0).expect("a filter");
    for activation in [Activation::Identity, Activation::Relu] {
        let output = input.conv2d(&filter, None, 1, activation).and_then(|x| x.to_vec()).expect("values");
        for (y, x) in (3..=5).flat_map(|y| (4..=6).map(move |x| (y, x))) {
            let pixel = &output[(y * width + x) * 17..][..17];
            let what = format!("conv2d of {input:?}, {activation:?}, beside a NaN");
            assert!(pixel.iter().all(|x| x.is_nan()), "{what}, at ({y}, {x}): {pixel:?}");
        }
    }
}

fn conv2d_backward_data(device: &Device) {
    for conv in geometries() {
        let operands = Operands::new(device, conv);
        let ((gradient, values), filter) = (&operands.gradient, operands.filter());
        let input = operands.input.0.shape();
        for mask in operands.masks() {
            let (mask, mask_values) = parts(mask);
            let actual =
                gradient.conv2d_backward_data(mask, &filter, conv.padding, input).expect("a gradient");
            let expected = reference::conv2d_backward_data(&conv, values, mask_values, &operands.oihw.1);
            let what = format!("conv2d_backward_data of {conv:?}, mask {}", mask.is_some());
            assert_close(&what, &actual, input, &expected);
        }
    }
}

fn conv2d_backward_filter(device: &Device) {
    for conv in geometries() {
        let operands = Operands::new(device, conv);
        let ((gradient, values), filter) = (&operands.gradient, operands.filter());
        let (input, input_values) = &operands.input;
        for mask in operands.masks() {
            let (mask, mask_values) = parts(mask);
            let actual =
                gradient.conv2d_backward_filter(mask, input, &filter, conv.padding).expect("a gradient");
            let expected = reference::conv2d_backward_filter(&conv, input_values, values, mask_values);
            let what = format!("conv2d_backward_filter of {conv:?}, mask {}", mask.is_some());
            assert_close(&what, &actual, operands.oihw.0.shape(), &expected);
        }
    }
}
