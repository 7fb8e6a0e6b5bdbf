//! The primary context, streams and events. There is one queue: a stream or an event is a name for it.

#![expect(unsafe_code, reason = "exports functions for C callers")]

use super::pointer::store;
use super::state::{Handle, State};
use super::{in_context, initialised};
use crate::status::Status;
use std::ffi::{c_int, c_uint};

/// The primary context's handle.
pub(super) const PRIMARY: usize = 1;

/// Handles of streams that nobody makes: the default one under its three names.
const DEFAULT_STREAMS: [usize; 3] = [0, 1, 2];

/// Whether work may be queued on the stream.
pub(super) fn check_stream(state: &mut State, stream: usize) -> Result<(), Status> {
    let known = DEFAULT_STREAMS.contains(&stream) || matches!(state.handle(stream), Ok(Handle::Stream));
    if known { Ok(()) } else { Err(Status::InvalidHandle) }
}

fn check_event(state: &mut State, event: usize) -> Result<(), Status> {
    if matches!(state.handle(event), Ok(Handle::Event)) { Ok(()) } else { Err(Status::InvalidHandle) }
}

#[unsafe(no_mangle)]
extern "C" fn cuCtxSetCurrent(context: usize) -> c_int {
    initialised(|state| {
        if context > PRIMARY || (context == PRIMARY && state.retained == 0) {
            return Err(Status::InvalidContext);
        }
        state.tally().bound = context == PRIMARY;
        Ok(())
    })
}

// SAFETY: each pointer below is null or the caller's variable, as the driver's manual demands; `store` checks for null.

#[unsafe(no_mangle)]
unsafe extern "C" fn cuCtxGetCurrent(context: *mut usize) -> c_int {
    initialised(|state| {
        let current = if state.tally().bound { PRIMARY } else { 0 };
        // SAFETY: as above.
        unsafe { store(context, current) }
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuCtxSynchronize() -> c_int {
    in_context(|state| {
        state.tally().synchronise();
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamCreate(stream: *mut usize, _flags: c_uint) -> c_int {
    in_context(|state| {
        let handle = state.insert(Handle::Stream);
        // SAFETY: as above.
        unsafe { store(stream, handle) }
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamDestroy_v2(stream: usize) -> c_int {
    in_context(|state| state.remove(stream, |handle| matches!(handle, Handle::Stream)))
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamSynchronize(stream: usize) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        state.tally().synchronise();
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamQuery(stream: usize) -> c_int {
    in_context(|state| check_stream(state, stream))
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamWaitEvent(stream: usize, event: usize, _flags: c_uint) -> c_int {
    in_context(|state| {
        check_stream(state, stream)?;
        check_event(state, event)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventCreate(event: *mut usize, _flags: c_uint) -> c_int {
    in_context(|state| {
        let handle = state.insert(Handle::Event);
        // SAFETY: as above.
        unsafe { store(event, handle) }
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuEventRecord(event: usize, stream: usize) -> c_int {
    in_context(|state| {
        check_event(state, event)?;
        check_stream(state, stream)
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuEventQuery(event: usize) -> c_int {
    in_context(|state| check_event(state, event))
}

#[unsafe(no_mangle)]
extern "C" fn cuEventSynchronize(event: usize) -> c_int {
    in_context(|state| {
        check_event(state, event)?;
        state.tally().synchronise();
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuEventDestroy_v2(event: usize) -> c_int {
    in_context(|state| state.remove(event, |handle| matches!(handle, Handle::Event)))
}
