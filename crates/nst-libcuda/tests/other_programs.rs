//! The stand-in in a program that does not know it: this one, started again.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "launches a kernel")]

mod common;

use common::{device, function};
use cudarc::driver::{CudaContext, LaunchConfig, PushKernelArg};
use nst_libcuda::Report;
use std::process::Command;

/// What the other program does.
#[test]
#[ignore = "the other test starts it with an environment of its own"]
fn program() {
    let context = CudaContext::new(0).unwrap();
    let stream = context.default_stream();
    let scale = function(&context, "scale");
    let mut values = stream.clone_htod(&[1.0_f32, 2.0]).unwrap();
    let mut launch = stream.launch_builder(&scale);
    launch.arg(&mut values).arg(&2.0_f32).arg(&2_u32);
    // SAFETY: the kernel takes a pointer to `n` values, a factor and `n`.
    unsafe { launch.launch(LaunchConfig::for_num_elems(2)) }.unwrap();
    assert_eq!(stream.clone_dtoh(&values).unwrap(), [2.0, 4.0]);
    assert_eq!(context.total_mem().unwrap(), 4096);
    values.leak();
}

#[test]
fn the_library_path_and_the_environment_are_all_it_takes() {
    let (driver, _context) = device();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(driver.path(), folder.path().join("libcuda.so")).unwrap();
    let file = folder.path().join("report.json");
    let run = |checks: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program", "--ignored"]);
        command.env("LD_LIBRARY_PATH", folder.path()).env("NST_LIBCUDA_REPORT", &file);
        command.env("NST_LIBCUDA_MEMORY", "4096").env("NST_LIBCUDA_CHECKS", checks);
        command.output().unwrap()
    };
    let output = run("races,counts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let report: Report = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((report.launches, report.synchronisations), (1, 1));
    assert_eq!(report.leaks[0].bytes, 8);
    assert!(report.faults.is_empty());
    assert_eq!(report.kernels["scale"].counts.mix.store_global, 1);
    assert!(!run("colours").status.success());
}
