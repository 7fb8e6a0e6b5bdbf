//! That nothing which is written is also read.

use crate::failure::usage;
use anyhow::Result;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Refuses an output or trace that is one of the inputs, by whatever name, or that is the other.
///
/// # Errors
/// The first clash.
pub(crate) fn check_clashes(
    inputs: &[&Path],
    output: &Path,
    trace: Option<&Path>,
    with_snapshots: bool,
) -> Result<()> {
    let real_output = resolved(output);
    let real_trace = trace.map(resolved);
    for &input in inputs {
        let real_input = resolved(input);
        if real_input == real_output || is_linked(input, output) {
            let output = output.display();
            return Err(usage(format!("the output '{output}' is also an input; name another file")));
        }
        if Some(&real_input) == real_trace.as_ref() || trace.is_some_and(|trace| is_linked(input, trace)) {
            return Err(usage(format!(
                "the trace '{}' is also an input; name another file",
                input.display()
            )));
        }
        if with_snapshots && is_snapshot(&real_input, &real_output) {
            let input = input.display();
            return Err(usage(format!(
                "--save-every may overwrite the input '{input}'; name another output"
            )));
        }
    }
    if let Some(trace) =
        real_trace.as_ref().filter(|trace| with_snapshots && is_snapshot(trace, &real_output))
    {
        let trace = trace.display();
        return Err(usage(format!("--save-every may overwrite the trace '{trace}'; name another file")));
    }
    if real_trace == Some(real_output) {
        return Err(usage(format!("output and trace are both '{}'; name two files", output.display())));
    }
    Ok(())
}

/// Whether two paths lead to one file, by hard links or otherwise.
fn is_linked(one: &Path, other: &Path) -> bool {
    same_file::is_same_file(one, other).unwrap_or(false)
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
