//! What the machine code of every kernel tells.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::hot_loop::{self, HotLoop};
use super::occupancy::Architecture;
use super::resources::{Resources, parse_ptxas, parse_threads};
use super::sass::{self, Code, Instruction};
use super::tools::Tools;
use crate::ptx::{Variant, kernel_folder};

/// What one architecture makes of a kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    pub(super) resources: Resources,
    pub(super) threads: u32,
    /// 0 to 1.
    pub(super) occupancy: f64,
    /// With the instruction that multiplies in it. None where no loop multiplies.
    pub(super) hot_loop: Option<(Instruction, HotLoop)>,
}

/// By entry of the PTX: no two files have one of the same name.
pub(super) type Kernels = BTreeMap<String, Evidence>;

/// The least share of FFMA in the inner loop of a convolution or a product of matrices in f32.
pub(super) const LEAST_SHARE: f64 = 0.65;
/// Entries that are such products begin with one of these.
const PRODUCTS: [&str; 5] = ["conv", "filter_gradient", "gemm", "gram", "matmul"];

impl Evidence {
    /// Whether the inner loop has too little to do with products.
    pub(super) fn is_below_least_share(&self, name: &str) -> bool {
        let is_product = PRODUCTS.iter().any(|product| name.starts_with(product));
        match self.hot_loop {
            _ if !is_product => false,
            Some((Instruction::Mma, _)) => false,
            Some((_, hot_loop)) => hot_loop.share() < LEAST_SHARE,
            None => true,
        }
    }
}

/// Assembles all of the committed PTX.
pub(super) fn collect(tools: &Tools, variants: &[Variant], architecture: Architecture) -> Result<Kernels> {
    let mut kernels = Kernels::new();
    for variant in variants {
        let ptx = kernel_folder().join(variant.ptx_name());
        let text = fs::read_to_string(&ptx).with_context(|| format!("cannot read {}", ptx.display()))?;
        let (messages, listing) = tools.assemble(&ptx, architecture)?;
        let of_file =
            combine(architecture, &text, &messages, &listing).with_context(|| variant.ptx_name())?;
        for (name, evidence) in of_file {
            ensure!(
                !kernels.contains_key(&name),
                "{}: another file has a kernel {name} too",
                variant.ptx_name()
            );
            kernels.insert(name, evidence);
        }
    }
    Ok(kernels)
}

/// By entry, from the PTX, the assembler's messages and the disassembler's listing.
fn combine(architecture: Architecture, ptx: &str, messages: &str, listing: &str) -> Result<Kernels> {
    let (mut resources, mut codes) = (parse_ptxas(messages)?, sass::parse(listing)?);
    let mut kernels = Kernels::new();
    for (entry, threads) in parse_threads(ptx)? {
        let resources =
            resources.remove(&entry).with_context(|| format!("ptxas does not tell of {entry}"))?;
        let code = codes.remove(&entry).with_context(|| format!("no machine code of {entry}"))?;
        let occupancy = architecture.occupancy(threads, resources);
        kernels.insert(entry, Evidence { resources, threads, occupancy, hot_loop: multiplying_loop(&code) });
    }
    Ok(kernels)
}

/// Where a kernel uses tensor cores, the products on them are those that count.
fn multiplying_loop(code: &Code) -> Option<(Instruction, HotLoop)> {
    let on_tensor_cores = code.instructions.contains(&Instruction::Mma);
    let multiplication = if on_tensor_cores { Instruction::Mma } else { Instruction::Ffma };
    hot_loop::find(code, multiplication).map(|found| (multiplication, found))
}

#[cfg(test)]
mod tests {
    use super::{Instruction, combine};
    use crate::kernels::occupancy::SM_80;

    #[test]
    fn a_product_needs_its_share() {
        let ptx = ".visible .entry gram(\n)\n.maxntid 256, 1, 1\n{\n}";
        let messages = "ptxas info    : Compiling entry function 'gram' for 'sm_80'\n\
                        ptxas info    : Used 128 registers, used 1 barriers, 16384 bytes smem";
        let listing = |multiplication: &str| {
            let line = format!("/*0000*/ {multiplication} R1, R2, R3, R4 ;\n");
            format!("\n.text.gram:\n.L_1:\n{}/*0010*/ @P0 BRA `(.L_1) ;\n/*0020*/ EXIT ;\n", line.repeat(2))
        };
        let evidence = |code| combine(SM_80, ptx, messages, &listing(code)).unwrap()["gram"];
        let fused = evidence("FFMA");
        assert_eq!((fused.occupancy, fused.threads), (0.25, 256));
        assert_eq!(fused.hot_loop.unwrap().1.share(), 2.0 / 3.0);
        assert!(!fused.is_below_least_share("gram"));
        let none = evidence("FMUL");
        assert!(none.hot_loop.is_none() && none.is_below_least_share("gram"));
        assert!(!none.is_below_least_share("add"));
        assert_eq!(evidence("HMMA.1688.F32.TF32").hot_loop.unwrap().0, Instruction::Mma);
        assert!(combine(SM_80, ptx, messages, "").is_err());
    }
}
