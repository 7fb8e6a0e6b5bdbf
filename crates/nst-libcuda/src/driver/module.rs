//! Modules of kernels, from PTX text, and what there is to know and to set about a kernel.

#![expect(unsafe_code, reason = "exports functions for C callers")]

use super::attributes::{SHARED, SHARED_AFTER_ASKING, THREADS};
use super::in_context;
use super::pointer::{store, text};
use super::state::{Function, Handle, Loaded, State};
use crate::status::Status;
use nst_ptx::Module;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::Arc;

/// `CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK`
const MOST_THREADS: c_uint = 0;
/// `CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES`
const STATIC_SHARED: c_uint = 1;
/// `CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES`
const MOST_DYNAMIC_SHARED: c_uint = 8;

pub(super) fn function(state: &mut State, number: usize) -> Result<&mut Function, Status> {
    match state.handle(number)? {
        Handle::Function(function) => Ok(function),
        _ => Err(Status::InvalidHandle),
    }
}

fn load(state: &mut State, ptx: &str) -> Result<Arc<Loaded>, Status> {
    let replacement = state.replacement.as_ref().filter(|(replaced, _)| replaced == ptx);
    let module = Module::parse(replacement.map_or(ptx, |(_, by)| by)).map_err(|error| {
        state.fault(error.to_string());
        Status::InvalidPtx
    })?;
    if let Some(kernel) = module.kernels().find(|kernel| kernel.shared_bytes() > SHARED) {
        let text = format!(
            "{}: {} bytes of static shared memory, at most {SHARED}",
            kernel.name(),
            kernel.shared_bytes()
        );
        state.fault(text);
        return Err(Status::InvalidPtx);
    }
    Ok(Arc::new(Loaded { module, ptx: ptx.to_owned() }))
}

// SAFETY: each pointer below is null or the caller's variable or string, as the driver's manual demands; the functions of
// `pointer` check for null.

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleLoadData(module: *mut usize, image: *const c_void) -> c_int {
    in_context(|state| {
        // SAFETY: as above. PTX is text; other images, which this driver does not know, start with bytes that are none.
        let loaded = load(state, unsafe { text(image.cast()) }.map_err(|_| Status::InvalidPtx)?)?;
        let handle = state.insert(Handle::Module(loaded));
        // SAFETY: as above.
        unsafe { store(module, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleLoadDataEx(
    module: *mut usize,
    image: *const c_void,
    _options: c_uint,
    _names: *mut c_uint,
    _values: *mut *mut c_void,
) -> c_int {
    // SAFETY: the caller's promises are the same. The options are for a compiler that is not there.
    unsafe { cuModuleLoadData(module, image) }
}

#[unsafe(no_mangle)]
extern "C" fn cuModuleUnload(module: usize) -> c_int {
    in_context(|state| state.remove(module, |handle| matches!(handle, Handle::Module(_))))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleGetFunction(found: *mut usize, module: usize, name: *const c_char) -> c_int {
    in_context(|state| {
        // SAFETY: as above.
        let name = unsafe { text(name) }?;
        let Handle::Module(loaded) = state.handle(module)? else { return Err(Status::InvalidHandle) };
        let kernel = loaded.module.kernel(name).ok_or(Status::NotFound)?;
        let most_dynamic_shared = SHARED - kernel.shared_bytes();
        let function = Function { loaded: Arc::clone(loaded), name: name.to_owned(), most_dynamic_shared };
        let handle = state.insert(Handle::Function(function));
        // SAFETY: as above.
        unsafe { store(found, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuFuncGetAttribute(value: *mut c_int, attribute: c_uint, number: usize) -> c_int {
    in_context(|state| {
        let function = function(state, number)?;
        let found = match attribute {
            MOST_THREADS => THREADS,
            STATIC_SHARED => function.kernel().shared_bytes(),
            MOST_DYNAMIC_SHARED => function.most_dynamic_shared,
            // Registers and the like, which an interpreter does not have.
            _ => return Err(Status::NotSupported),
        };
        // SAFETY: as above.
        unsafe { store(value, found.cast_signed()) }
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuFuncSetAttribute(number: usize, attribute: c_uint, value: c_int) -> c_int {
    in_context(|state| {
        let function = function(state, number)?;
        if attribute != MOST_DYNAMIC_SHARED {
            return Err(Status::NotSupported);
        }
        let most = SHARED_AFTER_ASKING - function.kernel().shared_bytes();
        let asked = u32::try_from(value).map_err(|_| Status::InvalidValue)?;
        if asked > most {
            return Err(Status::InvalidValue);
        }
        function.most_dynamic_shared = asked;
        Ok(())
    })
}
