//! The CPU backend: nst-kernels does the heavy work, ndarray the elementwise, rayon shares both out.

mod array;
mod buffers;
mod elementwise;
mod filter;
mod histogram;
mod plan;
mod store;

use crate::backend::{Backend, Buffer, Map, Memory, Zip};
use crate::{
    Binning, Border, Conv2d, Epilogue, Error, Gate, Padding, Pool2d, Pooling, Region, Result, Shape, Taps,
    Tensor, Transpose, Variation,
};
use array::Array;
use nst_kernels::{Isa, Update, Workspace};
use std::sync::Arc;
use store::Store;

/// The backend behind [`crate::Device::cpu`].
#[derive(Debug)]
pub(crate) struct Cpu {
    isa: Isa,
    workspace: Workspace,
    pool: Option<rayon::ThreadPool>,
    store: Arc<Store>,
}

impl Cpu {
    pub(crate) fn new() -> Self {
        Self { isa: Isa::best(), workspace: Workspace::new(), pool: None, store: Arc::default() }
    }

    pub(crate) fn with_threads(threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
            Error::Backend { operation: "start threads", device: "cpu".into(), message: error.to_string() }
        })?;
        Ok(Self { pool: Some(pool), ..Self::new() })
    }

    /// Runs `work` on this device's threads.
    fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            // Within the pool, so that the many small steps of an operation need not each be handed over to it.
            None => rayon::scope(|_| work()),
        }
    }
}

impl Backend for Cpu {
    fn name(&self) -> String {
        let threads = self.run(rayon::current_num_threads);
        format!("cpu ({}, {threads} thread{})", self.isa.name(), if threads == 1 { "" } else { "s" })
    }

    fn memory(&self) -> Memory {
        self.store.memory()
    }

    fn begin_repeated(&self) {
        self.store.begin();
    }

    fn end_repeated(&self) {
        self.store.end();
    }

    fn upload(&self, shape: &Shape, values: &[f32]) -> Result<Buffer> {
        self.written(shape.len(), |output| output.copy_from_slice(values))
    }

    fn download(&self, tensors: &[&Tensor]) -> Result<Vec<Vec<f32>>> {
        tensors.iter().map(|tensor| Ok(self.values(tensor)?.to_vec())).collect()
    }

    fn fill(&self, shape: &Shape, value: f32) -> Result<Buffer> {
        self.written(shape.len(), |output| output.fill(value))
    }

    fn map(&self, x: &Tensor, op: Map) -> Result<Buffer> {
        let x = self.values(x)?;
        self.written(x.len(), |output| elementwise::map(x, op, output))
    }

    fn zip(&self, a: &Tensor, b: &Tensor, op: Zip) -> Result<Buffer> {
        let (a, b) = (self.values(a)?, self.values(b)?);
        let mut array = self.array(a.len())?;
        let zipped = self.run(|| elementwise::zip(a, b, op, array.values_mut()));
        zipped.map_err(|error| Error::Backend {
            operation: "zip",
            device: self.name(),
            message: error.to_string(),
        })?;
        Ok(Arc::new(array))
    }

    fn linear_combination(&self, terms: &[(f64, &Tensor)]) -> Result<Buffer> {
        let len = terms.first().map_or(0, |(_, tensor)| tensor.shape().len());
        let terms: Vec<_> =
            terms.iter().map(|&(factor, x)| Ok((factor, self.values(x)?))).collect::<Result<_>>()?;
        self.written(len, |output| nst_kernels::linear_combination(self.isa, &terms, output))
    }

    fn dots(&self, pairs: &[(&Tensor, &Tensor)]) -> Result<Vec<f64>> {
        let values =
            pairs.iter().map(|(a, b)| Ok((self.values(a)?, self.values(b)?))).collect::<Result<Vec<_>>>()?;
        Ok(self.run(|| nst_kernels::dots(self.isa, &values)))
    }

