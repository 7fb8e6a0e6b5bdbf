//! cudarc on the stand-in: what works. These tests run beside each other, as other crates' tests will.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, clippy::unwrap_used, reason = "tests, which launch kernels and look functions up")]

mod common;

use common::{device, function};
use cudarc::driver::sys::CUresult;
use cudarc::driver::{CudaContext, DriverError, LaunchConfig, PushKernelArg};
use libloading::os::unix::Library;
use std::sync::Arc;

/// Uploads five values, multiplies them by three in four threads' blocks, and downloads them.
fn tripled(context: &Arc<CudaContext>) -> Vec<f32> {
    let stream = context.default_stream();
    let scale = function(context, "scale");
    let mut values = stream.clone_htod(&[1.0_f32, 2.0, 3.0, 4.0, 5.0]).unwrap();
    let mut launch = stream.launch_builder(&scale);
    launch.arg(&mut values).arg(&3.0_f32).arg(&5_u32);
    let config = LaunchConfig { grid_dim: (2, 1, 1), block_dim: (4, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: the kernel takes a pointer to `n` values, a factor and `n`.
    unsafe { launch.launch(config) }.unwrap();
    stream.clone_dtoh(&values).unwrap()
}

#[test]
fn whoever_asks_for_libcuda_gets_it_but_nobody_by_accident() {
    let (driver, _context) = device();
    // SAFETY: loading the stand-in has no effects.
    assert!(unsafe { cudarc::driver::sys::is_culib_present() });
    assert!(driver.path().is_file());
    // SAFETY: as above.
    let found = unsafe { Library::new("libcuda.so") }.unwrap();
    // SAFETY: only looked up, not called.
    unsafe { found.get::<unsafe extern "C" fn(u32) -> i32>(b"cuInit") }.unwrap();
    // The half that is linked into this program exports nothing.
    // SAFETY: only looked up, not called.
    assert!(unsafe { Library::this().get::<unsafe extern "C" fn(u32) -> i32>(b"cuInit") }.is_err());
}

#[test]
fn says_what_the_device_is() {
    let (_, context) = device();
    assert_eq!(CudaContext::device_count().unwrap(), 1);
    assert_eq!(context.name().unwrap(), "PTX interpreter");
    assert_eq!(context.compute_capability().unwrap(), (8, 0));
    assert_eq!(context.total_mem().unwrap(), 4 << 30);
    assert!(context.has_async_alloc());
    assert_eq!(context.uuid().unwrap().bytes.map(i8::cast_unsigned), *b"nst-libcuda 8.0\0");
    let (free, total) = context.mem_get_info().unwrap();
    assert!(free <= total && total == 4 << 30);
    assert_eq!(CudaContext::new(1).unwrap_err(), DriverError(CUresult::CUDA_ERROR_INVALID_DEVICE));
}

#[test]
fn runs_a_kernel_and_counts_by_thread() {
    let (driver, context) = device();
    driver.reset();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(tripled(&context), [3.0, 6.0, 9.0, 12.0, 15.0]));
    });
    assert_eq!(driver.report().unwrap().launches, 0, "the other thread's");
    assert_eq!(tripled(&context), [3.0, 6.0, 9.0, 12.0, 15.0]);
    let report = driver.report().unwrap();
    assert_eq!((report.launches, report.kernels["scale"].launches), (1, 1));
    // The copy back waits; that is all.
    assert_eq!(report.synchronisations, 1);
    assert_eq!((report.transfers.uploads, report.transfers.uploaded_bytes), (1, 20));
    assert_eq!((report.transfers.downloads, report.transfers.downloaded_bytes), (1, 20));
    assert_eq!(report.kernels["scale"].counts.mix.store_global, 2, "one warp in each of two blocks");
    assert_eq!(report.faults, [] as [&str; 0]);
    assert_eq!(report.leaks, []);
    assert!(report.memory_peak >= 20);
    assert!(driver.process_report().unwrap().launches >= 2);
}

#[test]
fn waiting_counts_where_there_is_something_to_wait_for() {
    let (driver, context) = device();
    driver.reset();
    let stream = context.default_stream();
    let count = || driver.report().unwrap().synchronisations;
    stream.synchronize().unwrap();
    assert_eq!(count(), 0);
    let zeros = stream.alloc_zeros::<f32>(7).unwrap();
    stream.synchronize().unwrap();
    context.synchronize().unwrap();
    assert_eq!(count(), 1);
    assert_eq!(stream.clone_dtoh(&zeros).unwrap(), [0.0; 7]);
    assert_eq!(count(), 2);
    // A copy to page-locked memory does not wait, looking at it does.
    // SAFETY: the memory is written before it is read.
    let mut pinned = unsafe { context.alloc_pinned::<f32>(7) }.unwrap();
    stream.memcpy_dtoh(&zeros, &mut pinned).unwrap();
    assert_eq!(count(), 2);
    stream.synchronize().unwrap();
    assert_eq!(count(), 3);
}

#[test]
fn copies_fills_and_frees() {
    let (driver, context) = device();
    driver.reset();
    let stream = context.default_stream();
    let first = stream.clone_htod(&[1_u32, 2, 3]).unwrap();
    let mut second = stream.alloc_zeros::<u32>(4).unwrap();
    stream.memcpy_dtod(&first, &mut second.slice_mut(1..)).unwrap();
    assert_eq!(stream.clone_dtoh(&second).unwrap(), [0, 1, 2, 3]);
    let kept = driver.report().unwrap().leaks;
    assert_eq!(kept.iter().map(|leak| leak.bytes).collect::<Vec<_>>(), [12, 16]);
    drop((first, second));
    assert_eq!(driver.report().unwrap().leaks, []);
    // Leaked on purpose, and then no longer this thread's.
    let leaked = stream.alloc_zeros::<u8>(5).unwrap().leak();
    assert_eq!(driver.report().unwrap().leaks[0].address, leaked);
    driver.reset();
    assert_eq!(driver.report().unwrap().leaks, []);
}
