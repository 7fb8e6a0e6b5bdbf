//! A backend that counts and times what is asked of another.

use crate::backend::{Backend, Buffer, Map, Memory, Zip};
use crate::{
    Binning, Border, Conv2d, Device, Epilogue, Gate, Padding, Pool2d, Pooling, Region, Result, Shape, Taps,
    Tensor, Transpose, Variation,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A decorator: passes every call on, and keeps how long it took by the name of the operation. Tests use it to show what
/// is, and what is never, computed; a benchmark, to see what takes the time.
///
/// ```
/// use nst_tensor::{Counting, Device, Tensor};
///
/// # fn main() -> Result<(), nst_tensor::Error> {
/// let counting = Counting::cpu();
/// let device = Device::new(counting.clone());
/// Tensor::full(&device, [4, 2], 1.0)?.gram()?;
/// assert_eq!((counting.calls("gram"), counting.calls("matmul")), (1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Counting {
    inner: Arc<dyn Backend>,
    times: Arc<Mutex<Times>>,
    /// Whether each operation is waited for.
    waits: bool,
}

/// By operation.
type Times = BTreeMap<&'static str, Vec<Duration>>;

impl Counting {
    /// Counts the calls of `inner`. Clones share their counts.
    pub fn new(inner: impl Backend + 'static) -> Self {
        Self { inner: Arc::new(inner), times: Arc::default(), waits: false }
    }

    /// Counts the calls of a CPU.
    pub fn cpu() -> Self {
        Self::new(crate::cpu::Cpu::new())
    }

    /// Counts the calls of another device that are made through this one, and waits for each: a GPU returns from an
    /// operation before it is done, and its time would be that of asking for it.
    pub fn of(device: &Device) -> Self {
        Self { inner: device.shared(), times: Arc::default(), waits: true }
    }

    /// How often the [`Backend`] method of this name was called.
    pub fn calls(&self, operation: &str) -> usize {
        self.lock().get(operation).map_or(0, Vec::len)
    }

    /// How long each call of the [`Backend`] method of this name took, in the order in which they ended.
    pub fn times(&self, operation: &str) -> Vec<Duration> {
        self.lock().get(operation).cloned().unwrap_or_default()
    }

    /// Starts again from nothing.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass<T>(&self, operation: &'static str, call: impl FnOnce(&dyn Backend) -> T) -> T {
        let start = Instant::now();
        let result = call(&*self.inner);
        if self.waits {
            // A device that fails here fails again at the next operation.
            let _ = self.inner.download(&[]);
        }
        let time = start.elapsed();
        self.lock().entry(operation).or_default().push(time);
        result
    }
}

/// Each method counts itself and passes its arguments on.
macro_rules! pass_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Counting {
            /// The names of all methods of [`Backend`].
            pub const OPERATIONS: &'static [&'static str] = &[$(stringify!($name)),*];
        }

        impl Backend for Counting {
            $(fn $name(&self, $($argument: $type),*) -> $result {
                self.pass(stringify!($name), |inner| inner.$name($($argument),*))
            })*
        }
    };
}

pass_on! {
    fn name() -> String;
    fn memory() -> Memory;
    fn begin_repeated() -> ();
    fn end_repeated() -> ();
    fn upload(shape: &Shape, values: &[f32]) -> Result<Buffer>;
    fn download(tensors: &[&Tensor]) -> Result<Vec<Vec<f32>>>;
    fn fill(shape: &Shape, value: f32) -> Result<Buffer>;
    fn map(x: &Tensor, op: Map) -> Result<Buffer>;
    fn zip(a: &Tensor, b: &Tensor, op: Zip) -> Result<Buffer>;
    fn linear_combination(terms: &[(f64, &Tensor)]) -> Result<Buffer>;
    fn dots(pairs: &[(&Tensor, &Tensor)]) -> Result<Vec<f64>>;
    fn max_abs(tensors: &[&Tensor]) -> Result<Vec<f64>>;
    fn sum(x: &Tensor) -> Result<Buffer>;
    fn channel_sums(x: &Tensor) -> Result<Buffer>;
    fn matmul(a: (&Tensor, Transpose), b: (&Tensor, Transpose)) -> Result<Buffer>;
    fn gram(x: &Tensor) -> Result<Buffer>;
    fn gram_backward(x: &Tensor, gradient: &Tensor, sum: Option<Tensor>) -> Result<Buffer>;
    fn histogram(binning: &Binning, x: &Tensor) -> Result<Buffer>;
    fn histogram_backward(binning: &Binning, x: &Tensor, gradient: &Tensor) -> Result<Buffer>;
    fn pack_filter(oihw: &Tensor) -> Result<Buffer>;
    fn conv2d(conv: &Conv2d, input: &Tensor, filter: &Buffer, epilogue: &Epilogue<'_>, wanted: bool)
        -> Result<(Buffer, Option<Buffer>)>;
    fn conv2d_backward_data(conv: &Conv2d, gradient: &Tensor, gate: &Gate, filter: &Buffer) -> Result<Buffer>;
    fn conv2d_backward_filter(conv: &Conv2d, input: &Tensor, gradient: &Tensor) -> Result<Buffer>;
    fn pool2d(pool: &Pool2d, kind: Pooling, input: &Tensor) -> Result<Buffer>;
    fn pool2d_backward(pool: &Pool2d, kind: Pooling, input: &Tensor, gradient: &Tensor) -> Result<Buffer>;
    fn total_variation(kind: Variation, image: &Tensor) -> Result<Buffer>;
    fn total_variation_backward(kind: Variation, image: &Tensor) -> Result<Buffer>;
    fn crop(image: &Tensor, region: Region) -> Result<Buffer>;
    fn pad(image: &Tensor, border: Border, padding: Padding) -> Result<Buffer>;
    fn add_region(image: Tensor, part: &Tensor, top: usize, left: usize) -> Result<Buffer>;
    fn resize(image: &Tensor, rows: &Taps, columns: &Taps) -> Result<Buffer>;
    fn peak_flops() -> Result<f64>;
}
