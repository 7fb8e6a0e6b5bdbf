//! The pictures that files, folders and globs name.

use crate::failure::usage;
use crate::paths;
use anyhow::{Result, anyhow, bail};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What a folder's pictures are told by; their content is what counts when they are opened.
const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "webp", "tif", "tiff"];

/// The files that `given` names, in its order, the pictures of each folder and glob sorted by path; each file once.
///
/// # Errors
/// If a file or folder is not there, or no picture in it.
pub(super) fn expand(given: &[String], recursive: bool) -> Result<Vec<PathBuf>> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for text in given {
        let path = Path::new(text);
        let found = if path.is_dir() {
            let mut found = Vec::new();
            add_folder(path, recursive, &mut found)?;
            found.sort();
            found
        } else if path.exists() {
            vec![path.to_owned()]
        } else if text.contains(['*', '?', '[']) {
            matches(text)?
        } else {
            bail!("'{text}': there is no such file or folder");
        };
        if found.is_empty() {
            bail!("'{text}': there is no picture to be found (.png, .jpg, .jpeg, .webp, .tif, .tiff)");
        }
        files.extend(found.into_iter().filter(|file| seen.insert(paths::resolved(file))));
    }
    Ok(files)
}

/// The pictures in a folder, without hidden ones. Links to folders are not followed: they may lead back.
fn add_folder(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> Result<()> {
    let fail = |error: std::io::Error| anyhow!("'{}': {error}", folder.display());
    for entry in folder.read_dir().map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(fail)?.is_dir() {
            if recursive {
                add_folder(&path, recursive, found)?;
            }
        } else if is_picture(&path) && !path.is_dir() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// The pictures that a glob names, sorted.
fn matches(text: &str) -> Result<Vec<PathBuf>> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(text, options).map_err(|error| usage(format!("'{text}': {error}")))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|error| anyhow!("'{text}': {error}"))?;
        if is_picture(&path) && !path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
