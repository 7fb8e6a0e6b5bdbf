//! What nst-tensor asks of a device, answered with kernels.

use crate::Precision;
use crate::allocator::Block;
use crate::array::Filter;
use crate::cuda::{Cuda, Done, buffer};
use crate::kernels::{
    conv2d, elementwise, histogram, pack, peak, pool, products, reduce, region, resize, total_variation,
};
use nst_tensor::{
    Backend, Binning, Border, Buffer, Conv2d, Epilogue, Gate, Map, Memory, Padding, Pool2d, Pooling, Region,
    Shape, Taps, Tensor, Transpose, Variation, Zip,
};
use std::sync::Arc;

/// Tensors of no more than this many bytes together are gathered on the device first, so that the host waits once for all;
/// larger ones are copied one by one, each waited for, rather than held twice.
const SMALL: usize = 1 << 20;

/// The shape as a matrix of positions x channels.
fn matrix(tensor: &Tensor) -> [usize; 2] {
    [tensor.shape().positions(), tensor.shape().channels()]
}

impl Backend for Cuda {
    fn name(&self) -> String {
        self.stream.name().to_owned()
    }

    fn memory(&self) -> Memory {
        self.stream.memory()
    }

    fn upload(&self, _: &Shape, values: &[f32]) -> Done<Buffer> {
        self.stream.upload("upload", values).map(buffer)
    }

    fn download(&self, tensors: &[&Tensor]) -> Done<Vec<Vec<f32>>> {
        let lens: Vec<usize> = tensors.iter().map(|tensor| tensor.shape().len()).collect();
        let total: usize = lens.iter().sum();
        if tensors.len() == 1 || 4 * total > SMALL {
            let one = |(tensor, &len): (&&Tensor, &usize)| {
                self.stream.download("download", &self.array(tensor)?.0, len)
            };
            return tensors.iter().zip(&lens).map(one).collect();
        }
        let gathered = self.stream.floats("download", total)?;
        let mut to = gathered.pointer();
        for (tensor, len) in tensors.iter().zip(&lens) {
            let from = self.array(tensor)?.pointer();
            #[expect(unsafe_code, reason = "a copy between device addresses")]
            // SAFETY: the tensor has `len` elements, and there is room for all of them.
            unsafe {
                self.stream.copy("download", from, to, 4 * len)?;
            }
            to += 4 * *len as u64;
        }
        let values: Vec<f32> = self.stream.download("download", &gathered, total)?;
        let mut rest = values.as_slice();
        Ok(lens
            .into_iter()
            .map(|len| {
                let (now, later) = rest.split_at(len);
                rest = later;
                now.to_vec()
            })
            .collect())
    }

    fn fill(&self, shape: &Shape, value: f32) -> Done<Buffer> {
        elementwise::fill(&self.stream, shape.len(), value).map(buffer)
    }

    fn map(&self, x: &Tensor, op: Map) -> Done<Buffer> {
        elementwise::map(&self.stream, self.array(x)?, x.shape().len(), op).map(buffer)
    }

    fn zip(&self, a: &Tensor, b: &Tensor, op: Zip) -> Done<Buffer> {
        let lens = [a.shape().len(), b.shape().len()];
        elementwise::zip(&self.stream, self.array(a)?, self.array(b)?, lens, op).map(buffer)
    }

    fn linear_combination(&self, terms: &[(f64, &Tensor)]) -> Done<Buffer> {
        let len = terms.first().map_or(0, |(_, tensor)| tensor.shape().len());
        let terms: Vec<_> =
            terms.iter().map(|&(factor, x)| Ok((factor, self.array(x)?))).collect::<Done<_>>()?;
        elementwise::linear_combination(&self.stream, &terms, len).map(buffer)
    }

