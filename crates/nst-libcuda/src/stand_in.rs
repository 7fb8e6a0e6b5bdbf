//! The tests' half: loads the shared library and asks it what it saw.

#![expect(unsafe_code, reason = "loads a shared library and calls its functions")]

use crate::{Error, Report, Twin};
use libloading::Library;
use nst_ptx::Checks;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::{CStr, CString, c_char, c_int};
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
    second_opinion: unsafe extern "C" fn(*const c_char) -> *mut c_char,
    replace: unsafe extern "C" fn(*const c_char, *const c_char),
    reset: unsafe extern "C" fn(),
}

impl StandIn {
    /// Loads the shared library that cargo built for this crate, which from then on is what programs get that ask the
    /// dynamic linker for `libcuda.so`, cudarc among them. Before the first call into cudarc, which keeps what it finds first.
    ///
    /// # Errors
    ///
    /// [`Error::Platform`] on another system than Linux; [`Error::NotFound`] if the library is neither beside the running program nor in `deps` there or one folder up, where
    /// cargo puts it for tests, examples and binaries; [`Error::Library`] if it cannot be loaded.
    pub fn load() -> Result<Self, Error> {
        static LOADED: OnceLock<StandIn> = OnceLock::new();
        if !cfg!(target_os = "linux") {
            return Err(Error::Platform);
        }
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

    /// From now on does each launch of a kernel that has a twin a second time, on the host, from the same memory, and compares
    /// all of the device's memory. A difference is a fault: its words name the kernel, the address and both values, and the
    /// device is broken. `None` ends this. For the whole process; launches wait for each other meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::SecondOpinion`] if the twin cannot be loaded.
    pub fn second_opinion(&self, twin: Option<&Twin>) -> Result<(), Error> {
        let libraries = serde_json::to_string(twin.map_or(&[][..], |twin| &twin.libraries))?;
        // JSON writes a zero byte as an escape, so there is none.
        let libraries = CString::new(libraries).unwrap_or_default();
        // SAFETY: a string that outlives the call.
        let complaint = unsafe { (self.entry.second_opinion)(libraries.as_ptr()) };
        if complaint.is_null() { Ok(()) } else { Err(Error::SecondOpinion(self.take(complaint))) }
    }

    /// From now on loads the PTX `by` where a program loads the PTX `ptx`: to plant a mistake in a kernel and see that it is
    /// found. One text at a time, for the whole process; `None` ends this. Modules that are loaded stay as they are, and the
    /// second opinion stays that of `ptx`.
    ///
    /// # Errors
    ///
    /// [`Error::Text`] if a text holds a zero byte.
    pub fn replace(&self, texts: Option<(&str, &str)>) -> Result<(), Error> {
        let Some((ptx, by)) = texts else {
            // SAFETY: nulls are allowed.
            unsafe { (self.entry.replace)(std::ptr::null(), std::ptr::null()) };
            return Ok(());
        };
        let (ptx, by) = (CString::new(ptx)?, CString::new(by)?);
        // SAFETY: strings that outlive the call.
        unsafe { (self.entry.replace)(ptx.as_ptr(), by.as_ptr()) };
        Ok(())
    }

    /// Sets the calling thread's counters to zero, forgets its faults, disowns the memory that it has allocated, and, for the
    /// whole process, lets the driver work again after a fault. The real driver cannot do the last.
    /// cudarc keeps an error of its own if something was dropped meanwhile; its `CudaContext::check_err` takes that away.
    pub fn reset(&self) {
        // SAFETY: the function takes nothing and is safe to call from any thread.
        unsafe { (self.entry.reset)() }
    }

    fn ask(&self, whole_process: c_int) -> Result<Report, Error> {
        // SAFETY: the function takes any number.
        let text = unsafe { (self.entry.report)(whole_process) };
        Ok(serde_json::from_str(&self.take(text))?)
    }

    /// Copies a string that the library gave us, and gives it back.
    fn take(&self, text: *mut c_char) -> String {
        // SAFETY: the library's strings end with a zero and are ours until they are released, once, below.
        let copy = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
        // SAFETY: nothing refers to it any more.
        unsafe { (self.entry.release)(text) }
        copy
    }
}

impl Entry {
    fn load(path: &Path) -> Result<Self, libloading::Error> {
        // Its symbols stay local: nothing but a request for libcuda.so by name finds them.
        // SAFETY: the library's only initialisers are those of Rust's runtime.
        let library = unsafe { Library::new(path) }?;
        // SAFETY: the functions have these types in `driver/control.rs`.
        let entry = unsafe {
            Self {
                report: *library.get(b"nst_libcuda_report")?,
                release: *library.get(b"nst_libcuda_release")?,
                set_capacity: *library.get(b"nst_libcuda_set_capacity")?,
                set_checks: *library.get(b"nst_libcuda_set_checks")?,
                second_opinion: *library.get(b"nst_libcuda_second_opinion")?,
                replace: *library.get(b"nst_libcuda_replace")?,
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
