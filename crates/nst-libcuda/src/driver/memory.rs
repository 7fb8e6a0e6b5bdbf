//! Device memory: allocation, at once or in a stream's order, and how much there is.

#![expect(unsafe_code, reason = "exports functions for C callers")]

use super::context::check_stream;
use super::in_context;
use super::pointer::store;
use crate::status::Status;
use std::ffi::c_int;

// SAFETY: each pointer below is null or the caller's variable, as the driver's manual demands; `store` checks for null.

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAlloc_v2(address: *mut u64, bytes: usize) -> c_int {
    in_context(|state| {
        if bytes == 0 {
            return Err(Status::InvalidValue);
        }
        let allocated = state.allocate(bytes as u64)?;
        // SAFETY: as above.
        unsafe { store(address, allocated) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAllocAsync(address: *mut u64, bytes: usize, stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        // The manual does not say what becomes of no bytes: nobody is to rely on it.
        if bytes == 0 {
            return Err(Status::InvalidValue);
        }
        let allocated = state.allocate(bytes as u64)?;
        state.tally().queue();
        // SAFETY: as above.
        unsafe { store(address, allocated) }
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuMemFree_v2(address: u64) -> c_int {
    in_context(|state| if address == 0 { Ok(()) } else { state.free(address) })
}

#[unsafe(no_mangle)]
extern "C" fn cuMemFreeAsync(address: u64, stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        if address != 0 {
            state.free(address)?;
        }
        state.tally().queue();
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> c_int {
    in_context(|state| {
        // SAFETY: as above.
        unsafe {
            store(free, state.free_bytes() as usize)?;
            store(total, state.capacity as usize)
        }
    })
}
