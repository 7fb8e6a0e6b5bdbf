//! The memory of the CUDA device, on the stand-in for the driver. One test after another: its size is the whole process's.
#![cfg(target_os = "linux")]

use nst_cuda::{Precision, open};
use nst_libcuda::StandIn;
use nst_tensor::{Device, Error, Map, Result, Tensor};

const MEBIBYTE: usize = 1 << 20;

#[test]
fn memory() {
    let stand_in = StandIn::load().expect("the stand-in for libcuda.so");
    what_was_given_back_is_used_again(&stand_in);
    too_much_is_refused_and_the_rest_goes_on(&stand_in);
    nothing_is_left_behind(&stand_in);
}

fn device() -> Device {
    open(0, Precision::Float32).expect("the stand-in's GPU")
}

fn allocations(stand_in: &StandIn) -> usize {
    stand_in.report().expect("a report").leaks.len()
}

/// Tensors of `mebibytes`.
fn full(device: &Device, mebibytes: usize) -> Result<Tensor> {
    Tensor::full(device, [mebibytes * MEBIBYTE / 4], 1.0)
}

fn what_was_given_back_is_used_again(stand_in: &StandIn) {
    let device = device();
    let round = || full(&device, 2)?.map(Map::Square)?.scale(2.0)?.sum()?.item();
    round().expect("work");
    let after_one = allocations(stand_in);
    for _ in 0..5 {
        round().expect("work");
    }
    assert_eq!(allocations(stand_in), after_one, "every round allocates");
    assert_eq!(device.memory().in_use, 0);
    // Three tensors live to the end of the round.
    assert!((6 * MEBIBYTE..7 * MEBIBYTE).contains(&device.memory().peak), "{:?}", device.memory());
}

fn too_much_is_refused_and_the_rest_goes_on(stand_in: &StandIn) {
    stand_in.set_capacity(32 << 20);
    let device = device();
    let held = full(&device, 10).expect("room");
    drop(full(&device, 14).expect("room"));
    // Fits only if the 14 MiB that nobody holds are given back first.
    let more = full(&device, 20).expect("room after giving back");
    let error = full(&device, 5).expect_err("no room");
    let Error::Backend { operation: "fill", message, .. } = &error else { panic!("{error}") };
    assert!(
        message.starts_with(
            "out of memory: 5 MiB more were needed, 30 MiB are in use here and 2 MiB free; make the picture"
        ),
        "{message}"
    );
    drop(more);
    let again = full(&device, 5).expect("room again");
    let sums = [&held, &again].map(|tensor| tensor.sum().and_then(|sum| sum.item()).expect("a sum"));
    assert_eq!(sums, [10.0, 5.0].map(|mebibytes: f32| mebibytes * 262_144.0));
    stand_in.set_capacity(1 << 30);
}

fn nothing_is_left_behind(stand_in: &StandIn) {
    let before = allocations(stand_in);
    let device = device();
    let tensor = full(&device, 1).and_then(|tensor| tensor.scale(2.0)).expect("a tensor");
    assert!(allocations(stand_in) > before);
    drop(device);
    // The tensor keeps its device alive.
    assert_eq!(tensor.sum().and_then(|sum| sum.item()).expect("a sum"), 524_288.0);
    // Nothing of CUDA was ever used in this thread.
    std::thread::spawn(move || drop(tensor)).join().expect("a thread");
    assert_eq!(allocations(stand_in), before, "a dropped device leaves memory behind");
}
