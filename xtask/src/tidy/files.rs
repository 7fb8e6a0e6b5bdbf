//! Lengths of files, and what each library crate must bring.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package};

/// Longer files are listed by name.
pub(super) const LONG: usize = 300;
/// No file is longer.
const LONGEST: usize = 600;
/// An example shows one thing.
const LONGEST_EXAMPLE: usize = 40;

/// Where to look for code.
pub(super) struct Folders {
    /// Paths are told relative to here.
    pub(super) root: PathBuf,
    /// Searched with all folders inside.
    pub(super) folders: Vec<PathBuf>,
}

/// Compares the Rust and Python files with the list of the `long` ones.
pub(super) fn check_lengths(Folders { root, folders }: &Folders, long: &[&str]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let mut listed: BTreeSet<&str> = long.iter().copied().collect();
    for path in folders.iter().map(|folder| code_below(folder)).collect::<Result<Vec<_>>>()?.concat() {
        let lines = read(&path)?.lines().count();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if lines > LONGEST {
            complaints.push(format!("{name}: {lines} lines; split a file of more than {LONGEST} by concept"));
        }
        if lines > LONG && !listed.remove(name.as_str()) {
            complaints.push(format!("{name}: {lines} lines; one of more than {LONG} must be in the table"));
        }
    }
    complaints
        .extend(listed.iter().map(|name| format!("{name}: in the table of long files, but it is not long")));
    Ok(complaints)
}

/// Every library crate says what it is and shows its use in a short example; `free` packages are not held to it.
pub(super) fn check_libraries(metadata: &Metadata, free: &[&str]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for package in metadata.workspace_packages() {
        let library = package.targets.iter().find(|target| target.is_lib());
        if let Some(library) = library.filter(|_| !free.contains(&package.name.as_str())) {
            if !read(library.src_path.as_std_path())?.starts_with("//! ") {
                complaints.push(format!("{}: lib.rs must open with `//!` and say what it is", package.name));
            }
            complaints.extend(check_examples(package)?);
        }
    }
    Ok(complaints)
}

fn check_examples(package: &Package) -> Result<Vec<String>> {
    let examples: Vec<_> = package.targets.iter().filter(|target| target.is_example()).collect();
    if examples.is_empty() {
        return Ok(vec![format!("{}: no example in its folder examples/", package.name)]);
    }
    let mut complaints = Vec::new();
    for example in examples {
        let lines = read(example.src_path.as_std_path())?.lines().count();
        if lines > LONGEST_EXAMPLE {
            complaints.push(format!(
                "{}: example {} has {lines} lines, more than {LONGEST_EXAMPLE}",
                package.name, example.name
            ));
        }
    }
    Ok(complaints)
}

/// The Rust and Python files of a folder and those inside it, sorted by path; hidden folders are skipped.
fn code_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = entries
        .with_context(|| format!("cannot list {}", folder.display()))?
        .iter()
        .map(fs::DirEntry::path)
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            found.extend(code_below(&path)?);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
            found.push(path);
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Folders, check_lengths};

    #[test]
    fn long_files_must_be_listed_and_listed_files_must_be_long() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("src/deep");
        fs::create_dir_all(&inside).unwrap();
        for (name, lines) in [("short.rs", 300), ("long.rs", 301), ("huge.py", 601), ("prose.md", 900)] {
            fs::write(inside.join(name), "a line\n".repeat(lines)).unwrap();
        }
        let folders = Folders { root: folder.path().to_owned(), folders: vec![folder.path().join("src")] };
        let long = ["src/deep/huge.py", "src/deep/long.rs"];
        assert_eq!(
            check_lengths(&folders, &long).unwrap(),
            ["src/deep/huge.py: 601 lines; split a file of more than 600 by concept"]
        );
        assert_eq!(
            check_lengths(&folders, &["src/deep/huge.py", "src/deep/short.rs"]).unwrap()[1..],
            [
                "src/deep/long.rs: 301 lines; one of more than 300 must be in the table",
                "src/deep/short.rs: in the table of long files, but it is not long",
            ]
        );
    }
}
