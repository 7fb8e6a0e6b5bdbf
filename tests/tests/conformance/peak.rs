//! What a device says of its speed.

use nst_tensor::Device;

operations!(peak_flops);

fn peak_flops(device: &Device) {
    let peak = device.peak_flops().expect("a peak");
    // From an interpreted GPU to a rack of accelerators.
    assert!((1e5..1e18).contains(&peak), "{peak:e} on {device:?}");
}
