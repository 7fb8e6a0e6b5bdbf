//! A packed filter on the CPU, and the account of the memory it takes.

use super::store::Store;
use nst_kernels::PackedFilter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A packed filter, booked in its device's account while it lives.
pub(super) struct Filter {
    packed: PackedFilter,
    booked: AtomicUsize,
    store: Arc<Store>,
}

impl Filter {
    pub(super) fn new(packed: PackedFilter, store: &Arc<Store>) -> Self {
        let filter = Self { packed, booked: AtomicUsize::new(0), store: Arc::clone(store) };
        filter.book();
        filter
    }

    pub(super) fn packed(&self) -> &PackedFilter {
        &self.packed
    }

    /// Books what the filter has grown by: the layout for the gradient is made when it is first needed.
    pub(super) fn book(&self) {
        let bytes = self.packed.bytes();
        let before = self.booked.fetch_max(bytes, Ordering::Relaxed);
        self.store.book(bytes.saturating_sub(before));
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.store.strike(*self.booked.get_mut());
    }
}

#[cfg(test)]
mod tests {
    use crate::{Device, Filter, Gate, Shape, Tensor};

    #[test]
    fn the_layout_for_the_gradient_is_booked_once_it_is_made() {
        let device = Device::cpu();
        let filter = Filter::new(&Tensor::full(&device, [4, 3, 3, 3], 1.0).unwrap()).unwrap();
        let gradient = Tensor::full(&device, [1, 5, 5, 4], 1.0).unwrap();
        let before = device.memory().in_use;
        let backward = || {
            gradient
                .conv2d_backward_data(
                    &Gate::open(&device, [1, 5, 5, 4]),
                    &filter,
                    1,
                    &Shape::from([1, 5, 5, 3]),
                )
                .unwrap();
            device.memory().in_use - before
        };
        let grown = backward();
        assert!(grown >= 4 * 3 * 9 * size_of::<f32>(), "{grown} bytes");
        assert_eq!(backward(), grown);
        drop((filter, gradient));
        assert_eq!(device.memory().in_use, 0);
    }
}
