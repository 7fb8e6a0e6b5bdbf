//! That nothing which is written is also read.

use crate::failure::usage;
use anyhow::Result;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The files that a run writes.
pub(crate) struct Written<'a> {
    pub(crate) output: &'a Path,
    pub(crate) trace: Option<&'a Path>,
    pub(crate) settings: Option<&'a Path>,
    /// Beside the output.
    pub(crate) with_snapshots: bool,
}

impl Written<'_> {
    /// Refuses to write what is one of the inputs, by whatever name, and to write two things to one file.
    ///
    /// # Errors
    /// The first clash.
    pub(crate) fn check_clashes(&self, inputs: &[&Path]) -> Result<()> {
        let others = [self.trace.map(|file| ("trace", file)), self.settings.map(|file| ("settings", file))];
        let others: Vec<(&str, &Path)> = others.into_iter().flatten().collect();
        let all = [&[("output", self.output)], &others[..]].concat();
        for &(role, file) in &all {
            if inputs.iter().any(|input| is_same(input, file)) {
                let file = file.display();
                return Err(usage(format!("the {role} '{file}' is also an input; name another file")));
            }
        }
        let inputs = inputs.iter().map(|&input| ("input", input));
        for (role, file) in inputs.chain(others).filter(|_| self.with_snapshots) {
            if is_snapshot(&resolved(file), &resolved(self.output)) {
                let file = file.display();
                return Err(usage(format!(
                    "--save-every may overwrite the {role} '{file}'; name another output"
                )));
            }
        }
        for (index, (role, file)) in all.iter().enumerate() {
            if let Some((other, _)) = all[..index].iter().find(|(_, other)| is_same(other, file)) {
                let file = file.display();
                return Err(usage(format!("{other} and {role} are both '{file}'; name two files")));
            }
        }
        Ok(())
    }
}

/// Whether two paths lead to one file, by hard links or otherwise, or will when it is there.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    resolved(one) == resolved(other) || same_file::is_same_file(one, other).unwrap_or(false)
}

/// The one path of a file: absolute, without links. For a file that is still to be written, by way of its folder.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let folder = folder_of(path).canonicalize();
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The snapshot of `output` after that many evaluations: `out-000120.png`.
pub(crate) fn snapshot(output: &Path, evaluation: usize) -> PathBuf {
    let part = |part: Option<&OsStr>| part.unwrap_or_default().to_os_string();
    let mut name = part(output.file_stem());
    name.push(format!("-{evaluation:06}."));
    name.push(part(output.extension()));
    output.with_file_name(name)
}

/// Whether `path` is named as some snapshot of `output` is.
fn is_snapshot(path: &Path, output: &Path) -> bool {
    let evaluation = path
        .file_stem()
        .and_then(OsStr::to_str)
        .and_then(|stem| stem.rsplit_once('-'))
        .and_then(|(_, digits)| digits.parse().ok());
    evaluation.is_some_and(|evaluation| snapshot(output, evaluation) == path)
}

#[cfg(test)]
mod tests {
    use super::{is_snapshot, snapshot};
    use std::path::Path;

    #[test]
    fn snapshots_lie_beside_the_output() {
        let output = Path::new("folder/a.b.png");
        assert_eq!(snapshot(output, 120), Path::new("folder/a.b-000120.png"));
        for (path, is) in [
            ("folder/a.b-000120.png", true),
            ("folder/a.b-1234567.png", true),
            ("folder/a.b-120.png", false),
            ("folder/a.b-000120.jpg", false),
            ("a.b-000120.png", false),
            ("folder/a.b.png", false),
        ] {
            assert_eq!(is_snapshot(Path::new(path), output), is, "{path}");
        }
    }
}
