//! A backend that counts what is asked of another.

use crate::backend::{Backend, Buffer, Map, Memory, Zip};
use crate::{Conv2d, Epilogue, Gate, Pool2d, Pooling, Result, Shape, Tensor, Transpose, Variation};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A decorator: passes every call on and counts it by the name of the operation. Tests use it to show what is, and what is
/// never, computed.
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
    calls: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Counting {
    /// Counts the calls of `inner`. Clones share their counts.
    pub fn new(inner: impl Backend + 'static) -> Self {
        Self { inner: Arc::new(inner), calls: Arc::default() }
    }

    /// Counts the calls of a CPU.
    pub fn cpu() -> Self {
        Self::new(crate::cpu::Cpu::new())
    }

    /// How often the [`Backend`] method of this name was called.
    pub fn calls(&self, operation: &str) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).get(operation).copied().unwrap_or(0)
    }

    fn count(&self, operation: &'static str) -> &dyn Backend {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
        &*self.inner
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
                self.count(stringify!($name)).$name($($argument),*)
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
    fn pack_filter(oihw: &Tensor) -> Result<Buffer>;
    fn conv2d(conv: &Conv2d, input: &Tensor, filter: &Buffer, epilogue: &Epilogue<'_>, wanted: bool)
        -> Result<(Buffer, Option<Buffer>)>;
    fn conv2d_backward_data(conv: &Conv2d, gradient: &Tensor, gate: &Gate, filter: &Buffer) -> Result<Buffer>;
    fn conv2d_backward_filter(conv: &Conv2d, input: &Tensor, gradient: &Tensor) -> Result<Buffer>;
    fn pool2d(pool: &Pool2d, kind: Pooling, input: &Tensor) -> Result<Buffer>;
    fn pool2d_backward(pool: &Pool2d, kind: Pooling, input: &Tensor, gradient: &Tensor) -> Result<Buffer>;
    fn total_variation(kind: Variation, image: &Tensor) -> Result<Buffer>;
    fn total_variation_backward(kind: Variation, image: &Tensor) -> Result<Buffer>;
}
