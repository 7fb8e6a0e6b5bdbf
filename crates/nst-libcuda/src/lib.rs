//! A stand-in for NVIDIA's driver library, `libcuda.so`: programs that use CUDA run on it where there is no GPU, their kernels
//! on the CPU, every mistake of a kernel reported. For tests; no product depends on it.
//!
//! The crate has two halves. The shared library exports those functions of the CUDA driver interface that cudarc calls for
//! contexts, memory, modules and launches, and runs the kernels' PTX on nst-ptx. The Rust half, [`StandIn`], loads that
//! library into a test and asks it what it saw: a [`Report`] with launches, synchronisations, faults, leaks, and what each
//! kernel did.
//!
//! - **How a program gets it.** The library's name for the dynamic linker (its SONAME) is `libcuda.so`. Once
//!   [`StandIn::load`] has loaded it by its path, whoever asks for `libcuda.so` in the same process gets it, without any
//!   variable in the environment. Another program gets it from a link called `libcuda.so` in a folder that
//!   `LD_LIBRARY_PATH` names. Linux only.
//! - **Errors** are those of the driver: no memory left is `CUDA_ERROR_OUT_OF_MEMORY`, an access out of bounds is
//!   `CUDA_ERROR_ILLEGAL_ADDRESS` in the calls *after* the launch, all of them, until [`StandIn::reset`]. The words are in
//!   [`Report::faults`].
//! - **Counting** is by host thread, so that tests can run beside each other; [`StandIn::process_report`] adds up.
//!   The device's memory, its checks and its being broken after a fault are the process's: a test that plays with these
//!   belongs into a file of its own.
//! - **A second opinion.** A [`Twin`] is the kernels' CUDA source, built for the host by a C++ compiler; with
//!   [`StandIn::second_opinion`] every launch is done by both and their results compared, bit for bit.
//! - **A planted mistake.** [`StandIn::replace`] gives another text to a program's kernels: it tells whether a mistake in them
//!   would be found.
//! - **A program that does not know about it** can be told by the environment what to do: `NST_LIBCUDA_REPORT` names a file
//!   for the process's report as JSON, written when it ends; `NST_LIBCUDA_CHECKS` is `none` or some of `races`,
//!   `uninitialised`, `counts` with commas between; `NST_LIBCUDA_MEMORY` is the device's memory in bytes.
//!
//! **What it does not know:** no tensor and no kernel in particular; and no time: work is done when a call returns, which
//! is one legal order of events, so a missing wait for a copy to page-locked memory goes unseen.
//!
//! ```no_run
//! # fn main() -> Result<(), nst_libcuda::Error> {
//! let driver = nst_libcuda::StandIn::load()?;
//! // ... whatever uses CUDA ...
//! let report = driver.report()?;
//! assert!(report.faults.is_empty(), "{:?}", report.faults);
//! assert!(report.leaks.is_empty());
//! # Ok(())
//! # }
//! ```

mod counts;
mod driver;
mod error;
mod report;
mod stand_in;
mod status;
mod twin;

pub use error::Error;
pub use report::{KernelReport, Leak, Report, Transfers};
pub use stand_in::StandIn;
pub use twin::{Source, Twin};