    fn max_abs(&self, tensors: &[&Tensor]) -> Result<Vec<f64>> {
        let values = tensors.iter().map(|tensor| self.values(tensor)).collect::<Result<Vec<_>>>()?;
        Ok(self.run(|| values.into_iter().map(elementwise::max_abs).collect()))
    }

    fn sum(&self, x: &Tensor) -> Result<Buffer> {
        let values = self.values(x)?;
        self.scalar(self.run(|| nst_kernels::sum(values)))
    }

    fn channel_sums(&self, x: &Tensor) -> Result<Buffer> {
        let values = self.values(x)?;
        self.written(x.shape().channels(), |output| {
            nst_kernels::channel_sums(values, output);
        })
    }

    fn matmul(&self, (a, ta): (&Tensor, Transpose), (b, tb): (&Tensor, Transpose)) -> Result<Buffer> {
        let extents = |tensor: &Tensor, transpose| {
            let (rows, columns) = (tensor.shape().positions(), tensor.shape().channels());
            if transpose == Transpose::Yes { [columns, rows] } else { [rows, columns] }
        };
        let ([m, k], [_, n]) = (extents(a, ta), extents(b, tb));
        let (a, b) = (self.values(a)?, self.values(b)?);
        self.written(Shape::from([m, n]).len(), |output| {
            nst_kernels::matmul(self.isa, [m, k, n], (a, ta), (b, tb), output);
        })
    }

    fn gram(&self, x: &Tensor) -> Result<Buffer> {
        let channels = x.shape().channels();
        let values = self.values(x)?;
        self.written(Shape::from([channels; 2]).len(), |output| {
            nst_kernels::gram(self.isa, &self.workspace, channels, values, output);
        })
    }

    fn gram_backward(&self, x: &Tensor, gradient: &Tensor, sum: Option<Tensor>) -> Result<Buffer> {
        let channels = x.shape().channels();
        let (len, x, gradient) = (x.shape().len(), self.values(x)?, self.values(gradient)?);
        let multiply = |update, output: &mut [f32]| {
            nst_kernels::gram_backward(self.isa, &self.workspace, channels, x, gradient, update, output);
        };
        let Some(sum) = sum else { return self.written(len, |output| multiply(Update::Replace, output)) };
        self.updated(sum, |output| multiply(Update::Add, output))
    }

    fn histogram(&self, binning: &Binning, x: &Tensor) -> Result<Buffer> {
        self.binned(binning, x)
    }

    fn histogram_backward(&self, binning: &Binning, x: &Tensor, gradient: &Tensor) -> Result<Buffer> {
        self.binned_backward(binning, x, gradient)
    }

    fn pack_filter(&self, oihw: &Tensor) -> Result<Buffer> {
        self.packed(oihw)
    }

    fn conv2d(
        &self,
        conv: &Conv2d,
        input: &Tensor,
        filter: &Buffer,
        epilogue: &Epilogue<'_>,
        wanted: bool,
    ) -> Result<(Buffer, Option<Buffer>)> {
        let (input, filter) = (self.values(input)?, self.filter(filter)?);
        let epilogue = nst_kernels::Epilogue {
            bias: self.optional(epilogue.bias)?,
            activation: epilogue.activation,
            pooling: epilogue.pooling,
        };
        let mut bits: Option<Array<u8>> = wanted.then(|| self.array(conv.gate_len())).transpose()?;
        let output = self.written(conv.stored_len(epilogue.pooling), |output| {
            let bits = bits.as_mut().map(Array::values_mut);
            conv.forward(&self.workspace, input, filter.packed(), epilogue, output, bits);
        })?;
        Ok((output, bits.map(|bits| Arc::new(bits) as Buffer)))
    }

