//! The driver's half: the functions that `libcuda.so` exports, over one state behind one lock.
//!
//! Work is done at once, in the call that asks for it, so every stream is idle when a call returns. What a program sees is
//! one legal order of events of the real driver: a fault shows as the driver shows it, not by the launch but by the calls
//! after it, and stays.

mod attributes;
mod context;
mod control;
mod device;
mod environment;
mod launch;
mod memory;
mod module;
mod pinned;
mod pointer;
mod second_opinion;
mod state;
mod transfer;

use crate::status::{Status, code};
use state::State;
use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);

/// Runs a function on the state. A panic must not cross into the C caller: it becomes a fault and an error code.
fn with_state(body: impl FnOnce(&mut State) -> Result<(), Status>) -> c_int {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let result = catch_unwind(AssertUnwindSafe(|| body(&mut state)));
    code(result.unwrap_or_else(|panic| {
        state.fault(format!("the stand-in panicked: {}", panic_text(&*panic)));
        Err(Status::Unknown)
    }))
}

/// An entry point that needs nothing but `cuInit`.
fn initialised(body: impl FnOnce(&mut State) -> Result<(), Status>) -> c_int {
    with_state(|state| if state.initialised { body(state) } else { Err(Status::NotInitialized) })
}

/// An entry point that works on the calling thread's context. After a fault all of them give its code.
fn in_context(body: impl FnOnce(&mut State) -> Result<(), Status>) -> c_int {
    initialised(|state| {
        if !state.tally().bound {
            return Err(Status::InvalidContext);
        }
        state.broken.map_or(Ok(()), Err)?;
        body(state)
    })
}

/// The calling thread, by which work is counted.
fn caller() -> thread::ThreadId {
    thread::current().id()
}

/// What a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
