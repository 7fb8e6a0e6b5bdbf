//! One call of every operation, on inputs large enough to be shared out among threads.

use crate::numbers::random;
use nst_tensor::{
    Activation, Binning, Border, Counting, Device, Epilogue, Error, Filter, Interpolation, Map, Padding,
    Pooling, Region, Shape, Tensor, Transpose, Variation, Zip,
};

/// What the operations return.
pub(crate) struct Results {
    /// Results on the device, by operation.
    pub(crate) tensors: Vec<(&'static str, Tensor)>,
    /// A packed filter.
    pub(crate) filter: Filter,
    /// Results in double precision, by operation.
    pub(crate) numbers: Vec<(&'static str, Vec<f64>)>,
}

impl Results {
    /// Calls every operation.
    pub(crate) fn of(device: &Device) -> Result<Self, Error> {
        let map = Shape::from([1, 61, 67, 32]);
        let [x, y] = [1, 2].map(|seed| random(device, &map, seed).0);
        let filter = Filter::new(&random(device, &Shape::from([37, 32, 3, 3]), 3).0)?;
        let bias = random(device, &Shape::from([37]), 4).0;
        let epilogue =
            Epilogue { bias: Some(&bias), activation: Activation::Relu, pooling: Some(Pooling::Max) };
        let (pooled, gate) = x.conv2d_gated(&filter, 1, epilogue)?;
        let convolved = x.conv2d(&filter, 1, Epilogue::default())?;
        let (gram, matrix) = (x.gram()?, x.reshape([61 * 67, 32])?);
        let part = x.crop(Region { top: 5, left: 7, height: 53, width: 41 })?;
        let border = Border { top: 3, bottom: 5, left: 2, right: 7 };
        let [max, average] = [x.pool2d(Pooling::Max)?, x.pool2d(Pooling::Average)?];
        let grid = random(device, &Shape::from([1, 32]), 5).0;
        let grid = Tensor::new(device, [2, 32], &[grid.to_vec()?, vec![40.0; 32]].concat())?;
        let binning =
            Binning { bins: 150, grid, weights: Some(random(device, &Shape::from([61 * 67]), 6).0) };
        let histogram = x.histogram(&binning)?;
        let tensors = vec![
            ("fill", device.repeated(|| Tensor::full(device, &map, 2.5))?),
            ("map", x.map(Map::Affine { scale: 1.7, offset: 0.1 })?),
            ("zip", x.zip(&y, Zip::Div)?),
            ("linear_combination", Tensor::linear_combination(&[(0.1, &x), (0.7, &y), (-0.3, &x)])?),
            ("sum", x.sum()?),
            ("channel_sums", x.channel_sums()?),
            ("matmul", matrix.matmul(Transpose::Yes, &matrix, Transpose::No)?),
            ("gram_backward", gram.gram_backward(&y, None)?),
            ("gram_backward", gram.gram_backward(&y, Some(x.scale(2.0)?))?),
            ("gram", gram),
            ("histogram_backward", histogram.histogram_backward(&x, &binning)?),
            ("histogram", histogram),
            ("conv2d_backward_data", pooled.conv2d_backward_data(&gate, &filter, 1, &map)?),
            ("conv2d_backward_filter", convolved.conv2d_backward_filter(&x, &filter, 1)?),
            ("conv2d", pooled),
            ("conv2d", convolved),
            ("pool2d_backward", max.pool2d_backward(Pooling::Max, &x)?),
            ("pool2d_backward", average.pool2d_backward(Pooling::Average, &x)?),
            ("pool2d", max),
            ("pool2d", average),
            ("total_variation", x.total_variation(Variation::Absolute)?),
            ("total_variation", x.total_variation(Variation::Squared)?),
            ("total_variation_backward", x.total_variation_backward(Variation::Absolute)?),
            ("total_variation_backward", x.total_variation_backward(Variation::Squared)?),
            ("pad", x.pad(border, Padding::Zero)?),
            ("pad", x.pad(border, Padding::Edge)?),
            ("add_region", x.scale(2.0)?.add_region(&part, 2, 13)?),
            ("add_region", x.clone().add_region(&part, 8, 26)?),
            ("crop", part),
            ("resize", x.resize(37, 101, Interpolation::Linear)?),
            ("resize", x.resize(101, 37, Interpolation::Cubic)?),
            ("resize", x.resize_backward(103, 29, Interpolation::Cubic)?),
            ("upload", x.clone()),
        ];
        let numbers =
            vec![("dots", Tensor::dots(&[(&x, &y), (&x, &x)])?), ("max_abs", Tensor::max_abs(&[&x, &y])?)];
        Ok(Self { tensors, filter, numbers })
    }

    /// The bits of every result, by operation.
    pub(crate) fn bits(&self) -> Result<Vec<(&'static str, Vec<u64>)>, Error> {
        let values = Tensor::download(&self.tensors.iter().map(|(_, tensor)| tensor).collect::<Vec<_>>())?;
        let tensors = self.tensors.iter().zip(values).map(|((operation, _), values)| {
            (*operation, values.into_iter().map(|x| x.to_bits().into()).collect())
        });
        let numbers = self
            .numbers
            .iter()
            .map(|(operation, values)| (*operation, values.iter().map(|x| x.to_bits()).collect()));
        Ok(tensors.chain(numbers).collect())
    }
}

#[test]
fn none_is_left_out() {
    let counting = Counting::cpu();
    let device = Device::new(counting.clone());
    Results::of(&device).and_then(|results| results.bits()).expect("results");
    for operation in
        Counting::OPERATIONS.iter().filter(|name| !["name", "memory", "peak_flops"].contains(name))
    {
        assert!(counting.calls(operation) > 0, "{operation} is not called");
    }
}
