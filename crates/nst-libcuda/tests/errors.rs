//! What goes wrong, as the driver says it. One test: a fault breaks the device for the whole process.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, clippy::unwrap_used, reason = "tests, which launch kernels, wrongly")]

mod common;

use common::{SCALE, device, function, mend};
use cudarc::driver::sys::{CUfunction_attribute, CUresult};
use cudarc::driver::{CudaContext, CudaFunction, DriverError, LaunchConfig, PushKernelArg};
use nst_libcuda::StandIn;
use nst_ptx::Checks;
use std::sync::Arc;

fn config(grid: u32, block: u32, shared_mem_bytes: u32) -> LaunchConfig {
    LaunchConfig { grid_dim: (grid, 1, 1), block_dim: (block, 1, 1), shared_mem_bytes }
}

/// Launches on no values, which is right for any extents.
fn launch(
    context: &Arc<CudaContext>,
    function: &CudaFunction,
    config: LaunchConfig,
) -> Result<(), DriverError> {
    let stream = context.default_stream();
    let mut launch = stream.launch_builder(function);
    launch.arg(&0_u64).arg(&1.0_f32).arg(&0_u32);
    // SAFETY: the kernel touches nothing.
    unsafe { launch.launch(config) }.map(|_| ())
}

#[test]
fn errors_are_the_drivers() {
    let (driver, context) = device();
    out_of_memory(&driver, &context);
    bad_launches(&driver, &context);
    bad_modules(&driver, &context);
    faults_stay(&driver, &context);
    unwritten_memory(&driver, &context);
    replaced_modules(&driver, &context);
}

fn out_of_memory(driver: &StandIn, context: &Arc<CudaContext>) {
    driver.set_capacity(1000);
    let stream = context.default_stream();
    let first = stream.alloc_zeros::<u8>(600).unwrap();
    let second = stream.alloc_zeros::<u8>(600);
    assert_eq!(second.unwrap_err(), DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY));
    assert_eq!(context.mem_get_info().unwrap(), (400, 1000));
    drop(first);
    stream.alloc_zeros::<u8>(1000).unwrap();
    driver.set_capacity(4 << 30);
}

fn bad_launches(driver: &StandIn, context: &Arc<CudaContext>) {
    driver.reset();
    let scale = function(context, "scale");
    launch(context, &scale, config(1, 1024, 48 << 10)).unwrap();
    let invalid = Err(DriverError(CUresult::CUDA_ERROR_INVALID_VALUE));
    assert_eq!(launch(context, &scale, config(1, 1025, 0)), invalid);
    assert_eq!(launch(context, &scale, config(0, 32, 0)), invalid);
    assert_eq!(launch(context, &scale, config(1, 32, (48 << 10) + 4)), invalid);
    assert_eq!(driver.report().unwrap().faults.len(), 3);
    let most = CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
    scale.set_attribute(most, 100 << 10).unwrap();
    launch(context, &scale, config(1, 32, 100 << 10)).unwrap();
    assert!(scale.set_attribute(most, 164 << 10).is_err());
    assert_eq!(driver.report().unwrap().launches, 2);
}

fn bad_modules(driver: &StandIn, context: &Arc<CudaContext>) {
    driver.reset();
    let broken = SCALE.replace("mad.lo.s32", "mad.low.s32");
    let error = context.load_module(broken.into()).unwrap_err();
    assert_eq!(error, DriverError(CUresult::CUDA_ERROR_INVALID_PTX));
    let faults = driver.report().unwrap().faults;
    assert!(faults[0].starts_with("PTX line 18: "), "{faults:?}");
    let missing = context.load_module(SCALE.into()).unwrap().load_function("scales").unwrap_err();
    assert_eq!(missing, DriverError(CUresult::CUDA_ERROR_NOT_FOUND));
}

fn faults_stay(driver: &StandIn, context: &Arc<CudaContext>) {
    mend(driver, context);
    let stream = context.default_stream();
    let unguarded = function(context, "unguarded");
    let values = stream.alloc_zeros::<u32>(31).unwrap();
    let mut launch = stream.launch_builder(&unguarded);
    launch.arg(&values);
    // SAFETY: there is none: thread 31 writes past the end. The stand-in reports it and does not do it.
    unsafe { launch.launch(config(1, 32, 0)) }.unwrap();
    let illegal = DriverError(CUresult::CUDA_ERROR_ILLEGAL_ADDRESS);
    assert_eq!(stream.synchronize().unwrap_err(), illegal);
    assert_eq!(stream.clone_dtoh(&values).unwrap_err(), illegal);
    assert!(format!("{illegal}").contains("an illegal memory access was encountered"));
    let faults = driver.report().unwrap().faults;
    assert!(
        faults[0].contains("unguarded, PTX line 41") && faults[0].contains("thread [31, 0, 0]"),
        "{faults:?}"
    );
    mend(driver, context);
    stream.synchronize().unwrap();
}

fn unwritten_memory(driver: &StandIn, context: &Arc<CudaContext>) {
    let run = || {
        mend(driver, context);
        let stream = context.default_stream();
        let scale = function(context, "scale");
        // SAFETY: there is none: that it is read before it is written is the point.
        let values = unsafe { stream.alloc::<f32>(4) }.unwrap();
        let mut launch = stream.launch_builder(&scale);
        launch.arg(&values).arg(&1.0_f32).arg(&4_u32);
        // SAFETY: the kernel stays within the memory.
        unsafe { launch.launch(config(1, 4, 0)) }.unwrap();
        driver.report().unwrap().faults
    };
    assert_eq!(run().len(), 1);
    driver.set_checks(Checks::FEWEST);
    assert_eq!(run(), [] as [&str; 0]);
    driver.set_checks(Checks::ALL);
}

fn replaced_modules(driver: &StandIn, context: &Arc<CudaContext>) {
    mend(driver, context);
    let scale = || context.load_module(SCALE.into()).unwrap().load_function("scale");
    driver.replace(Some((SCALE, &SCALE.replace("scale", "scales")))).unwrap();
    assert_eq!(scale().unwrap_err(), DriverError(CUresult::CUDA_ERROR_NOT_FOUND));
    driver.replace(None).unwrap();
    scale().unwrap();
    assert!(driver.replace(Some(("\0", ""))).is_err());
}
