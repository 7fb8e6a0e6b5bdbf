//! How well kernels use memory, as the interpreter counts it: committed beside the kernels, in `KERNELS.json`.

use crate::sources::{kernels, package};
use crate::work;
use nst_cuda::Precision;
use nst_ptx::{Checks, Counts};
use nst_tests::gpu::gpu;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most that sectors and wavefronts may be of what they would ideally be.
const MOST: f64 = 1.1;
/// Kernels that may be above it, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("pack", "turns filters around, once a run, and Gram gradients of a few hundred channels"),
    ("sum_filter", "turns a filter's gradient around: for training networks"),
    ("histogram_backward", "looks two bins up for each value, wherever they are"),
    ("rows", "turns matrices around, and pads three channels to four"),
];

/// Sets the committed counts to those of now instead of comparing them.
const RENEW: &str = "NST_RENEW_KERNELS_JSON";

pub(crate) fn memory_is_used_as_committed() {
    let mut counted = BTreeMap::new();
    let files = kernels();
    for precision in [Precision::Float32, Precision::TensorFloat32] {
        let gpu = gpu(precision).expect("a device");
        let stand_in = gpu.stand_in().expect("the stand-in");
        stand_in.set_checks(Checks { counts: true, ..Checks::ALL });
        stand_in.reset();
        gpu.watched(|| work::large(&gpu.device).expect("work"));
        for (kernel, report) in stand_in.report().expect("a report").kernels {
            counted.entry(kernel).or_insert(report.counts);
        }
    }
    // How long the peak is measured depends on the machine.
    for (kernel, file) in files.iter().filter(|(kernel, _)| *kernel != "peak") {
        assert!(counted.contains_key(kernel), "{file}::{kernel} was not launched");
    }
    for (kernel, counts) in &counted {
        within_limits(kernel, counts);
    }
    let now = Value::Object(counted.iter().map(|(kernel, counts)| (kernel.clone(), told(counts))).collect());
    let file = package().join("KERNELS.json");
    if std::env::var_os(RENEW).is_some() {
        let text = serde_json::to_string_pretty(&now).expect("JSON") + "\n";
        std::fs::write(&file, text).expect("a written file");
    }
    let text = std::fs::read_to_string(&file).expect("committed counts");
    let committed: Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        committed == now,
        "kernels use memory in another way than {} says; look at the difference after setting {RENEW}=1",
        file.display()
    );
}

fn within_limits(kernel: &str, counts: &Counts) {
    let ratio = |counted: u64, ideal: u64| if ideal == 0 { 1.0 } else { counted as f64 / ideal as f64 };
    let sectors = ratio(counts.global.sectors, counts.global.ideal_sectors);
    let wavefronts = ratio(counts.shared.wavefronts, counts.shared.ideal_wavefronts);
    println!("{kernel}: sectors {sectors:.3}, wavefronts {wavefronts:.3} of the ideal");
    let excepted = EXCEPTIONS.iter().any(|(name, _)| kernel == *name);
    assert!(excepted || sectors.max(wavefronts) <= MOST, "{kernel} is above {MOST} times the ideal");
}

fn told(counts: &Counts) -> Value {
    let Counts { mix, global, shared, .. } = counts;
    json!({
        "sectors": global.sectors,
        "ideal_sectors": global.ideal_sectors,
        "wavefronts": shared.wavefronts,
        "ideal_wavefronts": shared.ideal_wavefronts,
        "instructions": {
            "fma": mix.fma,
            "mma": mix.mma,
            "arithmetic": mix.arithmetic,
            "load_global": mix.load_global,
            "store_global": mix.store_global,
            "load_shared": mix.load_shared,
            "store_shared": mix.store_shared,
            "other_memory": mix.other_memory,
            "control": mix.control,
        },
    })
}
