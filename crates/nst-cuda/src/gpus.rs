//! What GPUs there are.

use crate::{Error, Result};
use cudarc::driver::{CudaContext, sys};

/// A GPU that the driver lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gpu {
    /// Its number.
    pub ordinal: usize,
    /// What the maker calls it.
    pub name: String,
    /// Its compute capability, major and minor.
    pub compute_capability: (i32, i32),
    /// Its memory, in bytes.
    pub memory: usize,
    /// The part that nobody uses, in bytes.
    pub free: usize,
}

/// The GPUs that the driver lists, each opened for a moment.
///
/// # Errors
/// If there is no driver or it fails.
pub fn gpus() -> Result<Vec<Gpu>> {
    (0..count()?).map(|ordinal| describe(ordinal, &*context(ordinal)?)).collect()
}

fn describe(ordinal: usize, context: &CudaContext) -> Result<Gpu> {
    let describe = || {
        let (free, memory) = context.mem_get_info()?;
        let (name, compute_capability) = (context.name()?, context.compute_capability()?);
        Ok(Gpu { ordinal, name, compute_capability, memory, free })
    };
    describe().map_err(Error::during("describe a GPU"))
}

/// How many GPUs there are.
pub(crate) fn count() -> Result<usize> {
    if !driver_is_present() {
        return Err(Error::NoDriver);
    }
    if let Some(function) = FUNCTIONS.into_iter().find(|function| !driver_has(function)) {
        let message = format!("it has no function {function}; install NVIDIA's driver 525 or newer");
        return Err(Error::Driver { operation: "offer what is needed", message });
    }
    match CudaContext::device_count() {
        Ok(count) => Ok(usize::try_from(count).unwrap_or(0)),
        Err(error) if error.0 == sys::CUresult::CUDA_ERROR_NO_DEVICE => Ok(0),
        Err(error) => Err(Error::during("count GPUs")(error)),
    }
}

/// Opens a GPU that is there.
pub(crate) fn context(ordinal: usize) -> Result<std::sync::Arc<CudaContext>> {
    CudaContext::new(ordinal).map_err(Error::during("open a GPU"))
}

/// What is called of the driver; cudarc panics where one is missing.
const FUNCTIONS: [&str; 26] = [
    "cuCtxGetCurrent",
    "cuCtxSetCurrent",
    "cuDeviceGet",
    "cuDeviceGetAttribute",
    "cuDeviceGetCount",
    "cuDeviceGetName",
    "cuDevicePrimaryCtxRelease_v2",
    "cuDevicePrimaryCtxRetain",
    "cuEventCreate",
    "cuEventDestroy_v2",
    "cuGetErrorName",
    "cuGetErrorString",
    "cuInit",
    "cuLaunchKernel",
    "cuMemAllocAsync",
    "cuMemAlloc_v2",
    "cuMemFreeAsync",
    "cuMemFree_v2",
    "cuMemGetInfo_v2",
    "cuMemcpyDtoDAsync_v2",
    "cuMemcpyDtoH_v2",
    "cuMemcpyHtoD_v2",
    "cuModuleGetFunction",
    "cuModuleLoadData",
    "cuModuleUnload",
    "cuStreamSynchronize",
];

#[expect(unsafe_code, reason = "looks a symbol up")]
fn driver_has(function: &str) -> bool {
    // SAFETY: the library is there; the symbol is not called, nor read as anything but an address.
    unsafe { sys::culib().get::<*const ()>(function.as_bytes()).is_ok() }
}

/// Every call into cudarc panics where the library is missing, so this comes first.
#[expect(unsafe_code, reason = "loads the driver's library")]
fn driver_is_present() -> bool {
    // SAFETY: loading NVIDIA's driver runs its initialisers, which is what they are for.
    unsafe { sys::is_culib_present() }
}
