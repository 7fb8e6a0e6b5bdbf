//! Every launch done twice, by the interpreter of the PTX and by the source built for the host, and compared bit for bit.

use crate::sources::{self, kernels};
use crate::work;
use nst_cuda::Precision;
use nst_libcuda::{Source, Twin};
use nst_tests::gpu::gpu;

pub(crate) fn host_and_interpreter_agree() {
    let files = sources::all();
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|file| Source {
            name: &file.name,
            cuda: &file.cuda,
            definitions: if file.tensor_cores { &["NST_TF32"] } else { &[] },
            ptx: &file.ptx,
        })
        .collect();
    let Some(twin) = Twin::compile(&sources).expect("the kernels compile for the host") else {
        println!("skipped: there is no C++ compiler for a second opinion");
        return;
    };
    for precision in [Precision::Float32, Precision::TensorFloat32] {
        let gpu = gpu(precision).expect("a device");
        let stand_in = gpu.stand_in().expect("the stand-in");
        stand_in.reset();
        stand_in.second_opinion(Some(&twin)).expect("a second opinion");
        gpu.watched(|| work::small(&gpu.device).expect("work"));
        let report = stand_in.report().expect("a report");
        stand_in.second_opinion(None).expect("no more second opinions");
        assert_eq!(report.second_opinions, report.launches, "launches that were not compared");
        let tensor_cores = precision == Precision::TensorFloat32;
        for (kernel, file) in kernels() {
            let used = kernel.starts_with("conv2d") && kernel.ends_with("_tf32") != tensor_cores;
            assert!(used || report.kernels.contains_key(&kernel), "{file}::{kernel} had no second opinion");
        }
    }
}
