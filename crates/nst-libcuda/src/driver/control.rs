//! What the shared library exports besides the driver's functions, for [`crate::StandIn`].

#![expect(unsafe_code, reason = "exports functions for C callers")]

use super::pointer::text;
use super::second_opinion::SecondOpinion;
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

/// Takes the libraries of a [`crate::Twin`], as JSON; an empty list ends the comparisons. Null, or what went wrong, which
/// the caller gives back to `nst_libcuda_release`.
#[unsafe(no_mangle)]
unsafe extern "C" fn nst_libcuda_second_opinion(libraries: *const c_char) -> *mut c_char {
    // SAFETY: the caller's string.
    let loaded = unsafe { text(libraries) }
        .map_err(|_| "no list of libraries".to_owned())
        .and_then(|list| serde_json::from_str(list).map_err(|error| error.to_string()))
        .and_then(|libraries| SecondOpinion::load(libraries).map_err(|error| error.to_string()));
    match loaded {
        Ok(second_opinion) => {
            with_state(|state| {
                state.second_opinion = second_opinion;
                Ok(())
            });
            std::ptr::null_mut()
        }
        Err(complaint) => CString::new(complaint).unwrap_or_default().into_raw(),
    }
}

/// From now on a module of the text `ptx` is loaded from the text `by`; two nulls end this.
#[unsafe(no_mangle)]
unsafe extern "C" fn nst_libcuda_replace(ptx: *const c_char, by: *const c_char) {
    // SAFETY: each is null or the caller's string.
    let texts = unsafe { (text(ptx), text(by)) };
    with_state(|state| {
        state.replacement = match texts {
            (Ok(ptx), Ok(by)) => Some((ptx.to_owned(), by.to_owned())),
            _ => None,
        };
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
