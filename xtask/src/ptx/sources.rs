//! The CUDA sources, and the PTX that each is compiled to.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A source with this word in it is compiled a second time, with the macro defined.
const TF32_MACRO: &str = "NST_TF32";

/// What one PTX file is made from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    /// The source's name, without its extension.
    stem: String,
    pub(super) source: String,
    /// For tensor cores that take TF32: compute capability 8.0 and up.
    tf32: bool,
}

impl Variant {
    /// The PTX file's name without its extension.
    fn name(&self) -> String {
        format!("{}{}", self.stem, if self.tf32 { "_tf32" } else { "" })
    }

    /// The PTX file's name.
    pub(crate) fn ptx_name(&self) -> String {
        format!("{}.ptx", self.name())
    }

    pub(super) fn source_name(&self) -> String {
        format!("{}.cu", self.stem)
    }

    /// The lowest compute capability that it is for, times ten.
    pub(super) fn capability(&self) -> u32 {
        if self.tf32 { 80 } else { 75 }
    }

    /// Products and sums are fused where the source says so and nowhere else.
    pub(super) fn options(&self) -> Vec<String> {
        let mut options = vec!["--fmad=false".to_owned(), "--std=c++17".to_owned()];
        if self.tf32 {
            options.push(format!("-D{TF32_MACRO}"));
        }
        options
    }
}

/// Where the sources and their PTX lie.
pub(crate) fn kernel_folder() -> PathBuf {
    crate::root().join("crates").join("nst-cuda").join("src").join("kernels")
}

/// What is compiled, in the order of the names.
pub(crate) fn variants(folder: &Path) -> Result<Vec<Variant>> {
    let mut variants = Vec::new();
    for name in names(folder, ".cu")? {
        let path = folder.join(&name);
        let source = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .replace("\r\n", "\n");
        let stem = name.trim_end_matches(".cu").to_owned();
        let has_tf32 = source.contains(TF32_MACRO);
        variants.push(Variant { stem, source, tf32: false });
        if has_tf32 {
            let plain = variants[variants.len() - 1].clone();
            variants.push(Variant { tf32: true, ..plain });
        }
    }
    ensure!(!variants.is_empty(), "no .cu file in {}", folder.display());
    let mut outputs: Vec<String> = variants.iter().map(Variant::name).collect();
    outputs.sort();
    let twice = outputs.windows(2).find(|pair| pair[0] == pair[1]);
    ensure!(twice.is_none(), "two sources compile to {}.ptx", twice.map_or("", |pair| &pair[0]));
    Ok(variants)
}

/// The names of the PTX files that are there, sorted.
pub(super) fn ptx_files(folder: &Path) -> Result<Vec<String>> {
    names(folder, ".ptx")
}

fn names(folder: &Path, extension: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(extension) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{ptx_files, variants};

    #[test]
    fn a_source_that_knows_tf32_is_compiled_twice() {
        let folder = tempfile::tempdir().unwrap();
        assert!(variants(folder.path()).is_err());
        for (name, text) in
            [("pool.cu", "plain"), ("conv.cu", "#ifdef NST_TF32"), ("conv.ptx", ""), ("x.rs", "")]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let found = variants(folder.path()).unwrap();
        let names: Vec<_> =
            found.iter().map(|variant| (variant.ptx_name(), variant.options().len())).collect();
        assert_eq!(names, [("conv.ptx".into(), 2), ("conv_tf32.ptx".into(), 3), ("pool.ptx".into(), 2)]);
        assert_eq!(ptx_files(folder.path()).unwrap(), ["conv.ptx"]);
        fs::write(folder.path().join("conv_tf32.cu"), "").unwrap();
        let error = variants(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "two sources compile to conv_tf32.ptx");
    }
}
