//! The values of a tensor on the CPU, and the account of the memory they take.

use crate::backend::Memory;
use ndarray::{ArrayD, Zip};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes held by all arrays of a device.
#[derive(Debug, Default)]
pub(crate) struct Account {
    in_use: AtomicUsize,
    peak: AtomicUsize,
}

impl Account {
    pub(crate) fn memory(&self) -> Memory {
        Memory { in_use: self.in_use.load(Ordering::Relaxed), peak: self.peak.load(Ordering::Relaxed) }
    }
}

/// A dense array in standard layout, booked in its device's account while it lives.
pub(crate) struct Array {
    values: ArrayD<f32>,
    account: Arc<Account>,
}

impl Array {
    pub(crate) fn new(values: ArrayD<f32>, account: &Arc<Account>) -> Self {
        let bytes = values.len() * size_of::<f32>();
        let in_use = account.in_use.fetch_add(bytes, Ordering::Relaxed) + bytes;
        account.peak.fetch_max(in_use, Ordering::Relaxed);
        Self { values, account: Arc::clone(account) }
    }

    /// The values in row-major order; none if the array were not in standard layout.
    pub(crate) fn values(&self) -> Option<&[f32]> {
        self.values.as_slice()
    }

    pub(crate) fn map(&self, op: impl Fn(f32) -> f32 + Sync + Send) -> Self {
        Self::new(Zip::from(&self.values).par_map_collect(|&x| op(x)), &self.account)
    }

    /// Elementwise, with `other` repeated along the outer axes that it lacks; none if its shape does not allow that.
    pub(crate) fn zip(&self, other: &Self, op: impl Fn(f32, f32) -> f32 + Sync + Send) -> Option<Self> {
        let other = other.values.broadcast(self.values.raw_dim())?;
        Some(Self::new(Zip::from(&self.values).and(other).par_map_collect(|&a, &b| op(a, b)), &self.account))
    }

    /// The sum of the terms in their order, each element in double precision.
    pub(crate) fn linear_combination(terms: &[(f64, &Self)], account: &Arc<Account>) -> Self {
        use rayon::prelude::*;
        // Elements summed at a time: few enough for the stack and the first-level cache.
        const CHUNK: usize = 2048;
        let dims = terms.first().map_or(ndarray::IxDyn(&[]), |(_, array)| array.values.raw_dim());
        let mut output = ArrayD::zeros(dims);
        let slices: Vec<(f64, &[f32])> =
            terms.iter().filter_map(|(factor, array)| Some((*factor, array.values()?))).collect();
        if let Some(output) = output.as_slice_mut() {
            output.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, to)| {
                let mut sums = [0.0f64; CHUNK];
                for (factor, values) in &slices {
                    let values = &values[chunk * CHUNK..][..to.len()];
                    sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += factor * f64::from(value));
                }
                to.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
            });
        }
        Self::new(output, account)
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        self.account.in_use.fetch_sub(self.values.len() * size_of::<f32>(), Ordering::Relaxed);
    }
}
