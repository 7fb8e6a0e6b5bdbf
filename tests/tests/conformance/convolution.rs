//! Convolution and its gradients.

use crate::devices::tolerance;
use crate::numbers::{assert_close, random, tensor};
use nst_kernels::reference::{self, test_values};
use nst_tensor::{Activation, Conv2d, Device, Epilogue, Filter, Gate, Pooling, Shape, Tensor};

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
        geometry([1, 9, 6, 67], 35, [3, 3], 1),
        geometry([2, 3, 5, 32], 61, [3, 3], 0),
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
}

impl Operands {
    fn new(device: &Device, conv: Conv2d) -> Self {
        let Conv2d { batch, height, width, in_channels, out_channels, kernel, .. } = conv;
        Self {
            input: random(device, &Shape::from([batch, height, width, in_channels]), 1),
            oihw: random(device, &Shape::from([out_channels, in_channels, kernel[0], kernel[1]]), 2),
            bias: random(device, &Shape::from([out_channels]), 3),
            gradient: random(device, &output(&conv), 4),
        }
    }

    fn filter(&self) -> Filter {
        Filter::new(&self.oihw.0).expect("a filter")
    }
}

fn output(conv: &Conv2d) -> Shape {
    Shape::from([conv.batch, conv.out_height(), conv.out_width(), conv.out_channels])
}

fn stored(conv: &Conv2d, pooling: Option<Pooling>) -> Shape {
    let side = |side: usize| if pooling.is_some() { side / 2 } else { side };
    Shape::from([conv.batch, side(conv.out_height()), side(conv.out_width()), conv.out_channels])
}

