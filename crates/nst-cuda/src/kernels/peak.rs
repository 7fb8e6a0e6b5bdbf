//! The most that the device can do.

use super::THREADS;
use crate::error::said;
use crate::stream::{Kernel, Parameters, Source, Stream};
use cudarc::driver::sys::{CUdevice_attribute, CUdeviceptr};
use nst_tensor::Result;
use std::time::{Duration, Instant};

static SOURCE: Source = Source { name: "peak", ptx: include_str!("peak.ptx") };
static PEAK: Kernel = Kernel { source: &SOURCE, name: "peak", threads: THREADS };

/// Independent multiply-adds of a thread in each round, as peak.cu has them.
const CHAINS: usize = 16;
/// Long enough for a launch not to count.
const LONG: Duration = Duration::from_millis(20);

#[repr(C)]
#[derive(Clone, Copy)]
struct Chains {
    output: CUdeviceptr,
    rounds: i32,
    factor: f32,
    summand: f32,
}

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: as peak.cu declares them.
unsafe impl Parameters for Chains {}

/// Floating-point operations per second in f32, two for a multiply-add: rounds are doubled until they take long enough.
pub(crate) fn flops(stream: &Stream) -> Result<f64> {
    let attribute = CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
    let processors = stream.context().attribute(attribute);
    let processors = processors.map_err(|error| stream.failed("peak_flops", said(error)))?.max(1) as usize;
    let blocks = 4 * processors;
    let threads = blocks * THREADS as usize;
    let output = stream.floats("peak_flops", threads)?;
    let launch = |rounds| {
        let parameters = Chains { output: output.pointer(), rounds, factor: 0.999, summand: 0.001 };
        #[expect(unsafe_code, reason = "a kernel launch")]
        // SAFETY: the output has an element for each thread.
        unsafe {
            stream.launch(&PEAK, [blocks, 1], parameters)?;
        }
        stream.synchronize("peak_flops")
    };
    // The first launch translates the kernel.
    launch(1)?;
    let mut rounds = 1;
    loop {
        let start = Instant::now();
        launch(rounds)?;
        let time = start.elapsed();
        if time >= LONG || rounds >= 1 << 24 {
            return Ok(2.0 * (threads * CHAINS) as f64 * f64::from(rounds) / time.as_secs_f64().max(1e-9));
        }
        rounds *= 2;
    }
}
