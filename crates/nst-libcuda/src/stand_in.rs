//! The tests' half: loads the shared library and asks it what it saw.

#![expect(unsafe_code, reason = "loads a shared library and calls its functions")]

use crate::{Error, Report};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use nst_ptx::Checks;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::{CStr, c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The loaded driver. It stays loaded until the process ends; every value of this type is the same one.
#[derive(Clone, Debug)]
pub struct StandIn {
    path: PathBuf,
    entry: Entry,
}

/// The functions of the shared library that are not the driver's (`driver/control.rs`).
#[derive(Clone, Copy, Debug)]
struct Entry {
    report: unsafe extern "C" fn(c_int) -> *mut c_char,
    release: unsafe extern "C" fn(*mut c_char),
    set_capacity: unsafe extern "C" fn(u64),
    set_checks: unsafe extern "C" fn(bool, bool, bool, u64),
    reset: unsafe extern "C" fn(),
}

impl StandIn {
    /// Loads the shared library that cargo built for this crate, which from then on is what programs get that ask the
    /// dynamic linker for `libcuda.so`, cudarc among them. Before the first call into cudarc, which keeps what it finds first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the library is neither beside the running program nor in `deps` there or one folder up, where
    /// cargo puts it for tests, examples and binaries; [`Error::Library`] if it cannot be loaded.
    pub fn load() -> Result<Self, Error> {
        static LOADED: OnceLock<StandIn> = OnceLock::new();
        if let Some(loaded) = LOADED.get() {
            return Ok(loaded.clone());
        }
        let path = find()?;
        let entry = Entry::load(&path).map_err(|source| Error::Library { path: path.clone(), source })?;
        Ok(LOADED.get_or_init(|| Self { path, entry }).clone())
    }

    /// Where the shared library is. A link to it that is called `libcuda.so`, in a folder named by `LD_LIBRARY_PATH`, gives
    /// it to any other program.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the calling thread has done since it last called [`StandIn::reset`]. Tests that run beside each other, each in
    /// its thread, do not disturb each other's counters; only memory in use and its peak are the whole device's.
    ///
    /// # Errors
    ///
    /// [`Error::Report`] if the library is not of this build.
    pub fn report(&self) -> Result<Report, Error> {
        self.ask(0)
    }

    /// What the whole process has done, every thread since its last [`StandIn::reset`].
    ///
    /// # Errors
    ///
    /// As [`StandIn::report`].
    pub fn process_report(&self) -> Result<Report, Error> {
        self.ask(1)
    }

    /// Sets the device's memory, for the whole process. What is allocated stays.
    pub fn set_capacity(&self, bytes: u64) {
        // SAFETY: the function takes any number.
        unsafe { (self.entry.set_capacity)(bytes) }
    }

    /// Sets what the interpreter looks for and counts in launches from now on, for the whole process; at first everything.
    pub fn set_checks(&self, checks: Checks) {
        let Checks { races, uninitialised, counts, budget } = checks;
        // SAFETY: the function takes any values.
        unsafe { (self.entry.set_checks)(races, uninitialised, counts, budget) }
    }

    /// Sets the calling thread's counters to zero, forgets its faults, disowns the memory that it has allocated, and, for the
    /// whole process, lets the driver work again after a fault. The real driver cannot do the last.
    pub fn reset(&self) {
        // SAFETY: the function takes nothing and is safe to call from any thread.
        unsafe { (self.entry.reset)() }
    }

    fn ask(&self, whole_process: c_int) -> Result<Report, Error> {
        // SAFETY: the function gives a string that is ours until it is released, once, below.
        let text = unsafe { (self.entry.report)(whole_process) };
        // SAFETY: it ends with a zero.
        let report = serde_json::from_slice(unsafe { CStr::from_ptr(text) }.to_bytes());
        // SAFETY: nothing refers to it any more.
        unsafe { (self.entry.release)(text) }
        Ok(report?)
    }
}

impl Entry {
    fn load(path: &Path) -> Result<Self, libloading::Error> {
        // SAFETY: the library's only initialisers are those of Rust's runtime. Local: nothing but a request for libcuda.so by
        // name must find its symbols.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }?;
        // SAFETY: the functions have these types in `driver/control.rs`.
        let entry = unsafe {
            Self {
                report: *library.get(b"nst_libcuda_report")?,
                release: *library.get(b"nst_libcuda_release")?,
                set_capacity: *library.get(b"nst_libcuda_set_capacity")?,
                set_checks: *library.get(b"nst_libcuda_set_checks")?,
                reset: *library.get(b"nst_libcuda_reset")?,
            }
        };
        // Never unloaded: cudarc keeps pointers into it.
        std::mem::forget(library);
        Ok(entry)
    }
}

/// The shared library of this crate, where cargo leaves it.
fn find() -> Result<PathBuf, Error> {
    let name = format!("{DLL_PREFIX}nst_libcuda{DLL_SUFFIX}");
    let program = std::env::current_exe()
        .map_err(|source| Error::System { what: "find the running program".into(), source })?;
    let searched: Vec<PathBuf> =
        program.ancestors().skip(1).take(2).flat_map(|folder| [folder.join("deps"), folder.into()]).collect();
    let found = searched.iter().map(|folder| folder.join(&name)).find(|path| path.is_file());
    found.ok_or(Error::NotFound { name, searched })
}
