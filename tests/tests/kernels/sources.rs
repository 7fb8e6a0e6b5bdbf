//! The kernels' sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file's PTX and what it was made from.
pub(crate) struct Source {
    /// The PTX's file name without extension.
    pub(crate) name: String,
    pub(crate) cuda: String,
    pub(crate) ptx: String,
    /// Whether it is the variant for tensor cores.
    pub(crate) tensor_cores: bool,
}

/// The package of the kernels.
pub(crate) fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nst-cuda")
}

/// Every PTX file with its source.
pub(crate) fn all() -> Vec<Source> {
    let folder = package().join("src/kernels");
    let read = |path: &Path| {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let files =
        std::fs::read_dir(&folder).expect("the kernels' folder").map(|entry| entry.expect("a file").path());
    let mut sources: Vec<Source> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "ptx"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let plain = name.strip_suffix("_tf32");
            let cuda = read(&folder.join(plain.unwrap_or(&name)).with_extension("cu"));
            Source { cuda, ptx: read(&path), tensor_cores: plain.is_some(), name }
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

/// Every kernel, by its name, and the file it is in.
pub(crate) fn kernels() -> BTreeMap<String, String> {
    let entry = |line: &str| Some(line.split_once(".entry ")?.1.split('(').next()?.trim().to_owned());
    let of = |source: Source| {
        let names: Vec<String> = source.ptx.lines().filter_map(entry).collect();
        names.into_iter().map(move |name| (name, source.name.clone()))
    };
    all().into_iter().flat_map(of).collect()
}
