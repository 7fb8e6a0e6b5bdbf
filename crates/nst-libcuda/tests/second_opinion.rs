//! The host twin against the interpreter. One test: the twin is the whole process's.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, clippy::unwrap_used, reason = "tests, which launch kernels")]

mod common;

use common::{device, mend};
use cudarc::driver::{CudaContext, CudaSlice, DeviceRepr, DriverError, LaunchConfig, PushKernelArg};
use nst_libcuda::{Error, Source, StandIn, Twin};
use std::sync::Arc;

const EXCHANGE: Source<'_> = Source {
    name: "exchange.cu",
    cuda: include_str!("kernels/exchange.cu"),
    definitions: &[],
    ptx: include_str!("kernels/exchange.ptx"),
};

const PRODUCT: Source<'_> = Source {
    name: "product.cu",
    cuda: include_str!("kernels/product.cu"),
    definitions: &["NST_TF32"],
    ptx: include_str!("kernels/product.ptx"),
};

/// As the kernels declare it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Sizes {
    values: i32,
    scale: i32,
}

// SAFETY: two integers, laid out as in C.
unsafe impl DeviceRepr for Sizes {}

#[test]
fn host_and_interpreter_agree_and_differences_are_faults() {
    let (driver, context) = device();
    if Twin::compile(&[]).unwrap().is_none() {
        eprintln!("skipped: there is no C++ compiler");
        return;
    }
    agree(&driver, &context);
    differ(&driver, &context);
    compiler_errors();
}

