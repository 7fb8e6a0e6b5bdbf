//! The devices that the suite runs on.

use nst_tensor::{Counting, Device};

/// A test of one operation on one device.
pub(crate) type Case = fn(&Device);

/// Every device there could be, by name; `None` where this machine lacks it. A new device joins here, and only here.
fn candidates() -> Vec<(&'static str, Option<Device>)> {
    let threads = |number| Some(Device::cpu_with_threads(number).expect("threads"));
    vec![("cpu", Some(Device::cpu())), ("cpu with 1 thread", threads(1)), ("cpu with 3 threads", threads(3))]
}

/// The devices that this machine has.
pub(crate) fn present() -> Vec<Device> {
    let present = candidates().into_iter().filter_map(|(name, device)| {
        if device.is_none() {
            println!("skipped: {name}");
        }
        device
    });
    present.collect()
}

/// Runs the test of an operation on every device, and under [`Counting`], which knows whether it calls the operation.
pub(crate) fn check(operation: &str, case: Case) {
    for device in present() {
        case(&device);
    }
    let counting = Counting::cpu();
    case(&Device::new(counting.clone()));
    assert!(counting.calls(operation) > 0, "the test of {operation} never calls it");
}
