//! The driver's error codes, those of them that the stand-in gives.

use std::ffi::{CStr, c_int};

/// A code of the driver's type `CUresult` (cuda.h). `Ok(())` stands for `CUDA_SUCCESS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    InvalidDevice = 101,
    InvalidContext = 201,
    InvalidPtx = 218,
    InvalidHandle = 400,
    NotFound = 500,
    IllegalAddress = 700,
    MisalignedAddress = 716,
    LaunchFailed = 719,
    NotSupported = 801,
    Unknown = 999,
}

/// What each code is called, and what the driver's manual says that it means, in fewer words.
const TEXTS: [(c_int, &CStr, &CStr); 14] = [
    (0, c"CUDA_SUCCESS", c"no error"),
    (1, c"CUDA_ERROR_INVALID_VALUE", c"invalid argument"),
    (2, c"CUDA_ERROR_OUT_OF_MEMORY", c"out of memory"),
    (3, c"CUDA_ERROR_NOT_INITIALIZED", c"initialization error"),
    (101, c"CUDA_ERROR_INVALID_DEVICE", c"invalid device ordinal"),
    (201, c"CUDA_ERROR_INVALID_CONTEXT", c"invalid device context"),
    (218, c"CUDA_ERROR_INVALID_PTX", c"a PTX JIT compilation failed"),
    (400, c"CUDA_ERROR_INVALID_HANDLE", c"invalid resource handle"),
    (500, c"CUDA_ERROR_NOT_FOUND", c"named symbol not found"),
    (700, c"CUDA_ERROR_ILLEGAL_ADDRESS", c"an illegal memory access was encountered"),
    (716, c"CUDA_ERROR_MISALIGNED_ADDRESS", c"misaligned address"),
    (719, c"CUDA_ERROR_LAUNCH_FAILED", c"unspecified launch failure"),
    (801, c"CUDA_ERROR_NOT_SUPPORTED", c"operation not supported"),
    (999, c"CUDA_ERROR_UNKNOWN", c"unknown error"),
];

/// The name and the description of a code; none for one that the stand-in never gives.
pub(crate) fn texts(code: c_int) -> Option<(&'static CStr, &'static CStr)> {
    TEXTS.iter().find(|text| text.0 == code).map(|&(_, name, text)| (name, text))
}

/// The code that C callers get.
pub(crate) fn code(result: Result<(), Status>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(status) => status as c_int,
    }
}

#[cfg(test)]
mod tests {
    use super::{Status, code, texts};

    #[test]
    fn every_code_has_a_name() {
        for status in [
            Status::InvalidValue,
            Status::OutOfMemory,
            Status::NotInitialized,
            Status::InvalidDevice,
            Status::InvalidContext,
            Status::InvalidPtx,
            Status::InvalidHandle,
            Status::NotFound,
            Status::IllegalAddress,
            Status::MisalignedAddress,
            Status::LaunchFailed,
            Status::NotSupported,
            Status::Unknown,
        ] {
            assert!(texts(code(Err(status))).is_some(), "{status:?}");
        }
        assert_eq!(texts(0).map(|(name, _)| name), Some(c"CUDA_SUCCESS"));
        assert_eq!(texts(12345), None);
    }
}
