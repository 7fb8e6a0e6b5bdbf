//! The same operation on the same values gives the same bits.

use crate::devices::present;
use crate::every_operation::Results;
use nst_tensor::Device;

type Bits = Vec<(&'static str, Vec<u64>)>;

fn bits(device: &Device) -> Bits {
    Results::of(device).and_then(|results| results.bits()).expect("results")
}

fn assert_same_bits(what: &str, a: Bits, b: Bits) {
    for ((operation, a), (_, b)) in a.into_iter().zip(b) {
        assert!(a == b, "{operation}: other bits {what}");
    }
}

#[test]
fn again_on_the_same_device() {
    for device in present() {
        assert_same_bits(&format!("at the second time on {device:?}"), bits(&device), bits(&device));
    }
}

#[test]
fn with_any_number_of_threads() {
    let with = |threads| bits(&Device::cpu_with_threads(threads).expect("threads"));
    let one = with(1);
    for threads in [2, 3] {
        assert_same_bits(&format!("with {threads} threads than with one"), one.clone(), with(threads));
    }
    assert_same_bits("on rayon's own pool than with one thread", one, bits(&Device::cpu()));
}
