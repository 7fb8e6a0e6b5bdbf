//! What the shared library exports besides the driver's functions, for [`crate::StandIn`].

#![expect(unsafe_code, reason = "exports functions for C callers")]

use super::with_state;
use nst_ptx::Checks;
use std::ffi::{CString, c_char, c_int};

/// The calling thread's report, or the whole process's, as JSON. The caller gives the string back to
/// `nst_libcuda_release`.
#[unsafe(no_mangle)]
extern "C" fn nst_libcuda_report(whole_process: c_int) -> *mut c_char {
    let mut text = String::new();
    with_state(|state| {
        text = state.report(whole_process != 0).to_json();
        Ok(())
    });
    // JSON writes a zero byte as an escape, so there is none.
    CString::new(text).unwrap_or_default().into_raw()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nst_libcuda_release(text: *mut c_char) {
    // SAFETY: the caller gives back a string that `nst_libcuda_report` made, once.
    drop(unsafe { CString::from_raw(text) });
}

#[unsafe(no_mangle)]
extern "C" fn nst_libcuda_set_capacity(bytes: u64) {
    with_state(|state| {
        state.capacity = bytes;
        Ok(())
    });
}

#[unsafe(no_mangle)]
extern "C" fn nst_libcuda_set_checks(races: bool, uninitialised: bool, counts: bool, budget: u64) {
    with_state(|state| {
        state.checks = Checks { races, uninitialised, counts, budget };
        Ok(())
    });
}

#[unsafe(no_mangle)]
extern "C" fn nst_libcuda_reset() {
    with_state(|state| {
        state.reset();
        Ok(())
    });
}
