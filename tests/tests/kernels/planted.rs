//! Mistakes planted in the convolution's kernels: each must be found, as a fault of its kind or as another result.

use crate::sources::{self, Source};
use crate::work;
use nst_cuda::Precision;
use nst_ptx::FaultKind::{self, DivergentBarrier, OutOfBounds, PendingCopy, Race, Uninitialised};
use nst_tests::gpu::{Gpu, gpu};

/// A change of one line of PTX, and what must come of it: a fault, or none and another result.
struct Mistake {
    file: &'static str,
    /// What the line holds, and how many such lines come before it.
    line: (&'static str, usize),
    change: fn(&str) -> String,
    found: Option<FaultKind>,
}

const MISTAKES: &[Mistake] = &[
    // The barrier before the first round of the inner extent, and that between two rounds, of both kernels.
    planted("conv2d", ("bar.sync", 0), nothing, Some(Race)),
    planted("conv2d", ("bar.sync", 1), nothing, Some(Race)),
    planted("conv2d", ("bar.sync", 2), nothing, Some(Race)),
    planted("conv2d", ("bar.sync", 3), nothing, Some(Race)),
    planted("conv2d_tf32", ("bar.sync", 0), nothing, Some(Race)),
    planted("conv2d_tf32", ("bar.sync", 1), nothing, Some(Race)),
    planted("conv2d_tf32", ("bar.sync", 2), nothing, Some(Race)),
    planted("conv2d_tf32", ("bar.sync", 3), nothing, Some(Race)),
    planted("conv2d", ("bar.sync", 1), of_some_lanes, Some(DivergentBarrier)),
    planted("conv2d_tf32", ("bar.sync", 1), of_some_lanes, Some(DivergentBarrier)),
    // Rows above the picture have negative numbers, which are large without a sign.
    planted("conv2d", ("setp.ge.u32", 0), signed, Some(OutOfBounds)),
    planted("conv2d_tf32", ("setp.ge.u32", 0), signed, Some(OutOfBounds)),
    planted("conv2d_tf32", ("cp.async.cg", 0), nothing, Some(Uninitialised)),
    planted("conv2d_tf32", ("commit_group", 0), nothing, Some(PendingCopy)),
    planted("conv2d_tf32", ("commit_group", 1), nothing, Some(PendingCopy)),
    planted("conv2d_tf32", ("wait_group", 0), nothing, Some(PendingCopy)),
    planted("conv2d_tf32", ("wait_group", 1), nothing, Some(PendingCopy)),
    planted("conv2d_tf32", ("wait_group", 1), one_group_less, Some(PendingCopy)),
    // Fragments of the other rows, of the other half of k; products left out or not rounded.
    planted("conv2d_tf32", ("mma.sync", 0), swapped_rows, None),
    planted("conv2d_tf32", ("mma.sync", 0), swapped_depths, None),
    planted("conv2d_tf32", ("mma.sync", 40), swapped_rows, None),
    planted("conv2d_tf32", ("mma.sync", 0), nothing, None),
    planted("conv2d_tf32", ("cvt.rna.tf32", 0), truncated, None),
    planted("conv2d", ("fma.rn.f32", 0), unfused, None),
    planted("conv2d", ("ld.shared.v4", 3), next_place, None),
];

const fn planted(
    file: &'static str,
    line: (&'static str, usize),
    change: fn(&str) -> String,
    found: Option<FaultKind>,
) -> Mistake {
    Mistake { file, line, change, found }
}

fn nothing(_: &str) -> String {
    String::new()
}

/// Threads of one warp part here.
fn of_some_lanes(line: &str) -> String {
    let line = line.trim();
    format!(
        "{{ .reg .pred %some; .reg .b32 %me; mov.u32 %me, %tid.x; setp.lt.u32 %some, %me, 120; @%some {line} }}"
    )
}

fn signed(line: &str) -> String {
    line.replace("ge.u32", "ge.s32")
}

fn one_group_less(line: &str) -> String {
    line.replace("wait_group 0", "wait_group 1")
}

fn truncated(line: &str) -> String {
    line.replace("cvt.rna.tf32.f32", "mov.b32")
}

/// The line with two registers of its braces number `group`, from 1, in each other's place.
fn swapped(line: &str, group: usize, [a, b]: [usize; 2]) -> String {
    let mut groups: Vec<String> = line.split('{').map(str::to_owned).collect();
    let (inside, after) = groups[group].split_once('}').expect("a group of registers");
    let mut registers: Vec<&str> = inside.split(", ").collect();
    registers.swap(a, b);
    groups[group] = format!("{}}}{after}", registers.join(", "));
    groups.join("{")
}

fn swapped_rows(line: &str) -> String {
    swapped(line, 2, [0, 1])
}

fn swapped_depths(line: &str) -> String {
    swapped(line, 3, [0, 1])
}

fn unfused(line: &str) -> String {
    let operands = line.trim().trim_start_matches("fma.rn.f32").trim_end_matches(';');
    let [d, a, b, c] = operands.split(',').map(str::trim).collect::<Vec<_>>()[..] else {
        panic!("{line} has not four operands")
    };
    format!("{{ .reg .f32 %product; mul.rn.f32 %product, {a}, {b}; add.rn.f32 {d}, %product, {c}; }}")
}

fn next_place(line: &str) -> String {
    match line.rsplit_once('+') {
        Some((place, offset)) => {
            let offset: u32 = offset.trim_end_matches("];").parse().expect("an offset");
            format!("{place}+{}];", offset + 16)
        }
        None => line.replace("];", "+16];"),
    }
}

/// The file's text with the mistake in it.
fn with(mistake: &Mistake, source: &Source) -> String {
    let (holds, before) = mistake.line;
    let mut lines: Vec<String> = source.ptx.lines().map(str::to_owned).collect();
    let line = lines.iter_mut().filter(|line| line.contains(holds)).nth(before);
    let line = line.unwrap_or_else(|| panic!("{} has no more than {before} lines of {holds}", source.name));
    let changed = (mistake.change)(line);
    assert_ne!(*line, changed, "{}: the change changes nothing", source.name);
    *line = changed;
    lines.push(String::new());
    lines.join("\n")
}

fn device(source: &Source) -> Gpu {
    let precision = if source.tensor_cores { Precision::TensorFloat32 } else { Precision::Float32 };
    gpu(precision).expect("a device")
}

pub(crate) fn mistakes_are_found() {
    let mut missed = Vec::new();
    for source in sources::all() {
        let mut mistakes = MISTAKES.iter().filter(|mistake| mistake.file == source.name).peekable();
        if mistakes.peek().is_some() {
            let gpu = device(&source);
            let right = gpu.watched(|| work::convolutions(&gpu.device)).expect("work");
            missed.extend(mistakes.filter_map(|mistake| complaint(mistake, &source, &right)));
        }
    }
    assert!(missed.is_empty(), "planted mistakes that were not found: {missed:#?}");
}

/// What is wrong with how a mistake is found.
fn complaint(mistake: &Mistake, source: &Source, right: &[Vec<f32>]) -> Option<String> {
    // A device of its own, because each keeps the modules that it has loaded.
    let gpu = device(source);
    let stand_in = gpu.stand_in().expect("the stand-in");
    stand_in.reset();
    stand_in.replace(Some((&source.ptx, &with(mistake, source)))).expect("PTX");
    let result = work::convolutions(&gpu.device);
    stand_in.replace(None).expect("no PTX");
    let faults = stand_in.report().expect("a report").faults;
    // Before the device is dropped, which needs a driver that works.
    stand_in.reset();
    let found = match (mistake.found, faults.first()) {
        (Some(kind), Some(fault)) => fault.starts_with(&kind.to_string()),
        (None, None) => result.is_ok_and(|result| !same(&result, right)),
        _ => false,
    };
    let Mistake { file, line: (holds, before), found: expected, .. } = mistake;
    (!found).then(|| {
        format!(
            "{file}, line {before} of those with {holds}: {expected:?} was expected, there was {:?}",
            faults.first()
        )
    })
}

fn same(a: &[Vec<f32>], b: &[Vec<f32>]) -> bool {
    let bits =
        |values: &[Vec<f32>]| -> Vec<u32> { values.iter().flatten().map(|value| value.to_bits()).collect() };
    bits(a) == bits(b)
}
