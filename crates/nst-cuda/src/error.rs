//! Why a GPU cannot be used.

use cudarc::driver::DriverError;
use cudarc::driver::sys::CUresult;

/// A GPU that cannot be used. Operations on an open device fail with [`nst_tensor::Error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// NVIDIA's driver is not installed.
    #[error(
        "there is no NVIDIA driver on this machine (its library, libcuda.so or nvcuda.dll, was not found)"
    )]
    NoDriver,
    /// The driver knows fewer GPUs.
    #[error("there is no GPU number {ordinal}: the driver lists {count}, numbered from 0")]
    NoGpu {
        /// What was asked for.
        ordinal: usize,
        /// How many there are.
        count: usize,
    },
    /// The GPU lacks what the kernels need.
    #[error("{name} has compute capability {}.{}, {wants} needs {}.{}", has.0, has.1, needs.0, needs.1)]
    TooOld {
        /// The GPU.
        name: String,
        /// Its compute capability.
        has: (i32, i32),
        /// What needs more.
        wants: &'static str,
        /// The least that serves.
        needs: (i32, i32),
    },
    /// The driver failed.
    #[error("the NVIDIA driver failed to {operation}: {message}")]
    Driver {
        /// What it was asked for.
        operation: &'static str,
        /// What it said.
        message: String,
    },
}

impl Error {
    /// Says what the driver was asked for.
    pub(crate) fn during(operation: &'static str) -> impl Fn(DriverError) -> Self {
        move |error| Self::Driver { operation, message: said(error) }
    }
}

/// What the driver said.
pub(crate) fn said(error: DriverError) -> String {
    if error.0 == CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION {
        return "the NVIDIA driver is too old: 525 or newer is needed".into();
    }
    match (error.error_name(), error.error_string()) {
        (Ok(name), Ok(text)) => format!("{} ({})", text.to_string_lossy(), name.to_string_lossy()),
        _ => format!("error {}", error.0 as u32),
    }
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
