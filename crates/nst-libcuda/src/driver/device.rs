//! `cuInit`, the version, error texts, and what there is to know about the one device.

#![expect(unsafe_code, reason = "exports functions for C callers")]

use super::pointer::store;
use super::{attributes, environment, initialised, with_state};
use crate::status::{Status, code, texts};
use std::ffi::{c_char, c_int, c_uint};

/// The only device there is.
fn check(device: c_int) -> Result<(), Status> {
    if device == 0 { Ok(()) } else { Err(Status::InvalidDevice) }
}

#[unsafe(no_mangle)]
extern "C" fn cuInit(flags: c_uint) -> c_int {
    with_state(|state| {
        if flags != 0 {
            return Err(Status::InvalidValue);
        }
        if !state.initialised {
            environment::apply(state)?;
            state.initialised = true;
        }
        Ok(())
    })
}

// SAFETY: each pointer below is null or the caller's variable, as the driver's manual demands; `store` checks for null.

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> c_int {
    // SAFETY: as above.
    code(unsafe { store(version, attributes::VERSION) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorName(error: c_int, text: *mut *const c_char) -> c_int {
    let found = texts(error).map_or(std::ptr::null(), |(name, _)| name.as_ptr());
    // SAFETY: as above.
    let stored = unsafe { store(text, found) };
    code(if found.is_null() { Err(Status::InvalidValue) } else { stored })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorString(error: c_int, text: *mut *const c_char) -> c_int {
    let found = texts(error).map_or(std::ptr::null(), |(_, description)| description.as_ptr());
    // SAFETY: as above.
    let stored = unsafe { store(text, found) };
    code(if found.is_null() { Err(Status::InvalidValue) } else { stored })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> c_int {
    // SAFETY: as above.
    initialised(|_| unsafe { store(count, 1) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> c_int {
    initialised(|_| {
        check(ordinal)?;
        // SAFETY: as above.
        unsafe { store(device, 0) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, device: c_int) -> c_int {
    initialised(|_| {
        check(device)?;
        let room = usize::try_from(length).unwrap_or(0);
        if name.is_null() || room == 0 {
            return Err(Status::InvalidValue);
        }
        let text = attributes::NAME.to_bytes();
        let shown = text.len().min(room - 1);
        // SAFETY: the caller's buffer has `length` bytes, and `shown` and a zero fit into them.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr().cast(), name, shown);
            name.add(shown).write(0);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetUuid(uuid: *mut [u8; 16], device: c_int) -> c_int {
    initialised(|_| {
        check(device)?;
        // SAFETY: as above.
        unsafe { store(uuid, attributes::UUID) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetUuid_v2(uuid: *mut [u8; 16], device: c_int) -> c_int {
    // SAFETY: the caller's promises are the same.
    unsafe { cuDeviceGetUuid(uuid, device) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) -> c_int {
    initialised(|state| {
        check(device)?;
        // SAFETY: as above.
        unsafe { store(bytes, state.capacity as usize) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_uint, device: c_int) -> c_int {
    initialised(|_| {
        check(device)?;
        let found = attributes::value(attribute)?.cast_signed();
        // SAFETY: as above.
        unsafe { store(value, found) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDevicePrimaryCtxRetain(context: *mut usize, device: c_int) -> c_int {
    initialised(|state| {
        check(device)?;
        state.retained += 1;
        // SAFETY: as above.
        unsafe { store(context, super::context::PRIMARY) }
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> c_int {
    initialised(|state| {
        check(device)?;
        state.retained = state.retained.checked_sub(1).ok_or(Status::InvalidContext)?;
        Ok(())
    })
}
