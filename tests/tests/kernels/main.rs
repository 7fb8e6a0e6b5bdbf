//! Every CUDA kernel, run on the stand-in for the driver: against the same source built for the host by a C++ compiler, and
//! how it uses memory; and with planted mistakes, which have to be found. One test after another: a second opinion is the
//! whole process's.
#![cfg(target_os = "linux")]

mod counted;
mod planted;
mod second_opinion;
mod sources;
mod work;

use nst_cuda::Precision;
use nst_tests::gpu::gpu;

#[test]
fn kernels() {
    if gpu(Precision::Float32).and_then(|gpu| gpu.stand_in().cloned()).is_none() {
        println!("skipped: a real GPU neither counts nor compares");
        return;
    }
    counted::memory_is_used_as_committed();
    second_opinion::host_and_interpreter_agree();
    planted::mistakes_are_found();
}
