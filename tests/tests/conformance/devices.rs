//! The devices that the suite runs on.

use nst_cuda::Precision;
use nst_tensor::{Counting, Device};
use nst_tests::gpu::gpu;

/// A test of one operation on one device.
pub(crate) type Case = fn(&Device);

/// A device, and how its tests are run: a GPU's mistakes are asked for.
type Watched = (Device, Box<dyn Fn(&dyn Fn())>);

/// Every device there could be; fewer where this machine lacks some, which then is said. A new device joins here, and only
/// here.
fn watched() -> Vec<Watched> {
    let cpu = |device| -> Watched { (device, Box::new(|test| test())) };
    let threads = |number| Device::cpu_with_threads(number).expect("threads");
    let cpus = [Device::cpu(), threads(1), threads(3)].map(cpu);
    let gpus = [Precision::Float32, Precision::TensorFloat32].map(gpu).into_iter().flatten();
    let gpus = gpus.map(|gpu| -> Watched { (gpu.device.clone(), Box::new(move |test| gpu.watched(test))) });
    cpus.into_iter().chain(gpus).collect()
}

/// The devices that this machine has.
pub(crate) fn present() -> Vec<Device> {
    watched().into_iter().map(|(device, _)| device).collect()
}

/// How near a device comes, relative to the greatest expected magnitude.
pub(crate) fn tolerance(device: &Device) -> f32 {
    // f32 sums of a few thousand products; or their factors have eleven bits of mantissa.
    if device.name().ends_with("tf32)") { 2e-3 } else { 1e-5 }
}

/// Runs the test of an operation on every device, and under [`Counting`], which knows whether it calls the operation.
pub(crate) fn check(operation: &str, case: Case) {
    for (device, watched) in watched() {
        watched(&|| case(&device));
    }
    let counting = Counting::cpu();
    case(&Device::new(counting.clone()));
    assert!(counting.calls(operation) > 0, "the test of {operation} never calls it");
}
