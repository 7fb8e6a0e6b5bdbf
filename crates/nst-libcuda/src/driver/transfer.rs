//! Copies between host and device, and fills. All are done when the call returns.

#![expect(unsafe_code, reason = "exports functions for C callers, and reaches their memory")]

use super::context::check_stream;
use super::in_context;
use super::pointer::{bytes, bytes_mut};
use super::state::State;
use crate::status::Status;
use std::ffi::{c_int, c_uchar, c_uint, c_void};

/// What the driver answers to a range that is not within one allocation; the words are kept.
fn refused(state: &mut State, call: &str, error: &nst_ptx::Error) -> Status {
    state.fault(format!("{call}: {error}"));
    Status::InvalidValue
}

fn upload(state: &mut State, to: u64, data: &[u8]) -> Result<(), Status> {
    state.memory.write(to, data).map_err(|error| refused(state, "copy to the device", &error))?;
    let tally = state.tally();
    tally.queue();
    tally.report.transfers.uploads += 1;
    tally.report.transfers.uploaded_bytes += data.len() as u64;
    Ok(())
}

fn download(state: &mut State, from: u64, data: &mut [u8], waits: bool) -> Result<(), Status> {
    state.memory.read(from, data).map_err(|error| refused(state, "copy from the device", &error))?;
    let tally = state.tally();
    tally.queue();
    tally.report.transfers.downloads += 1;
    tally.report.transfers.downloaded_bytes += data.len() as u64;
    if waits {
        tally.synchronise();
    }
    Ok(())
}

fn copied(state: &mut State, bytes: u64) {
    let tally = state.tally();
    tally.queue();
    tally.report.transfers.copies += 1;
    tally.report.transfers.copied_bytes += bytes;
}

fn copy(state: &mut State, to: u64, from: u64, bytes: u64) -> Result<(), Status> {
    state.memory.copy(from, to, bytes).map_err(|error| refused(state, "copy within the device", &error))?;
    copied(state, bytes);
    Ok(())
}

fn fill(state: &mut State, to: u64, value: u8, bytes: u64) -> Result<(), Status> {
    state.memory.fill(to, value, bytes).map_err(|error| refused(state, "fill", &error))?;
    copied(state, bytes);
    Ok(())
}

/// Whether host memory is page-locked, so that a copy to it needs no waiting.
fn is_pinned(state: &State, pointer: *const c_void) -> bool {
    let address = pointer as usize;
    let before = state.pinned.range(..=address).next_back();
    before.is_some_and(|(&start, layout)| address - start < layout.size())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyHtoD_v2(to: u64, from: *const c_void, length: usize) -> c_int {
    // SAFETY: the caller promises `length` readable bytes.
    in_context(|state| upload(state, to, unsafe { bytes(from, length) }?))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyHtoDAsync_v2(
    to: u64,
    from: *const c_void,
    length: usize,
    stream: usize,
) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        // SAFETY: the caller promises `length` readable bytes.
        upload(state, to, unsafe { bytes(from, length) }?)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: u64, length: usize) -> c_int {
    // SAFETY: the caller promises `length` writable bytes.
    in_context(|state| download(state, from, unsafe { bytes_mut(to, length) }?, true))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoHAsync_v2(to: *mut c_void, from: u64, length: usize, stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        // The CUDA driver's manual, "API synchronization behavior": to pageable memory the call returns when the copy is done.
        let waits = !is_pinned(state, to);
        // SAFETY: the caller promises `length` writable bytes.
        download(state, from, unsafe { bytes_mut(to, length) }?, waits)
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuMemcpyDtoD_v2(to: u64, from: u64, length: usize) -> c_int {
    in_context(|state| copy(state, to, from, length as u64))
}

#[unsafe(no_mangle)]
extern "C" fn cuMemcpyDtoDAsync_v2(to: u64, from: u64, length: usize, stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        copy(state, to, from, length as u64)
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuMemsetD8_v2(to: u64, value: c_uchar, length: usize) -> c_int {
    in_context(|state| fill(state, to, value, length as u64))
}

#[unsafe(no_mangle)]
extern "C" fn cuMemsetD8Async(to: u64, value: c_uchar, length: usize, stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        fill(state, to, value, length as u64)
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuMemsetD32Async(to: u64, value: c_uint, words: usize, stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        let length = words.checked_mul(4).ok_or(Status::InvalidValue)?;
        // The driver demands this alignment.
        if !to.is_multiple_of(4) {
            return Err(Status::InvalidValue);
        }
        let data = value.to_ne_bytes().repeat(words);
        state.memory.write(to, &data).map_err(|error| refused(state, "fill", &error))?;
        copied(state, length as u64);
        Ok(())
    })
}
