//! The folder where converted weights lie. Which one it is, is the caller's choice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::header::Header;
use crate::{Architecture, Error, Manifest, Pixels, Result};

/// A weight file in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// The network it is for.
    pub architecture: Architecture,
    /// The pixels the network was trained on.
    pub pixels: Pixels,
    /// Where the weights come from.
    pub source: String,
}

/// The weight files in `folder`: every `.safetensors` that says its architecture, pixels and source, as those that
/// [`fetch`](crate::fetch) and [`convert`](crate::convert) leave there do. Files in the manifest's order come first,
/// the others follow by name; a folder that does not exist holds none. Only headers are read.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be read.
pub fn list(folder: &Path, manifest: &Manifest) -> Result<Vec<Found>> {
    let unreadable = |error| Error::io("read the folder", folder, error);
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        files => files.map_err(unreadable)?,
    };
    let mut found = Vec::new();
    for file in files {
        let path = file.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "safetensors")
            && let Ok(Header { architecture, pixels: Some(pixels), source: Some(source), .. }) =
                Header::read(&path)
        {
            found.push(Found { path, architecture, pixels, source });
        }
    }
    let rank = |found: &Found| {
        let rank = manifest.entries.iter().position(|entry| found.path.ends_with(entry.converted_name()));
        (rank.unwrap_or(usize::MAX), found.path.clone())
    };
    found.sort_by_cached_key(rank);
    Ok(found)
}

/// The file for `architecture` that a run should take: the first of the manifest that is there, or else the first that
/// [`list`] gives.
///
/// # Errors
/// As [`list`]; and if the first of the manifest is there but damaged: another would be a surprise.
pub fn find(folder: &Path, manifest: &Manifest, architecture: Architecture) -> Result<Option<PathBuf>> {
    for entry in manifest.entries.iter().filter(|entry| entry.architecture == architecture) {
        let path = folder.join(entry.converted_name());
        if path.exists() {
            Header::read(&path)?;
            return Ok(Some(path));
        }
    }
    let mut found = list(folder, manifest)?;
    found.retain(|found| found.architecture == architecture);
    Ok(found.into_iter().next().map(|found| found.path))
}
