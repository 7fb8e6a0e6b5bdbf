//! The document: tables in Markdown and what they mean.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use super::estimate;
use super::evidence::{Evidence, Kernels, LEAST_SHARE};
use super::interpreted::Counts;
use super::occupancy::{Architecture, SM_80, SM_90};
use super::sass::Instruction;
use crate::markdown::table;

/// More sectors or wavefronts than this, over the ideal, stand out.
const MOST_OVER_IDEAL: f64 = 1.1;

const HEAD: &str = "\
# What the compiled kernels use

Written by `cargo xtask kernels`, without a GPU; nothing here is a measured time. What stands out is **bold**.
";

const STATIC: &str = "\
From the committed PTX, assembled and disassembled.

- *Registers* of a thread, *spilled* bytes of a thread (there must be none), *shared* bytes of a block: `ptxas --verbose`.
- *Threads* of a block: the source's `__launch_bounds__`.
- *Occupancy*: resident warps among the most that a multiprocessor holds, from those numbers and the limits in the CUDA
  C++ Programming Guide, \"Technical Specifications per Compute Capability\": 64 warps, 32 blocks and 65536 registers;
  164 KiB of shared memory (8.0), 228 KiB (9.0). Few warps are no fault where each has many independent sums.
- *Inner loop*: multiplications (FFMA in f32, HMMA on tensor cores) among the instructions of the longest way once through
  the loop that most of them are in. Of the machine code's natural loops (an edge leads back to an instruction that every
  way to its source passes), it is the one with most multiplications that has no other loop with any inside. Of two
  branches the longer one counts, however seldom it is taken, and a loop without multiplications counts once.
";

/// Everything that the document is made of.
pub(super) struct Findings {
    /// ptxas's.
    pub(super) version: String,
    pub(super) on_sm_80: Kernels,
    pub(super) on_sm_90: Kernels,
    /// By name; empty if the interpreter's tests have written nothing.
    pub(super) interpreted: BTreeMap<String, Counts>,
}

impl Findings {
    /// The whole document.
    pub(super) fn document(&self) -> Result<String> {
        let mut text = format!("{HEAD}\n## In machine code\n\n{STATIC}\n");
        let percent = 100.0 * LEAST_SHARE;
        let _ = writeln!(
            text,
            "A convolution or product of matrices in f32 should have at least {percent:.0} %."
        );
        for (architecture, kernels) in self.architectures() {
            let rows: Vec<_> = kernels.iter().map(|(name, evidence)| static_row(name, evidence)).collect();
            let _ = write!(
                text,
                "\n### {} (ptxas {})\n\n{}",
                architecture.name,
                self.version,
                table(&STATIC_COLUMNS, &rows)
            );
        }
        if !self.interpreted.is_empty() {
            let _ = write!(text, "\n## Memory accesses\n\n{ACCESSES}\n{}", accesses(&self.interpreted));
        }
        let _ = write!(
            text,
            "\n## An estimate of VGG-19's convolutions\n\n{}",
            estimate::section(&self.on_sm_80, &self.on_sm_90)?
        );
        Ok(text)
    }

    fn architectures(&self) -> [(Architecture, &Kernels); 2] {
        [(SM_80, &self.on_sm_80), (SM_90, &self.on_sm_90)]
    }

    /// Kernels that spill, which none may.
    pub(super) fn spills(&self) -> Vec<String> {
        let all = self.architectures().into_iter().flat_map(|(architecture, kernels)| {
            let spilling = kernels.iter().filter(|(_, evidence)| evidence.resources.spilled_bytes > 0);
            spilling.map(move |(name, evidence)| {
                format!("{name} spills {} bytes on {}", evidence.resources.spilled_bytes, architecture.name)
            })
        });
        all.collect()
    }
}

const STATIC_COLUMNS: [&str; 8] =
    ["kernel", "registers", "spilled", "shared", "threads", "occupancy", "inner loop", "share"];

fn static_row(name: &str, evidence: &Evidence) -> Vec<String> {
    let Evidence { resources, threads, occupancy, hot_loop } = evidence;
    let (in_loop, share) = hot_loop.map_or(("-".into(), "-".into()), |(instruction, found)| {
        let kind = if instruction == Instruction::Mma { "HMMA" } else { "FFMA" };
        let in_loop = format!("{} {kind} of {}", found.multiplications, found.instructions);
        (in_loop, format!("{:.1} %", 100.0 * found.share()))
    });
    vec![
        format!("`{name}`"),
        resources.registers.to_string(),
        bold_if(resources.spilled_bytes > 0, resources.spilled_bytes.to_string()),
        resources.shared_bytes.to_string(),
        threads.to_string(),
        format!("{:.1} %", 100.0 * occupancy),
        in_loop,
        bold_if(evidence.is_below_least_share(name), share),
    ]
}