/// Every combination of activation and pooling.
fn epilogues() -> impl Iterator<Item = (Activation, Option<Pooling>)> {
    [Activation::Identity, Activation::Relu].into_iter().flat_map(|activation| {
        [None, Some(Pooling::Max), Some(Pooling::Average)].map(|pooling| (activation, pooling))
    })
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
        let actual = input.conv2d(&filter, 1, Epilogue::default()).expect("a convolution");
        let expected = reference::conv2d(&conv, &values, &oihw, nst_kernels::Epilogue::default());
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
        for (activation, pooling) in epilogues() {
            for bias in [None, Some(&operands.bias)] {
                let epilogue = Epilogue { bias: bias.map(|(tensor, _)| tensor), activation, pooling };
                let actual = input.conv2d(&filter, conv.padding, epilogue).expect("a convolution");
                let bias = bias.map(|(_, values)| values.as_slice());
                let epilogue = nst_kernels::Epilogue { bias, activation, pooling };
                let expected = reference::conv2d(&conv, values, &operands.oihw.1, epilogue);
                let what =
                    format!("conv2d of {conv:?}, bias {}, {activation:?}, {pooling:?}", bias.is_some());
                assert_close(&what, &actual, stored(&conv, pooling), &expected);
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
        let epilogue = Epilogue { activation, ..Epilogue::default() };
        let output = input.conv2d(&filter, 1, epilogue).and_then(|x| x.to_vec()).expect("values");
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
        let ((input, values), filter) = (&operands.input, operands.filter());
        for (activation, pooling) in epilogues() {
            let epilogue = Epilogue { bias: None, activation, pooling };
            let (output, gate) = input.conv2d_gated(&filter, conv.padding, epilogue).expect("a gate");
            assert_eq!((output.shape(), gate.stored()), (&stored(&conv, pooling), output.shape()));
            let what = format!("conv2d_backward_data of {conv:?}, {activation:?}, {pooling:?}");
            let output = output.to_vec().expect("values");
            let products =
                reference::conv2d(&conv, values, &operands.oihw.1, nst_kernels::Epilogue::default());
            passes_what_was_stored(device, &what, &conv, (activation, pooling), &products, &output, &gate);

            let gradient = random(device, gate.stored(), 4).0;
            let passed = through(&conv, &gate, &gradient);
            let open = nst_kernels::Gate::default();
            let expected = reference::conv2d_backward_data(&conv, &passed, open, &operands.oihw.1);
            let actual = gradient.conv2d_backward_data(&gate, &filter, conv.padding, input.shape());
            assert_close(&what, &actual.expect("a gradient"), input.shape(), &expected);
        }
    }
}

/// What a gate lets through: the gradient of a convolution that copies its input.
fn through(conv: &Conv2d, gate: &Gate, gradient: &Tensor) -> Vec<f32> {
    let channels = conv.out_channels;
    let identity: Vec<f32> =
        (0..channels * channels).map(|at| if at % channels == at / channels { 1.0 } else { 0.0 }).collect();
    let identity = tensor(gradient.device(), [channels, channels, 1, 1], &identity);
    let identity = Filter::new(&identity).expect("a filter");
    let passed = gradient.conv2d_backward_data(gate, &identity, 0, &output(conv));
    passed.and_then(|passed| passed.to_vec()).expect("a gradient")
}

/// Of a gradient of ones, the gate lets through what the epilogue took. Values too near to a decision are left out.
fn passes_what_was_stored(
    device: &Device,
    what: &str,
    conv: &Conv2d,
    (activation, pooling): (Activation, Option<Pooling>),
    products: &[f32],
    output: &[f32],
    gate: &Gate,
) {
    let ones = Tensor::full(device, gate.stored(), 1.0).expect("ones");
    let passed = through(conv, gate, &ones);
    let near = tolerance(device) * products.iter().fold(1.0f32, |greatest, x| greatest.max(x.abs()));
    let (height, width) = (conv.out_height(), conv.out_width());
    let [in_height, in_width] =
        [height, width].map(|side| if pooling.is_some() { side / 2 * 2 } else { side });
    let share = if pooling == Some(Pooling::Average) { 0.25 } else { 1.0 };
    if output.is_empty() {
        assert!(
            passed.iter().all(|&passed| passed == 0.0),
            "{what}: something passes where nothing was stored"
        );
        return;
    }
    let window = |at: usize| {
        let (position, channel) = (at / conv.out_channels, at % conv.out_channels);
        let (image, y, x) = (position / width / height, position / width % height, position % width);
        ((image * (height / 2) + y / 2) * (width / 2) + x / 2) * conv.out_channels + channel
    };
    let mut windows = vec![0.0; output.len()];
    for (at, (&product, &passed)) in products.iter().zip(&passed).enumerate() {
        let position = at / conv.out_channels;
        let (y, x) = (position / width % height, position % width);
        let kept = y < in_height && x < in_width && (activation == Activation::Identity || product > 0.0);
        let doubtful = activation == Activation::Relu && product.abs() <= near;
        let right = match pooling {
            // Of equal ones the first; which those are depends on rounding.
            Some(Pooling::Max) if passed != 0.0 => kept && product >= output[window(at)] - near,
            Some(Pooling::Max) => true,
            _ => passed == if kept { share } else { 0.0 },
        };
        assert!(right || doubtful, "{what}: {product} at ({y}, {x}) passes {passed}");
        if pooling == Some(Pooling::Max) && y < in_height && x < in_width {
            windows[window(at)] += passed;
        }
    }
    if pooling == Some(Pooling::Max) {
        for (value, passed) in output.iter().zip(windows) {
            let one = passed == 1.0 || activation == Activation::Relu && *value <= near && passed == 0.0;
            assert!(one, "{what}: of the window of {value}, {passed} corners pass");
        }
    }
}

fn conv2d_backward_filter(device: &Device) {
    for conv in geometries() {
        let operands = Operands::new(device, conv);
        let ((gradient, values), filter) = (&operands.gradient, operands.filter());
        let (input, input_values) = &operands.input;
        let actual = gradient.conv2d_backward_filter(input, &filter, conv.padding).expect("a gradient");
        let expected = reference::conv2d_backward_filter(&conv, input_values, values);
        let what = format!("conv2d_backward_filter of {conv:?}");
        assert_close(&what, &actual, operands.oihw.0.shape(), &expected);
    }
}
