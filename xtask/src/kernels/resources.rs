//! What a kernel uses, as `ptxas --verbose` tells it, and its threads, as the PTX does.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

/// What one block of a kernel, or one of its threads, uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Resources {
    /// Of a thread.
    pub(super) registers: u32,
    /// Bytes that a thread stores to and loads from memory for want of registers, as written in the code.
    pub(super) spilled_bytes: u32,
    /// Bytes of a block, as declared.
    pub(super) shared_bytes: u32,
}

/// By kernel, from the messages of `ptxas --verbose`.
pub(super) fn parse_ptxas(messages: &str) -> Result<BTreeMap<String, Resources>> {
    let mut kernels: BTreeMap<String, Resources> = BTreeMap::new();
    let mut kernel = None;
    for line in messages.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let name = rest.split('\'').next().unwrap_or(rest);
            kernel = Some(kernels.entry(name.to_owned()).or_default());
        } else if let Some(kernel) = &mut kernel {
            if line.contains("bytes spill stores") {
                kernel.spilled_bytes += before(line, "bytes spill stores").context("no spill stores")?;
                kernel.spilled_bytes += before(line, "bytes spill loads").context("no spill loads")?;
            }
            if line.contains("Used ") {
                kernel.registers = before(line, "registers").context("no number of registers")?;
                kernel.shared_bytes = before(line, "bytes smem").unwrap_or(0);
            }
        }
    }
    ensure!(
        kernels.values().all(|kernel| kernel.registers > 0),
        "ptxas does not tell registers:\n{messages}"
    );
    Ok(kernels)
}

/// The number in front of the words.
fn before(line: &str, words: &str) -> Option<u32> {
    line.split_once(words)?.0.split_whitespace().next_back()?.parse().ok()
}

/// The most threads of a block by kernel, from `.maxntid` in the PTX; the sources say `__launch_bounds__`.
///
/// # Errors
/// A kernel that does not say it, or shared memory that the launch sizes: neither has an occupancy that the code tells.
pub(super) fn parse_threads(ptx: &str) -> Result<BTreeMap<String, u32>> {
    ensure!(!ptx.contains(".extern .shared"), "the size of its shared memory is not in the code");
    let mut kernels = BTreeMap::new();
    for text in ptx.split(".entry ").skip(1) {
        let name = text.split('(').next().unwrap_or(text).trim();
        let head = text.split('{').next().unwrap_or(text);
        let extents =
            head.split_once(".maxntid").with_context(|| format!("{name} has no __launch_bounds__"))?.1;
        let extents: Result<Vec<u32>, _> =
            extents.lines().next().unwrap_or("").split(',').map(|extent| extent.trim().parse()).collect();
        kernels.insert(name.to_owned(), extents.context("threads of a block")?.iter().product());
    }
    Ok(kernels)
}

#[cfg(test)]
mod tests {
    use super::{Resources, parse_ptxas, parse_threads};

    #[test]
    fn ptxas_is_understood() {
        let messages = "\
ptxas info    : 324 bytes gmem, 344 bytes cmem[4]
ptxas info    : Compiling entry function 'pack' for 'sm_80'
ptxas info    : Function properties for pack
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 0 barriers, 400 bytes cmem[0]
ptxas info    : Compile time = 17.956 ms
ptxas info    : Compiling entry function 'conv2d' for 'sm_80'
ptxas info    : Function properties for conv2d
    16 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 203 registers, used 1 barriers, 25600 bytes smem, 464 bytes cmem[0]
";
        let kernels = parse_ptxas(messages).unwrap();
        assert_eq!(kernels["pack"], Resources { registers: 40, spilled_bytes: 0, shared_bytes: 0 });
        assert_eq!(kernels["conv2d"], Resources { registers: 203, spilled_bytes: 20, shared_bytes: 25600 });
        assert!(parse_ptxas(&messages.replace("Used", "used")).is_err());
    }

    #[test]
    fn threads_are_those_of_the_launch_bounds() {
        let ptx = ".visible .entry one(\n\t.param .u64 one_param_0\n)\n.maxntid 256, 1, 1\n{\n ret;\n}\n\
                   .visible .entry two(\n)\n.maxntid 16, 8, 1\n.minnctapersm 2\n{\n}\n";
        let threads = parse_threads(ptx).unwrap();
        assert_eq!((threads["one"], threads["two"]), (256, 128));
        let error = parse_threads(&ptx.replace(".maxntid 16, 8, 1", "")).unwrap_err();
        assert_eq!(error.to_string(), "two has no __launch_bounds__");
        assert!(parse_threads(&format!(".extern .shared .align 4 .b8 s[];\n{ptx}")).is_err());
    }
}