fn use_twin(driver: &StandIn, sources: &[Source<'_>]) {
    let twin = Twin::compile(sources).unwrap().unwrap();
    driver.second_opinion(Some(&twin)).unwrap();
    driver.reset();
}

fn block_sums(context: &Arc<CudaContext>) -> Result<Vec<f32>, DriverError> {
    let stream = context.default_stream();
    let function = context.load_module(EXCHANGE.ptx.into()).unwrap().load_function("block_sums").unwrap();
    let values: Vec<f32> = (0..200_u16).map(f32::from).collect();
    let values = stream.clone_htod(&values).unwrap();
    let sums: CudaSlice<f32> = stream.alloc_zeros(3).unwrap();
    let mut launch = stream.launch_builder(&function);
    let sizes = Sizes { values: 200, scale: 2 };
    launch.arg(&values).arg(&sums).arg(&sizes);
    let config = LaunchConfig { grid_dim: (3, 1, 1), block_dim: (96, 1, 1), shared_mem_bytes: 96 * 4 };
    // SAFETY: the parameters are the kernel's.
    unsafe { launch.launch(config) }?;
    stream.clone_dtoh(&sums)
}

fn exchanges(context: &Arc<CudaContext>) -> Vec<i32> {
    let stream = context.default_stream();
    let function = context.load_module(EXCHANGE.ptx.into()).unwrap().load_function("exchanges").unwrap();
    let got = stream.alloc_zeros(32 * 7).unwrap();
    let mut launch = stream.launch_builder(&function);
    launch.arg(&got);
    let config = LaunchConfig { grid_dim: (1, 1, 1), block_dim: (32, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: the parameters are the kernel's.
    unsafe { launch.launch(config) }.unwrap();
    stream.clone_dtoh(&got).unwrap()
}

/// A matrix of small odd numbers times one with a one in each row.
fn product(context: &Arc<CudaContext>) -> Result<Vec<f32>, DriverError> {
    let stream = context.default_stream();
    let function = context.load_module(PRODUCT.ptx.into()).unwrap().load_function("product").unwrap();
    let left: Vec<f32> = (0..128_u8).map(|i| f32::from(2 * i + 1)).collect();
    let right: Vec<f32> = (0..64).map(|i| f32::from(u8::from(i % 8 == (i / 8 * 3 + 1) % 8))).collect();
    let (left, right) = (stream.clone_htod(&left).unwrap(), stream.clone_htod(&right).unwrap());
    let to: CudaSlice<f32> = stream.alloc_zeros(128).unwrap();
    let mut launch = stream.launch_builder(&function);
    launch.arg(&left).arg(&right).arg(&to);
    let config = LaunchConfig { grid_dim: (1, 1, 1), block_dim: (32, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: the parameters are the kernel's.
    unsafe { launch.launch(config) }?;
    stream.clone_dtoh(&to)
}

fn agree(driver: &StandIn, context: &Arc<CudaContext>) {
    use_twin(driver, &[EXCHANGE, PRODUCT]);
    let sums = block_sums(context);
    assert_eq!(driver.report().unwrap().faults, [""; 0]);
    assert_eq!(sums.unwrap(), [9120.0, 27552.0, 3128.0]);
    let got = exchanges(context);
    assert_eq!(&got[7 * 9..7 * 10], [12, 6, 12, 9, 0x4924_9249, 2, 8]);
    assert_eq!(&got[7 * 30..7 * 31], [27, 27, 30, 25, 0x4924_9249, 2, -1]);
    // Row 1 of the left matrix is 17, 19, ..., 31; its column k goes to column 3 k + 1.
    let product = product(context).unwrap();
    assert_eq!(product[8..16], [27.0, 17.0, 23.0, 29.0, 19.0, 25.0, 31.0, 21.0]);
    let report = driver.report().unwrap();
    assert_eq!((report.launches, report.second_opinions), (3, 3));
    assert_eq!(report.faults, [""; 0]);

    driver.second_opinion(None).unwrap();
    driver.reset();
    block_sums(context).unwrap();
    let report = driver.report().unwrap();
    assert_eq!((report.launches, report.second_opinions), (1, 0));
}

type Device<'a> = (&'a StandIn, &'a Arc<CudaContext>);
type Run = fn(&Arc<CudaContext>) -> Result<Vec<f32>, DriverError>;

/// Runs a kernel with a twin of an altered source; gives the fault's words.
fn fault((driver, context): Device<'_>, source: Source<'_>, from: &str, to: &str, run: Run) -> String {
    assert!(source.cuda.contains(from));
    let cuda = source.cuda.replace(from, to);
    use_twin(driver, &[Source { cuda: &cuda, ..source }]);
    assert!(run(context).is_err(), "the calls after the launch fail");
    let faults = driver.report().unwrap().faults;
    mend(driver, context);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

fn differ(driver: &StandIn, context: &Arc<CudaContext>) {
    let device = (driver, context);
    let words = fault(device, EXCHANGE, "sizes.scale", "(sizes.scale + 1)", block_sums);
    assert!(words.starts_with("second opinion: block_sums: at 0x"), "{words}");
    assert!(words.contains("(9120) by the interpreter") && words.contains("(13680) on the host"), "{words}");
    assert!(words.ends_with(" and 2 more words differ"), "{words}");
    // The first barrier matters on the host as well, and one that not all threads come to never ends.
    let words = fault(device, EXCHANGE, "0.0f;\n    __syncthreads();", "0.0f;", block_sums);
    assert!(words.contains("(9120) by the interpreter"), "{words}");
    let words = fault(
        device,
        EXCHANGE,
        "    for (int by",
        "    if (at < 1) __syncwarp();\n    for (int by",
        block_sums,
    );
    assert!(words.contains("block_sums: on the host its threads wait for each other for ever"), "{words}");
    // As does the wait for a copy, and where a fragment's elements lie.
    let words = fault(device, PRODUCT, "copy_async_wait<0>();\n    __syncwarp", "__syncwarp", product);
    assert!(words.contains("product: at 0x") && words.contains("(0) on the host"), "{words}");
    let words =
        fault(device, PRODUCT, "to_tf32(b[place * 8 + group])", "to_tf32(b[group * 8 + place])", product);
    assert!(words.contains("product: at 0x"), "{words}");
    driver.second_opinion(None).unwrap();
}

fn compiler_errors() {
    let error =
        Twin::compile(&[Source { cuda: "extern \"C\" __global__ void k() { nothing(); }", ..EXCHANGE }]);
    let Err(Error::Compiler { source_name, words }) = error else { panic!("{error:?}") };
    assert!(source_name == "exchange.cu" && words.contains("nothing"), "{words}");
}