    fn dots(&self, pairs: &[(&Tensor, &Tensor)]) -> Done<Vec<f64>> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| Ok((self.array(a)?, self.array(b)?, a.shape().len())))
            .collect::<Done<_>>()?;
        reduce::dots(&self.stream, &pairs)
    }

    fn max_abs(&self, tensors: &[&Tensor]) -> Done<Vec<f64>> {
        let tensors: Vec<_> =
            tensors.iter().map(|x| Ok((self.array(x)?, x.shape().len()))).collect::<Done<_>>()?;
        reduce::max_abs(&self.stream, &tensors)
    }

    fn sum(&self, x: &Tensor) -> Done<Buffer> {
        reduce::sum(&self.stream, self.array(x)?, x.shape().len()).map(buffer)
    }

    fn channel_sums(&self, x: &Tensor) -> Done<Buffer> {
        reduce::channel_sums(&self.stream, self.array(x)?, matrix(x)).map(buffer)
    }

    fn matmul(&self, (a, ta): (&Tensor, Transpose), (b, tb): (&Tensor, Transpose)) -> Done<Buffer> {
        let extents = |tensor: &Tensor, transpose| {
            let [rows, columns] = matrix(tensor);
            if transpose == Transpose::Yes { [columns, rows] } else { [rows, columns] }
        };
        let ([m, k], [_, n]) = (extents(a, ta), extents(b, tb));
        if k == 0 {
            return self.fill(&Shape::from([m, n]), 0.0);
        }
        conv2d::matmul(&self.stream, [m, k, n], (self.array(a)?, ta), (self.array(b)?, tb)).map(buffer)
    }

    fn gram(&self, x: &Tensor) -> Done<Buffer> {
        products::gram(&self.stream, self.array(x)?, matrix(x)).map(buffer)
    }

    fn gram_backward(&self, x: &Tensor, gradient: &Tensor, sum: Option<Tensor>) -> Done<Buffer> {
        let (values, entries) = (self.array(x)?, self.array(gradient)?);
        let multiply = |output: &Block, accumulate| {
            conv2d::gram_backward(&self.stream, matrix(x), values, entries, output, accumulate)
        };
        let Some(sum) = sum else {
            let output = self.stream.floats("gram_backward", x.shape().len())?;
            multiply(&output, false)?;
            return Ok(buffer(output));
        };
        self.updated("gram_backward", sum, |sum| multiply(sum, true))
    }

    fn histogram(&self, binning: &Binning, x: &Tensor) -> Done<Buffer> {
        let bins = self.bins(binning)?;
        histogram::forward(&self.stream, &bins, self.array(x)?, matrix(x)).map(buffer)
    }

    fn histogram_backward(&self, binning: &Binning, x: &Tensor, gradient: &Tensor) -> Done<Buffer> {
        let (bins, gradient) = (self.bins(binning)?, self.array(gradient)?);
        histogram::backward(&self.stream, &bins, self.array(x)?, matrix(x), gradient).map(buffer)
    }

    fn pack_filter(&self, oihw: &Tensor) -> Done<Buffer> {
        let &[out_channels, in_channels, height, width] = oihw.shape().dims() else {
            return Err(self.stream.failed("pack_filter", "a filter has four axes"));
        };
        let extents = [out_channels, in_channels, height, width];
        let tensor_cores = self.precision == Precision::TensorFloat32;
        let (forward, backward) =
            pack::filter(&self.stream, self.array(oihw)?.pointer(), extents, tensor_cores)?;
        Ok(Arc::new(Filter { forward, backward }))
    }

    fn conv2d(
        &self,
        conv: &Conv2d,
        input: &Tensor,
        filter: &Buffer,
        epilogue: &Epilogue<'_>,
        wanted: bool,
    ) -> Done<(Buffer, Option<Buffer>)> {
        let epilogue = conv2d::Epilogue {
            bias: epilogue.bias.map(|bias| self.array(bias)).transpose()?,
            activation: epilogue.activation,
            pooling: epilogue.pooling,
            gated: wanted,
        };
        let (input, filter) = (self.array(input)?, self.found(filter, "read a filter")?);
        let (output, bits) = conv2d::forward(&self.stream, self.precision, conv, input, filter, &epilogue)?;
        Ok((buffer(output), bits.map(buffer)))
    }

    fn conv2d_backward_data(
        &self,
        conv: &Conv2d,
        gradient: &Tensor,
        gate: &Gate,
        filter: &Buffer,
    ) -> Done<Buffer> {
        let bits = gate.bits().map(|bits| self.found(bits, "read a gate")).transpose()?;
        let (gradient, filter) = (self.array(gradient)?, self.found(filter, "read a filter")?);
        let gate = (gate.pooling(), bits);
        conv2d::backward_data(&self.stream, self.precision, conv, gradient, gate, filter).map(buffer)
    }

    fn conv2d_backward_filter(&self, conv: &Conv2d, input: &Tensor, gradient: &Tensor) -> Done<Buffer> {
        products::filter_gradient(&self.stream, conv, self.array(input)?, self.array(gradient)?).map(buffer)
    }

    fn pool2d(&self, geometry: &Pool2d, kind: Pooling, input: &Tensor) -> Done<Buffer> {
        pool::forward(&self.stream, geometry, kind, self.array(input)?).map(buffer)
    }

    fn pool2d_backward(
        &self,
        geometry: &Pool2d,
        kind: Pooling,
        input: &Tensor,
        gradient: &Tensor,
    ) -> Done<Buffer> {
        pool::backward(&self.stream, geometry, kind, self.array(input)?, self.array(gradient)?).map(buffer)
    }

    fn total_variation(&self, kind: Variation, image: &Tensor) -> Done<Buffer> {
        total_variation::forward(&self.stream, kind, image.shape(), self.array(image)?).map(buffer)
    }

    fn total_variation_backward(&self, kind: Variation, image: &Tensor) -> Done<Buffer> {
        total_variation::backward(&self.stream, kind, image.shape(), self.array(image)?).map(buffer)
    }

    fn crop(&self, image: &Tensor, region: Region) -> Done<Buffer> {
        region::crop(&self.stream, image.shape().nhwc("crop")?, self.array(image)?, region).map(buffer)
    }

    fn pad(&self, image: &Tensor, border: Border, padding: Padding) -> Done<Buffer> {
        let shape = image.shape().nhwc("pad")?;
        let Some(sides) = border.around([shape[1], shape[2]]) else {
            return Err(self.stream.failed("pad", "the border is too wide"));
        };
        region::pad(&self.stream, shape, self.array(image)?, (border, padding), sides).map(buffer)
    }

    fn add_region(&self, image: Tensor, part: &Tensor, top: usize, left: usize) -> Done<Buffer> {
        let (shape, values) = (image.shape().nhwc("add_region")?, self.array(part)?);
        let [_, height, width, _] = part.shape().nhwc("add_region")?;
        let region = Region { top, left, height, width };
        self.updated("add_region", image, |image| region::add(&self.stream, shape, image, region, values))
    }

    fn resize(&self, image: &Tensor, rows: &Taps, columns: &Taps) -> Done<Buffer> {
        let shape = image.shape().nhwc("resize")?;
        resize::resize(&self.stream, shape, self.array(image)?.pointer(), rows, columns).map(buffer)
    }

    fn peak_flops(&self) -> Done<f64> {
        peak::flops(&self.stream)
    }
}