const ACCESSES: &str = "\
Counted by the PTX interpreter of the tests, which wrote `KERNELS.json`, over the launches of `large` in
`tests/tests/kernels/work.rs` (features of 64x64x64): sectors of 32 bytes of global memory over those without an unused byte,
wavefronts of shared memory over those without bank conflicts, and instructions of warps. `counted.rs` there names the kernels
that may be above 1.10, and why.
";

fn accesses(interpreted: &BTreeMap<String, Counts>) -> String {
    let rows: Vec<_> = interpreted
        .iter()
        .map(|(name, counts)| {
            let ratio = |ratio: Option<f64>| {
                ratio.map_or("-".into(), |ratio| bold_if(ratio > MOST_OVER_IDEAL, format!("{ratio:.2}")))
            };
            vec![
                format!("`{name}`"),
                ratio(counts.sectors_over_ideal()),
                ratio(counts.wavefronts_over_ideal()),
                counts.instructions.values().sum::<u64>().to_string(),
            ]
        })
        .collect();
    table(&["kernel", "sectors / ideal", "wavefronts / ideal", "instructions"], &rows)
}

fn bold_if(stands_out: bool, text: String) -> String {
    if stands_out { format!("**{text}**") } else { text }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::Findings;
    use crate::kernels::evidence::{Evidence, Kernels};
    use crate::kernels::hot_loop::HotLoop;
    use crate::kernels::interpreted::Counts;
    use crate::kernels::resources::Resources;
    use crate::kernels::sass::Instruction;

    /// The convolution's four kernels, four of five instructions in the inner loop multiplying.
    pub(in crate::kernels) fn kernels() -> Kernels {
        let hot_loop = HotLoop { instructions: 5, multiplications: 4 };
        let of = |name: &str| {
            let kind = if name.ends_with("tf32") { Instruction::Mma } else { Instruction::Ffma };
            let evidence = Evidence {
                resources: Resources { registers: 128, spilled_bytes: 0, shared_bytes: 16384 },
                threads: 256,
                occupancy: 0.25,
                hot_loop: Some((kind, hot_loop)),
            };
            (name.to_owned(), evidence)
        };
        ["conv2d", "conv2d_gated", "conv2d_tf32", "conv2d_gated_tf32"].map(of).into()
    }

    fn findings() -> Findings {
        Findings {
            version: "1.2.3".into(),
            on_sm_80: kernels(),
            on_sm_90: kernels(),
            interpreted: BTreeMap::new(),
        }
    }

    fn of_conv2d(findings: &mut Findings) -> &mut Evidence {
        findings.on_sm_90.values_mut().next().unwrap()
    }

    #[test]
    fn every_kernel_has_its_row_and_the_counts_are_left_out_where_there_are_none() {
        let text = findings().document().unwrap();
        let row = "| `conv2d` | 128 | 0 | 16384 | 256 | 25.0 % | 4 FFMA of 5 | 80.0 % |\n";
        assert_eq!(text.matches(row).count(), 2, "{text}");
        assert!(
            text.contains("| `conv2d_gated_tf32` | 128 | 0 | 16384 | 256 | 25.0 % | 4 HMMA of 5 | 80.0 % |")
        );
        assert!(text.contains("| H100 SXM TF32 | 100 % | 100 % |"));
        assert!(text.contains("| conv1_1 | 512x512 | 3->64 | 0.91 | 70.3 | *0.021* + *0.021* |"), "{text}");
        assert!(!text.contains("Memory accesses"));
        assert!(findings().spills().is_empty());
    }

    #[test]
    fn spills_and_small_shares_stand_out() {
        let mut findings = findings();
        let conv2d = of_conv2d(&mut findings);
        conv2d.resources.spilled_bytes = 8;
        conv2d.hot_loop = Some((Instruction::Ffma, HotLoop { instructions: 2, multiplications: 1 }));
        assert_eq!(findings.spills(), ["conv2d spills 8 bytes on sm_90"]);
        let row = "| `conv2d` | 128 | **8** | 16384 | 256 | 25.0 % | 1 FFMA of 2 | **50.0 %** |\n";
        assert!(findings.document().unwrap().contains(row));
    }

    #[test]
    fn counts_have_a_table_of_their_own() {
        let mut findings = findings();
        let counts = Counts {
            sectors: 120,
            ideal_sectors: 100,
            wavefronts: 0,
            ideal_wavefronts: 0,
            instructions: BTreeMap::from([("fma".into(), 4), ("other".into(), 3)]),
        };
        findings.interpreted.insert("conv2d".into(), counts);
        assert!(findings.document().unwrap().contains("| `conv2d` | **1.20** | - | 7 |\n"));
    }
}
