//! Every operation's gradient against central differences.
//!
//! Values are f32, so the differences are taken of sums in f64 (`Tensor::dots` with random weights), with steps that f32
//! holds exactly.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use nst_autodiff::{Result, Tape, Var};
use nst_tensor::{
    Activation, Binning, Border, Device, Epilogue, Filter, Interpolation, Map, Padding, Pooling, Region,
    Tensor, Variation,
};
use std::slice::from_ref;

/// Multiples of 1/64 in -1..1, all different within 97 neighbours, none within a step of zero: no kink of ReLU, |x| or max
/// pooling is crossed by a step.
fn values(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 41 + seed * 29) % 97) as f32 / 48.0 - 1.0 + 1.0 / 193.0).collect()
}

fn tensor<const N: usize>(device: &Device, shape: [usize; N], seed: usize) -> Tensor {
    Tensor::new(device, shape, &values(shape.iter().product(), seed)).unwrap()
}

/// Checks the gradients of `<weights, f(inputs)>` with respect to every element of every input.
fn check(name: &str, inputs: &[Tensor], f: impl Fn(&[Var]) -> Result<Var>) {
    const STEP: f32 = 1.0 / 512.0;
    let device = inputs[0].device();
    let tape = Tape::new();
    let leaves: Vec<Var> = inputs.iter().map(|input| tape.leaf(input.clone())).collect();
    let output = f(&leaves).unwrap();
    let shape = output.value().shape().clone();
    let weights = Tensor::new(device, &shape, &values(shape.len(), 7)).unwrap();
    let gradients = tape.backward(&[(&output, weights.clone())]).unwrap();
    for (index, input) in inputs.iter().enumerate() {
        let gradient = gradients.get(&leaves[index]).expect("a gradient").to_vec().unwrap();
        let scale = gradient.iter().fold(0.1f32, |scale, g| scale.max(g.abs()));
        for at in 0..input.shape().len() {
            let moved = |step: f32| {
                let mut values = input.to_vec().unwrap();
                values[at] += step;
                let mut vars: Vec<Var> = inputs.iter().cloned().map(Var::constant).collect();
                vars[index] = Var::constant(Tensor::new(device, input.shape(), &values).unwrap());
                let output = f(&vars).unwrap();
                assert!(!output.is_recorded());
                Tensor::dots(&[(output.value(), &weights)]).unwrap()[0]
            };
            let expected = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
            let error = (f64::from(gradient[at]) - expected).abs();
            assert!(
                error < 1e-3 * f64::from(scale),
                "{name}, input {index}, element {at}: {} and {expected}",
                gradient[at]
            );
        }
    }
}

#[test]
fn elementwise_operations() {
    let device = Device::cpu();
    let (a, b) = (tensor(&device, [2, 3, 2], 1), tensor(&device, [2, 3, 2], 2));
    let (channel, scalar) = (tensor(&device, [2], 3), tensor(&device, [], 4));
    for other in [&b, &channel, &scalar] {
        check("add", &[a.clone(), other.clone()], |v| v[0].add(&v[1]));
        check("sub", &[a.clone(), other.clone()], |v| v[0].sub(&v[1]));
        check("mul", &[a.clone(), other.clone()], |v| v[0].mul(&v[1]));
    }
    check("scale", from_ref(&a), |v| v[0].scale(-2.5));
    check("square", from_ref(&a), |v| v[0].square());
    let positive = a.map(Map::Affine { scale: 0.25, offset: 1.0 }).unwrap();
    check("sqrt", from_ref(&positive), |v| v[0].sqrt());
    check("relu", from_ref(&a), |v| v[0].relu());
    check("sum", from_ref(&a), |v| v[0].sum());
    check("channel_sums", from_ref(&a), |v| v[0].channel_sums());
    check("add after reshape", from_ref(&a), |v| {
        v[0].sum()?.reshape([1, 1])?.add(&v[0].sum()?.reshape([1])?)
    });
    check("reshape", from_ref(&a), |v| v[0].reshape([3, 4]));
    check("a variable used twice", &[a], |v| v[0].mul(&v[0])?.add(&v[0]));
}

