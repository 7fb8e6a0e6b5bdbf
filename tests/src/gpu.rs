//! A CUDA device for tests: on a stand-in for the driver's library that runs kernels on the CPU, or on a real GPU.

use nst_cuda::{Precision, open};
use nst_tensor::Device;

/// A device, and who watches over it.
#[derive(Clone)]
pub struct Gpu {
    /// The device.
    pub device: Device,
    #[cfg(target_os = "linux")]
    stand_in: Option<nst_libcuda::StandIn>,
}

/// GPU number 0: the real one if `NST_REQUIRE_CUDA` is 1, else that of the stand-in; none, said aloud, where there is no
/// stand-in, or the real one has no tensor cores for TF32.
pub fn gpu(precision: Precision) -> Option<Gpu> {
    let open = || open(0, precision);
    if std::env::var_os("NST_REQUIRE_CUDA").is_some_and(|value| value == "1") {
        let device = match open() {
            Ok(device) => device,
            Err(error @ nst_cuda::Error::TooOld { .. }) if precision == Precision::TensorFloat32 => {
                println!("skipped: cuda with {precision:?}: {error}");
                return None;
            }
            Err(error) => panic!("cuda with {precision:?}: {error}"),
        };
        return Some(Gpu {
            device,
            #[cfg(target_os = "linux")]
            stand_in: None,
        });
    }
    #[cfg(target_os = "linux")]
    {
        let stand_in = nst_libcuda::StandIn::load().expect("the stand-in for libcuda.so");
        Some(Gpu { device: open().expect("the stand-in's GPU"), stand_in: Some(stand_in) })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = open;
        println!(
            "skipped: cuda with {precision:?} (no stand-in for the driver on this system; NST_REQUIRE_CUDA asks for a GPU)"
        );
        None
    }
}

impl Gpu {
    /// What the stand-in saw of this thread; none on a real GPU, which does not tell.
    #[cfg(target_os = "linux")]
    pub fn report(&self) -> Option<nst_libcuda::Report> {
        self.stand_in.as_ref().map(|stand_in| stand_in.report().expect("a report"))
    }

    /// How often this thread has waited for the device; none on a real GPU, which does not tell.
    pub fn waits(&self) -> Option<u64> {
        #[cfg(target_os = "linux")]
        return self.report().map(|report| report.synchronisations);
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Tells the stand-in to look for nothing but what it always does, in all of this process: it is faster.
    pub fn look_for_little(&self) {
        #[cfg(target_os = "linux")]
        if let Some(stand_in) = &self.stand_in {
            stand_in.set_checks(nst_ptx::Checks::FEWEST);
        }
    }

    /// The stand-in, if it is one.
    #[cfg(target_os = "linux")]
    pub fn stand_in(&self) -> Option<&nst_libcuda::StandIn> {
        self.stand_in.as_ref()
    }

    /// Does something, and fails with the stand-in's words if a kernel made a mistake.
    pub fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        #[cfg(target_os = "linux")]
        if let Some(report) = self.report() {
            assert!(report.faults.is_empty(), "mistakes of kernels: {:#?}", report.faults);
        }
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
