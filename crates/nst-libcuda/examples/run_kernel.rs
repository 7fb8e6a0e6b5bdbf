//! Runs a kernel through cudarc without a GPU and says what it did: `cargo run -p nst-libcuda --example run_kernel`.

use cudarc::driver::{CudaContext, LaunchConfig, PushKernelArg};
use nst_libcuda::StandIn;

const PTX: &str = include_str!("../tests/common/scale.ptx");

#[expect(unsafe_code, reason = "launching a kernel is unsafe: the compiler cannot know its parameters")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // First of all: cudarc keeps what it finds at its first call.
    let driver = StandIn::load()?;
    let context = CudaContext::new(0)?;
    let stream = context.default_stream();
    let scale = context.load_module(PTX.into())?.load_function("scale")?;

    let mut values = stream.clone_htod(&[1.0_f32, 2.0, 3.0])?;
    let mut launch = stream.launch_builder(&scale);
    launch.arg(&mut values).arg(&10.0_f32).arg(&3_u32);
    // SAFETY: the kernel takes a pointer to `n` values, a factor and `n`.
    unsafe { launch.launch(LaunchConfig::for_num_elems(3)) }?;
    println!("{}: {:?}", context.name()?, stream.clone_dtoh(&values)?);

    let report = driver.report()?;
    println!("{} launch, {} synchronisation", report.launches, report.synchronisations);
    println!("{:#?}", report.kernels["scale"]);
    Ok(())
}