#[test]
fn products_of_matrices() {
    let device = Device::cpu();
    check("matmul", &[tensor(&device, [3, 4], 1), tensor(&device, [4, 2], 2)], |v| v[0].matmul(&v[1]));
    let features = tensor(&device, [1, 2, 3, 4], 1);
    check("gram", from_ref(&features), |v| v[0].gram());
    check("gram beside others", from_ref(&features), |v| v[0].gram()?.sum()?.add(&v[0].square()?.sum()?));
}

/// Values are halves between bins, and beyond them: no step crosses one.
#[test]
fn histograms() {
    let device = Device::cpu();
    let halves = |seed| -> Vec<f32> { values(12, seed).iter().map(|x| (3.0 * x).floor() + 0.5).collect() };
    let features = Tensor::new(&device, [1, 2, 3, 2], &halves(1)).unwrap();
    let grid = Tensor::new(&device, [2, 2], &[-2.0, -1.0, 1.0, 0.5]).unwrap();
    let weights = Tensor::new(&device, [6, 1], &[1.0, 0.5, 0.0, 2.0, 1.0, 0.25]).unwrap();
    for weights in [None, Some(weights)] {
        let binning = Binning { bins: 4, grid: grid.clone(), weights };
        check("histogram", from_ref(&features), |v| v[0].histogram(&binning));
    }
}

#[test]
fn convolutions() {
    let device = Device::cpu();
    let image = tensor(&device, [2, 4, 3, 2], 1);
    let (oihw, bias) = (tensor(&device, [3, 2, 3, 3], 2), tensor(&device, [3], 3));
    let filter = Filter::new(&oihw).unwrap();
    for padding in [0, 1] {
        for activation in [Activation::Identity, Activation::Relu] {
            for pooling in [None, Some(Pooling::Max), Some(Pooling::Average)] {
                let epilogue = Epilogue { bias: Some(&bias), activation, pooling };
                check("conv2d", from_ref(&image), |v| v[0].conv2d(&filter, padding, epilogue));
            }
        }
        check("conv2d_trainable", &[image.clone(), oihw.clone(), bias.clone()], |v| {
            v[0].conv2d_trainable(&v[1], &v[2], padding)
        });
    }
}

#[test]
fn crops_and_borders() {
    let device = Device::cpu();
    // One pixel high: both borders repeat the same row.
    for shape in [[2, 4, 5, 2], [1, 1, 3, 1]] {
        let image = tensor(&device, shape, 1);
        for padding in [Padding::Zero, Padding::Edge] {
            for (top, bottom, left, right) in [(1, 1, 1, 1), (0, 2, 3, 1)] {
                let border = Border { top, bottom, left, right };
                check("pad", from_ref(&image), |v| v[0].pad(border, padding));
            }
        }
        let region = Region { top: 0, left: 1, height: shape[1], width: 2 };
        for interpolation in [Interpolation::Linear, Interpolation::Cubic] {
            check("smaller", from_ref(&image), |v| v[0].resize(2, 3, interpolation));
            check("larger", from_ref(&image), |v| v[0].resize(9, 7, interpolation));
        }
        check("crop", from_ref(&image), |v| v[0].crop(region));
        check("overlapping crops", from_ref(&image), |v| {
            let other = Region { left: 0, ..region };
            v[0].crop(region)?.sub(&v[0].crop(other)?.scale(2.0)?)
        });
    }
}

#[test]
fn image_operations() {
    let device = Device::cpu();
    for shape in [[2, 4, 6, 2], [1, 5, 3, 1]] {
        let image = tensor(&device, shape, 1);
        for kind in [Pooling::Max, Pooling::Average] {
            check("pool2d", from_ref(&image), |v| v[0].pool2d(kind));
        }
        for kind in [Variation::Absolute, Variation::Squared] {
            check("total_variation", from_ref(&image), |v| v[0].total_variation(kind));
        }
    }
}

#[test]
fn several_seeds_add_up() {
    let device = Device::cpu();
    let tape = Tape::new();
    let x = tape.leaf(tensor(&device, [4], 1));
    let (sum, squares) = (x.sum().unwrap(), x.square().unwrap().sum().unwrap());
    let seed = |weight| Tensor::full(&device, [], weight).unwrap();
    let gradients = tape.backward(&[(&sum, seed(3.0)), (&squares, seed(0.5))]).unwrap();
    let expected: Vec<f32> = values(4, 1).iter().map(|x| 3.0 + x).collect();
    assert_eq!(gradients.get(&x).unwrap().to_vec().unwrap(), expected);
}
