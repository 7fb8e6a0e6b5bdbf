//! GPUs: through nst-cuda where this program was built with the feature `cuda`, none where it was not.

use crate::device::Precision;
use crate::devices::Listed;
use anyhow::Result;
use nst_tensor::Device;

/// What to do where `--device cuda` cannot be had.
const ADVICE: &str = "`nst devices` lists what there is; --device cpu serves on any machine";

/// The GPU of this number, ready.
///
/// # Errors
/// If it cannot be used.
#[cfg(feature = "cuda")]
pub(crate) fn open(number: usize, precision: Precision) -> Result<Device> {
    let precision = match precision {
        Precision::F32 => nst_cuda::Precision::Float32,
        Precision::Tf32 => nst_cuda::Precision::TensorFloat32,
    };
    nst_cuda::open(number, precision)
        .map_err(|error| anyhow::anyhow!("--device cuda:{number}: {error}; {ADVICE}"))
}

/// The GPUs that the driver lists.
///
/// # Errors
/// If there is no driver or it fails.
#[cfg(feature = "cuda")]
pub(crate) fn list() -> Result<Vec<Listed>> {
    use nst_cuda::Precision as Kind;
    let listed = |gpu: nst_cuda::Gpu| {
        let (major, minor) = gpu.compute_capability;
        let kinds = [Kind::Float32, Kind::TensorFloat32];
        let serves = |kind: &Kind| gpu.compute_capability >= kind.needs();
        Listed {
            device: format!("cuda:{}", gpu.ordinal),
            compute_capability: Some(format!("{major}.{minor}")),
            memory_bytes: Some(gpu.memory),
            free_bytes: Some(gpu.free),
            precisions: kinds.into_iter().filter(serves).map(Kind::name).collect(),
            name: gpu.name,
        }
    };
    Ok(nst_cuda::gpus()?.into_iter().map(listed).collect())
}

/// Why there is no GPU for a program that cannot use one.
#[cfg(not(feature = "cuda"))]
const BUILT_WITHOUT: &str = "this program was built without CUDA (cargo's feature `cuda`)";

/// Refuses.
#[cfg(not(feature = "cuda"))]
pub(crate) fn open(_: usize, _: Precision) -> Result<Device> {
    Err(crate::failure::usage(format!("--device cuda: {BUILT_WITHOUT}; {ADVICE}")))
}

/// Refuses.
#[cfg(not(feature = "cuda"))]
pub(crate) fn list() -> Result<Vec<Listed>> {
    Err(anyhow::anyhow!(BUILT_WITHOUT))
}
