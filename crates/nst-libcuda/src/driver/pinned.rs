//! Page-locked host memory, which copies from the device reach without waiting for them.

#![expect(unsafe_code, reason = "exports functions for C callers, and allocates for them")]

use super::in_context;
use super::pointer::store;
use crate::status::Status;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{c_int, c_uint};

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemHostAlloc(pointer: *mut usize, bytes: usize, _flags: c_uint) -> c_int {
    in_context(|state| {
        if bytes == 0 || pointer.is_null() {
            return Err(Status::InvalidValue);
        }
        let layout = Layout::from_size_align(bytes, 4096).map_err(|_| Status::OutOfMemory)?;
        // SAFETY: the layout's size is not zero.
        let address = unsafe { alloc_zeroed(layout) } as usize;
        if address == 0 {
            return Err(Status::OutOfMemory);
        }
        state.pinned.insert(address, layout);
        // SAFETY: null or the caller's variable, as the driver's manual demands.
        unsafe { store(pointer, address) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemFreeHost(address: usize) -> c_int {
    in_context(|state| {
        let layout = state.pinned.remove(&address).ok_or(Status::InvalidValue)?;
        // SAFETY: `cuMemHostAlloc` gave out the address with this layout, and it is not in the map any more. The caller
        // promises, as to the driver, that nobody uses it.
        unsafe { dealloc(address as *mut u8, layout) };
        Ok(())
    })
}
