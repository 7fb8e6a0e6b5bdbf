//! What the PTX interpreter of the tests counted, where it has.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::evidence::Kernels;

/// Counts of one launch of a kernel.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    /// Sectors of 32 bytes of global memory.
    pub(super) sectors: u64,
    /// With accesses that leave no byte of a sector unused.
    pub(super) ideal_sectors: u64,
    /// Passes through shared memory.
    pub(super) wavefronts: u64,
    /// Without bank conflicts.
    pub(super) ideal_wavefronts: u64,
    /// Instructions of warps, by kind.
    pub(super) instructions: BTreeMap<String, u64>,
}

impl Counts {
    pub(super) fn sectors_over_ideal(&self) -> Option<f64> {
        ratio(self.sectors, self.ideal_sectors)
    }

    pub(super) fn wavefronts_over_ideal(&self) -> Option<f64> {
        ratio(self.wavefronts, self.ideal_wavefronts)
    }
}

/// None for a kernel that does not use that memory.
fn ratio(counted: u64, ideal: u64) -> Option<f64> {
    (ideal > 0).then(|| counted as f64 / ideal as f64)
}

/// By kernel; nothing if there is no such file.
///
/// # Errors
/// A file of another form, or of a kernel that does not exist any more.
pub(super) fn read(file: &Path, kernels: &Kernels) -> Result<BTreeMap<String, Counts>> {
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let counts: BTreeMap<String, Counts> =
        serde_json::from_str(&text).with_context(|| format!("cannot understand {}", file.display()))?;
    for name in counts.keys() {
        ensure!(kernels.contains_key(name), "{}: there is no kernel {name}", file.display());
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::read;
    use crate::kernels::document::tests::kernels;

    #[test]
    fn counts_are_read_where_there_are_any() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("KERNELS.json");
        assert!(read(&file, &kernels()).unwrap().is_empty());
        let text = r#"{"conv2d": {"sectors": 33, "ideal_sectors": 30, "wavefronts": 5, "ideal_wavefronts": 0,
            "instructions": {"fma": 7, "other": 3}}}"#;
        fs::write(&file, text).unwrap();
        let counts = read(&file, &kernels()).unwrap();
        let counts = &counts["conv2d"];
        assert_eq!((counts.sectors_over_ideal(), counts.wavefronts_over_ideal()), (Some(1.1), None));
        fs::write(&file, text.replace("conv2d", "gone")).unwrap();
        assert!(read(&file, &kernels()).unwrap_err().to_string().contains("no kernel gone"));
        fs::write(&file, text.replace("sectors", "sectos")).unwrap();
        assert!(read(&file, &kernels()).is_err());
    }
}
