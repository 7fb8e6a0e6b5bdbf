//! What the stand-in saw.

use nst_ptx::Counts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counters of one host thread, or of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Kernels launched.
    pub launches: u64,
    /// Launches that were done a second time, on the host, and compared.
    pub second_opinions: u64,
    /// How often the host waited for the device: copies to pageable host memory or by a blocking call, and
    /// `cuStreamSynchronize`, `cuCtxSynchronize` and `cuEventSynchronize` where the thread had queued work since it last
    /// waited. Not counted: copies to the device, which do not wait for work that is queued, and freeing memory.
    pub synchronisations: u64,
    /// What was copied and filled.
    pub transfers: Transfers,
    /// Each kernel's launches and what they did, by name.
    pub kernels: BTreeMap<String, KernelReport>,
    /// The mistakes that were found, in words: of kernels, of launches, of modules. Empty is good.
    pub faults: Vec<String>,
    /// Device memory that was allocated and is not freed yet.
    pub leaks: Vec<Leak>,
    /// Bytes of device memory in use now, by the whole process.
    pub memory_in_use: u64,
    /// The most bytes of device memory that the process ever used.
    pub memory_peak: u64,
}

/// Transfers, and how many bytes they moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transfers {
    /// Copies to the device.
    pub uploads: u64,
    /// Their bytes.
    pub uploaded_bytes: u64,
    /// Copies from the device.
    pub downloads: u64,
    /// Their bytes.
    pub downloaded_bytes: u64,
    /// Copies and fills within the device.
    pub copies: u64,
    /// Their bytes.
    pub copied_bytes: u64,
}

/// What the launches of one kernel did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KernelReport {
    /// How many there were that ended without a fault.
    pub launches: u64,
    /// What the interpreter counted, if it was told to.
    #[serde(with = "crate::counts")]
    pub counts: Counts,
}

/// Device memory that is still allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leak {
    /// Where it starts.
    pub address: u64,
    /// Its bytes.
    pub bytes: u64,
}

impl Report {
    /// Adds another thread's counters.
    pub(crate) fn add(&mut self, other: &Self) {
        self.launches += other.launches;
        self.second_opinions += other.second_opinions;
        self.synchronisations += other.synchronisations;
        self.transfers.uploads += other.transfers.uploads;
        self.transfers.uploaded_bytes += other.transfers.uploaded_bytes;
        self.transfers.downloads += other.transfers.downloads;
        self.transfers.downloaded_bytes += other.transfers.downloaded_bytes;
        self.transfers.copies += other.transfers.copies;
        self.transfers.copied_bytes += other.transfers.copied_bytes;
        for (name, kernel) in &other.kernels {
            let sum = self.kernels.entry(name.clone()).or_default();
            sum.launches += kernel.launches;
            sum.counts += kernel.counts;
        }
        self.faults.extend_from_slice(&other.faults);
    }

    /// The text that crosses from the shared library to its user.
    pub(crate) fn to_json(&self) -> String {
        // A map with string keys and numbers: nothing that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }
}
