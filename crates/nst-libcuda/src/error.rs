//! What can go wrong around the stand-in.

use std::path::PathBuf;

/// Why the stand-in could not be loaded or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Only Linux gives a library to whoever asks for the name that it bears.
    #[error("the stand-in for libcuda.so works on Linux alone")]
    Platform,
    /// The shared library is not where cargo puts it: beside the running program, in `deps`, or one folder up.
    #[error("{name} is in none of {searched:?}: is nst-libcuda a dev-dependency of this package?")]
    NotFound {
        /// The file's name.
        name: String,
        /// The folders that were looked into.
        searched: Vec<PathBuf>,
    },
    /// The dynamic linker refused a library, or it lacks a function.
    #[error("{path:?}: {source}")]
    Library {
        /// The library.
        path: PathBuf,
        /// The linker's words.
        source: libloading::Error,
    },
    /// The system refused something about files or processes.
    #[error("{what}: {source}")]
    System {
        /// What was attempted.
        what: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// The C++ compiler refused a kernel's source.
    #[error("{source_name} does not compile for the host: {words}")]
    Compiler {
        /// What the source is called.
        source_name: String,
        /// The compiler's words.
        words: String,
    },
    /// The driver could not use the host's kernels.
    #[error("second opinion: {0}")]
    SecondOpinion(String),
    /// PTX with a zero byte, which no C string can hold.
    #[error("no PTX: {0}")]
    Text(#[from] std::ffi::NulError),
    /// The two halves of this crate do not speak the same language, as when the library is of another build.
    #[error("the two halves of the stand-in do not understand each other: {0}")]
    Report(#[from] serde_json::Error),
}
