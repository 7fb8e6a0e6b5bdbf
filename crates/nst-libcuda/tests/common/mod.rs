//! What the tests share: the driver, loaded before cudarc asks for it, and a kernel.

#![expect(clippy::unwrap_used, reason = "tests")]

use cudarc::driver::{CudaContext, CudaFunction};
use nst_libcuda::StandIn;
use std::sync::Arc;

/// Multiplies `n` values by `factor`; with more than `n` threads it needs its test of the index, which `unguarded` lacks.
pub(crate) const SCALE: &str = include_str!("scale.ptx");

/// The stand-in, and a context through cudarc.
pub(crate) fn device() -> (StandIn, Arc<CudaContext>) {
    let driver = StandIn::load().unwrap();
    (driver, CudaContext::new(0).unwrap())
}

/// A kernel of [`SCALE`].
#[allow(dead_code, reason = "not every test launches")]
pub(crate) fn function(context: &Arc<CudaContext>, name: &str) -> CudaFunction {
    context.load_module(SCALE.into()).unwrap().load_function(name).unwrap()
}

/// Lets a broken device work again: the driver's half, and the error that cudarc keeps of what was dropped meanwhile.
#[allow(dead_code, reason = "not every test breaks the device")]
pub(crate) fn mend(driver: &StandIn, context: &CudaContext) {
    driver.reset();
    let _ = context.check_err();
}