    fn conv2d_backward_data(
        &self,
        conv: &Conv2d,
        gradient: &Tensor,
        gate: &Gate,
        filter: &Buffer,
    ) -> Result<Buffer> {
        let (gradient, filter) = (self.values(gradient)?, self.filter(filter)?);
        let bits: Option<&Array<u8>> = match gate.bits() {
            Some(bits) => Some(bits.downcast_ref().ok_or_else(|| self.foreign("read a gate"))?),
            None => None,
        };
        let gate = nst_kernels::Gate { pooling: gate.pooling(), bits: bits.map(Array::values) };
        let written = self.written(conv.input_len(), |output| {
            conv.backward_data(&self.workspace, gradient, gate, filter.packed(), output);
        });
        filter.book();
        written
    }

    fn conv2d_backward_filter(&self, conv: &Conv2d, input: &Tensor, gradient: &Tensor) -> Result<Buffer> {
        let (input, gradient) = (self.values(input)?, self.values(gradient)?);
        let [height, width] = conv.kernel;
        let len = Shape::from([conv.out_channels, conv.in_channels, height, width]).len();
        self.written(len, |output| conv.backward_filter(self.isa, input, gradient, output))
    }

    fn pool2d(&self, pool: &Pool2d, kind: Pooling, input: &Tensor) -> Result<Buffer> {
        let input = self.values(input)?;
        self.written(pool.output_len(), |output| match kind {
            Pooling::Max => pool.max(input, output),
            Pooling::Average => pool.average(input, output),
        })
    }

    fn pool2d_backward(
        &self,
        pool: &Pool2d,
        kind: Pooling,
        input: &Tensor,
        gradient: &Tensor,
    ) -> Result<Buffer> {
        let (input, gradient) = (self.values(input)?, self.values(gradient)?);
        self.written(input.len(), |output| match kind {
            Pooling::Max => pool.max_backward(input, gradient, output),
            Pooling::Average => pool.average_backward(gradient, output),
        })
    }

    fn total_variation(&self, kind: Variation, image: &Tensor) -> Result<Buffer> {
        let (shape, values) = (image.shape().nhwc("total_variation")?, self.values(image)?);
        self.scalar(self.run(|| nst_kernels::total_variation(kind, shape, values)))
    }

    fn total_variation_backward(&self, kind: Variation, image: &Tensor) -> Result<Buffer> {
        let (shape, values) = (image.shape().nhwc("total_variation_backward")?, self.values(image)?);
        self.written(values.len(), |output| {
            nst_kernels::total_variation_backward(kind, shape, values, output);
        })
    }

    fn crop(&self, image: &Tensor, region: Region) -> Result<Buffer> {
        let (shape, values) = (image.shape().nhwc("crop")?, self.values(image)?);
        let len = Shape::from([shape[0], region.height, region.width, shape[3]]).len();
        self.written(len, |output| nst_kernels::crop(shape, region, values, output))
    }

    fn pad(&self, image: &Tensor, border: Border, padding: Padding) -> Result<Buffer> {
        let (shape, values) = (image.shape().nhwc("pad")?, self.values(image)?);
        let [height, width] = border.around([shape[1], shape[2]]).unwrap_or([usize::MAX; 2]);
        self.written(Shape::from([shape[0], height, width, shape[3]]).len(), |output| {
            nst_kernels::pad(shape, border, padding, values, output);
        })
    }

    fn add_region(&self, image: Tensor, part: &Tensor, top: usize, left: usize) -> Result<Buffer> {
        let (shape, values) = (image.shape().nhwc("add_region")?, self.values(part)?);
        let [_, height, width, _] = part.shape().nhwc("add_region")?;
        let region = Region { top, left, height, width };
        self.updated(image, |output| nst_kernels::add_region(shape, region, values, output))
    }

    fn resize(&self, image: &Tensor, rows: &Taps, columns: &Taps) -> Result<Buffer> {
        let (shape, values) = (image.shape().nhwc("resize")?, self.values(image)?);
        let len = Shape::from([shape[0], rows.to(), columns.to(), shape[3]]).len();
        self.written(len, |output| nst_kernels::resize(shape, rows, columns, values, output))
    }

    fn peak_flops(&self) -> Result<f64> {
        Ok(self.run(|| nst_kernels::peak_flops(self.isa)))
    }
}
