//! What every device must do: each operation of [`nst_tensor::Backend`], through the methods of `Tensor`, against literal
//! computations in double precision. A new device joins in `devices.rs`; a new operation without a test here fails.

/// Lists the operations that a module covers, each by a function of the same name that takes a device and fails unless the
/// operation does there what it should, and makes a test of each.
macro_rules! operations {
    ($($operation:ident),*) => {
        pub(crate) const OPERATIONS: &[(&str, crate::devices::Case)] =
            &[$((stringify!($operation), $operation)),*];

        mod on_every_device {
            $(#[test]
            fn $operation() {
                crate::devices::check(stringify!($operation), super::$operation);
            })*
        }
    };
}

mod convolution;
mod determinism;
mod devices;
mod elementwise;
mod errors;
mod every_operation;
mod histograms;
mod image;
mod matrix;
mod memory;
mod numbers;
mod peak;
mod reductions;
mod regions;
mod resizing;
mod storage;

use nst_tensor::Counting;
use std::collections::BTreeSet;

#[test]
fn every_operation_has_a_test() {
    let modules = [
        convolution::OPERATIONS,
        elementwise::OPERATIONS,
        histograms::OPERATIONS,
        image::OPERATIONS,
        matrix::OPERATIONS,
        memory::OPERATIONS,
        peak::OPERATIONS,
        reductions::OPERATIONS,
        regions::OPERATIONS,
        resizing::OPERATIONS,
        storage::OPERATIONS,
    ];
    let tested: BTreeSet<&str> = modules.concat().into_iter().map(|(operation, _)| operation).collect();
    let all: BTreeSet<&str> = Counting::OPERATIONS.iter().copied().collect();
    assert_eq!(tested, all, "left: operations with a conformance test, right: all operations");
}
