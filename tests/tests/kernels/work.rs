//! What makes the device launch every kernel.

use nst_kernels::reference::test_values;
use nst_tensor::{
    Activation, Binning, Border, Device, Epilogue, Filter, Interpolation, Map, Padding, Pooling, Region,
    Result, Shape, Tensor, Transpose, Variation, Zip,
};

fn random(device: &Device, shape: impl Into<Shape>, seed: u32) -> Result<Tensor> {
    let shape = shape.into();
    Tensor::new(device, shape.clone(), &test_values(shape.len(), seed))
}

/// Every operation on odd sizes and few values.
pub(crate) fn small(device: &Device) -> Result<()> {
    every(device, [2, 13, 11, 37], 41)?;
    every(device, [1, 5, 7, 3], 64)?;
    // So few channels that a round of the inner extent goes over several taps on the way back too.
    every(device, [1, 5, 7, 3], 5)?;
    let x = random(device, [1, 5, 7, 3], 6)?;
    x.pad(Border { top: 3, bottom: 1, left: 2, right: 4 }, Padding::Zero)?;
    doubtful(device)?;
    long(device)?;
    device.peak_flops().map(drop)
}

/// Poolings without a ReLU, of windows with equal values and with NaN.
fn doubtful(device: &Device) -> Result<()> {
    let values: Vec<f32> = test_values(8 * 6 * 4, 6).iter().map(|x| (2.0 * x).round()).collect();
    let values: Vec<f32> =
        values.iter().enumerate().map(|(at, &x)| if at % 31 == 7 { f32::NAN } else { x }).collect();
    let x = Tensor::new(device, [1, 8, 6, 4], &values)?;
    // A filter that copies.
    let identity: Vec<f32> = (0..16).map(|at| f32::from(u8::from(at % 5 == 0))).collect();
    let filter = Filter::new(&Tensor::new(device, [4, 4, 1, 1], &identity)?)?;
    for activation in [Activation::Identity, Activation::Relu] {
        let epilogue = Epilogue { activation, pooling: Some(Pooling::Max), ..Epilogue::default() };
        let (output, gate) = x.conv2d_gated(&filter, 0, epilogue)?;
        output.conv2d_backward_data(&gate, &filter, 0, x.shape())?;
    }
    x.pool2d(Pooling::Max)?.pool2d_backward(Pooling::Max, &x)?;
    Ok(())
}

/// Reductions of so many values that every block goes round twice, the greatest near the end.
fn long(device: &Device) -> Result<()> {
    let len = 2 * 256 * 256 + 77;
    let mut values = test_values(len, 7);
    values[len - 5] = -9.0;
    let x = Tensor::new(device, [1, len, 1, 1], &values)?;
    Tensor::dots(&[(&x, &x)])?;
    Tensor::max_abs(&[&x])?;
    x.sum()?;
    x.total_variation(Variation::Squared)?;
    Ok(())
}

/// Every operation on extents as a network's, for which kernels are made.
pub(crate) fn large(device: &Device) -> Result<()> {
    every(device, [1, 64, 64, 64], 64)
}

/// Every operation on features of this shape, convolved to so many channels.
fn every(device: &Device, shape: [usize; 4], out_channels: usize) -> Result<()> {
    let [batch, height, width, channels] = shape;
    let [x, y] = [random(device, shape, 1)?, random(device, shape, 2)?];
    let filter = Filter::new(&random(device, [out_channels, channels, 3, 3], 3)?)?;
    let bias = random(device, [out_channels], 4)?;
    for pooling in [None, Some(Pooling::Max), Some(Pooling::Average)] {
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu, pooling };
        let (output, gate) = x.conv2d_gated(&filter, 1, epilogue)?;
        output.conv2d_backward_data(&gate, &filter, 1, x.shape())?;
    }
    let plain = x.conv2d(&filter, 1, Epilogue::default())?;
    plain.conv2d_backward_filter(&x, &filter, 1)?;

    let gram = x.gram()?;
    gram.gram_backward(&x, None)?;
    gram.gram_backward(&x, Some(y.scale(2.0)?))?;
    let matrix = x.reshape([batch * height * width, channels])?;
    matrix.matmul(Transpose::Yes, &matrix, Transpose::No)?;

    let grid = Tensor::new(device, [2, channels], &[vec![-0.75; channels], vec![100.0; channels]].concat())?;
    let weights = random(device, [batch * height * width], 6)?.map(Map::Abs)?;
    for weights in [None, Some(weights)] {
        let binning = Binning { bins: 150, grid: grid.clone(), weights };
        x.histogram(&binning)?.histogram_backward(&x, &binning)?;
    }

    x.map(Map::Square)?.map(Map::Sqrt)?.map(Map::Relu)?.map(Map::Abs)?;
    for op in [Zip::Add, Zip::Sub, Zip::Mul, Zip::Div, Zip::Mask] {
        x.zip(&y, op)?;
    }
    x.zip(&random(device, [channels], 5)?, Zip::Mul)?;
    Tensor::full(device, shape, 1.5)?;
    Tensor::linear_combination(&[(0.1, &x), (0.7, &y), (-0.3, &x)])?;
    Tensor::dots(&[(&x, &y), (&x, &x), (&bias, &bias)])?;
    Tensor::max_abs(&[&x, &bias])?;
    x.sum()?;
    x.channel_sums()?;

    for kind in [Pooling::Max, Pooling::Average] {
        x.pool2d(kind)?.pool2d_backward(kind, &x)?;
    }
    for kind in [Variation::Absolute, Variation::Squared] {
        x.total_variation(kind)?;
        x.total_variation_backward(kind)?;
    }
    let part = x.crop(Region { top: 1, left: 2, height: height / 2, width: width / 2 })?;
    y.add_region(&part, 2, 1)?;
    x.pad(Border { top: 3, bottom: 1, left: 2, right: 4 }, Padding::Edge)?;
    x.resize(2 * height - 1, width / 2 + 1, Interpolation::Cubic)?;
    Ok(())
}

/// Convolutions with every epilogue, and the results: more than one round of the inner extent, and pixels of all four edges.
pub(crate) fn convolutions(device: &Device) -> Result<Vec<Vec<f32>>> {
    let (shape, out_channels) = ([1, 7, 9, 12], 20);
    let x = random(device, shape, 1)?;
    let filter = Filter::new(&random(device, [out_channels, shape[3], 3, 3], 3)?)?;
    let bias = random(device, [out_channels], 4)?;
    let mut results = Vec::new();
    for pooling in [None, Some(Pooling::Max), Some(Pooling::Average)] {
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu, pooling };
        let (output, gate) = x.conv2d_gated(&filter, 1, epilogue)?;
        results.push(output.conv2d_backward_data(&gate, &filter, 1, x.shape())?.to_vec()?);
        results.push(output.to_vec()?);
    }
    Ok(results)
}
