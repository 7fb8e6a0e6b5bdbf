//! Reading and writing through a C caller's pointers.

#![expect(unsafe_code, reason = "the caller's pointers are all there is")]

use crate::status::Status;
use std::ffi::{CStr, c_char, c_void};

/// Stores a result where the caller wants it.
///
/// # Safety
///
/// `to` is null or points to memory that a `T` can be written to.
pub(super) unsafe fn store<T>(to: *mut T, value: T) -> Result<(), Status> {
    if to.is_null() {
        return Err(Status::InvalidValue);
    }
    // SAFETY: not null, so writable as the caller promises; unaligned writes are allowed for.
    unsafe { to.write_unaligned(value) };
    Ok(())
}

/// A C string.
///
/// # Safety
///
/// `text` is null or points to a string that ends with a zero and lives for `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Result<&'a str, Status> {
    if text.is_null() {
        return Err(Status::InvalidValue);
    }
    // SAFETY: not null, so a string as the caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Status::InvalidValue)
}

/// Bytes of the host.
///
/// # Safety
///
/// `from` is null or points to `bytes` readable bytes that nobody writes during `'a`.
pub(super) unsafe fn bytes<'a>(from: *const c_void, bytes: usize) -> Result<&'a [u8], Status> {
    if bytes == 0 {
        return Ok(&[]);
    }
    if from.is_null() {
        return Err(Status::InvalidValue);
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(from.cast(), bytes) })
}

/// Bytes of the host, to write.
///
/// # Safety
///
/// `to` is null or points to `bytes` writable bytes that nobody else touches during `'a`.
pub(super) unsafe fn bytes_mut<'a>(to: *mut c_void, bytes: usize) -> Result<&'a mut [u8], Status> {
    if bytes == 0 {
        return Ok(&mut []);
    }
    if to.is_null() {
        return Err(Status::InvalidValue);
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts_mut(to.cast(), bytes) })
}
