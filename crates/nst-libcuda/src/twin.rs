//! The host twin: the CUDA source of kernels, built for the host by a C++ compiler.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use tempfile::TempDir;

/// Makes a C++ compiler understand kernels; the last file is for those that use tensor cores.
const HEADERS: [(&str, &str); 3] = [
    ("cuda_host.h", include_str!("../host/cuda_host.h")),
    ("fibers.h", include_str!("../host/fibers.h")),
    ("tensor.h", include_str!("../host/tensor.h")),
];

/// What is tried, in this order.
const COMPILERS: [&str; 3] = ["c++", "g++", "clang++"];

/// The language, and what keeps the kernels' arithmetic and their names as they are: no fused operations but those that are
/// written, and of each library nothing visible but its entry points. The fibers jump between stacks, which hardened
/// versions of `longjmp` take for an accident.
const FLAGS: [&str; 9] = [
    "-std=c++17",
    "-O2",
    "-ffp-contract=off",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=0",
    "-w",
];

/// The source of a PTX module.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What it is called in errors: a file's name.
    pub name: &'a str,
    /// The text, without `#include`. Its kernels are `extern "C"`.
    pub cuda: &'a str,
    /// Names to define, as they were for the module. With `NST_TF32` the functions `copy_async_16`, `copy_async_commit`,
    /// `copy_async_wait`, `to_tf32` and `mma_tf32` are there, which the text has to leave out where `NST_HOST` is defined.
    pub definitions: &'a [&'a str],
    /// The PTX that was made from it, with `--fmad=false`, by which its launches are known.
    pub ptx: &'a str,
}

/// Kernels that were built for the host.
#[derive(Debug)]
pub struct Twin {
    /// Holds the libraries until they are loaded.
    _folder: TempDir,
    pub(crate) libraries: Vec<HostLibrary>,
}

/// One source, built. This is what the driver is told about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostLibrary {
    pub(crate) path: PathBuf,
    pub(crate) kernels: Vec<String>,
    pub(crate) ptx: String,
}

impl Twin {
    /// Builds the sources, each for itself and all at once. None if there is no C++ compiler.
    ///
    /// # Errors
    ///
    /// [`Error::Compiler`] with the compiler's words if it refuses a source; [`Error::System`].
    pub fn compile(sources: &[Source<'_>]) -> Result<Option<Self>, Error> {
        let works = |name: &&str| {
            Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
        };
        let Some(compiler) = COMPILERS.into_iter().find(works) else { return Ok(None) };
        let system = |source| Error::System { what: "write kernels for the host".into(), source };
        let folder = tempfile::tempdir().map_err(system)?;
        for (name, text) in HEADERS {
            std::fs::write(folder.path().join(name), text).map_err(system)?;
        }
        let path = folder.path();
        let libraries: Result<_, Error> = thread::scope(|scope| {
            let build = |(i, source)| scope.spawn(move || build(compiler, path, i, source));
            let builds: Vec<_> = sources.iter().enumerate().map(build).collect();
            builds
                .into_iter()
                .map(|build| build.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        Ok(Some(Self { libraries: libraries?, _folder: folder }))
    }
}

fn build(compiler: &str, folder: &Path, number: usize, source: &Source<'_>) -> Result<HostLibrary, Error> {
    let system = |error| Error::System { what: format!("build {} for the host", source.name), source: error };
    let text = folder.join(format!("{number}.cpp"));
    let run = |arguments: &[&str]| -> Result<Output, Error> {
        let mut command = Command::new(compiler);
        command.current_dir(folder).args(["-x", "c++", "-include", "cuda_host.h"]);
        command.args(source.definitions.iter().map(|name| format!("-D{name}"))).args(arguments).arg(&text);
        let output = command.output().map_err(system)?;
        if output.status.success() {
            return Ok(output);
        }
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Compiler { source_name: source.name.to_owned(), words })
    };
    let mut host = with_dynamic_shared(source.cuda);
    std::fs::write(&text, &host).map_err(system)?;
    let listed = run(&["-E", "-P", "-DNST_LIST"])?;
    let kernels = kernels(&String::from_utf8_lossy(&listed.stdout));
    host.extend(kernels.iter().map(|name| format!("\nNST_KERNEL({name})")));
    host.push('\n');
    std::fs::write(&text, &host).map_err(system)?;
    let path = folder.join(format!("{number}.so"));
    let library = path.to_string_lossy();
    let mut arguments = FLAGS.to_vec();
    arguments.extend(fused_multiply_add());
    arguments.extend(["-o", &library]);
    run(&arguments)?;
    Ok(HostLibrary { path, kernels, ptx: source.ptx.to_owned() })
}

/// `fma` as an instruction where there is one; as a function of the C library, exact as well, it is slow.
fn fused_multiply_add() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("fma") {
        return Some("-mfma");
    }
    None
}

/// Replaces `extern __shared__ T name[];`, which has no counterpart in C++, by a pointer to the memory for it.
fn with_dynamic_shared(cuda: &str) -> String {
    let pointer = |line: &str| -> Option<String> {
        let (before, declaration) = line.split_once("extern __shared__ ")?;
        let (declaration, after) = declaration.split_once("[];")?;
        let (kind, name) = declaration.rsplit_once(' ')?;
        Some(format!(
            "{before}{kind} *const {name} = reinterpret_cast<{kind} *>(nst_host::dynamic_shared);{after}"
        ))
    };
    cuda.lines().map(|line| pointer(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

/// The kernels' names, from preprocessed text in which `NST_GLOBAL` stands before each.
fn kernels(text: &str) -> Vec<String> {
    let name = |declaration: &str| {
        let (head, _) = declaration.split_once('(')?;
        head.split_whitespace().next_back().map(str::to_owned)
    };
    text.split("NST_GLOBAL").skip(1).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::{kernels, with_dynamic_shared};

    #[test]
    fn finds_kernels() {
        let text =
            "extern \"C\" NST_GLOBAL void  first(int n) {}\nNST_GLOBAL void\nsecond(float *to) { f(to); }";
        assert_eq!(kernels(text), ["first", "second"]);
        assert_eq!(kernels("void none();"), [""; 0]);
    }

    #[test]
    fn dynamic_shared_memory_becomes_a_pointer() {
        assert_eq!(
            with_dynamic_shared("a;\n  extern __shared__ float4 tile[]; b;\n"),
            "a;\n  float4 *const tile = reinterpret_cast<float4 *>(nst_host::dynamic_shared); b;\n"
        );
    }
}
