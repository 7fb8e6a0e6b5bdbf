//! Which instruction set the inner routine uses.

use crate::long_vectors::VectorKernel;
use crate::peak::PeakKernel;
use crate::tile::TileKernel;
use crate::winograd::WinogradKernel;
use std::sync::OnceLock;

/// An instruction set that this CPU has. Chosen once per process by [`Isa::best`], or by hand from [`Isa::available`] to
/// test each one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// Every instruction set that this CPU has, the fastest first. The last one, `portable`, is always there.
    pub fn available() -> Vec<Self> {
        let mut levels = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Level::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                levels.push(Level::Avx512);
            }
        }
        levels.into_iter().rev().map(Self).collect()
    }

    /// The fastest one, or the one that the environment variable `NST_ISA` names (`avx512`, `avx2`, `portable`), if this
    /// CPU has it; another name changes nothing. Read once per process. Reading the environment here is the one documented exception to the rule that
    /// libraries do not: it lets a whole program be tested on every level.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let available = Self::available();
            let forced = std::env::var("NST_ISA").ok();
            let named = available.iter().find(|isa| forced.as_deref() == Some(isa.name()));
            *named.unwrap_or(&available[0])
        })
    }

    /// `avx512`, `avx2` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    pub(crate) fn vector_kernel(self) -> VectorKernel {
        match self.0 {
            Level::Portable => VectorKernel::portable(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => VectorKernel::avx2(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => VectorKernel::avx512(),
        }
    }

    pub(crate) fn winograd_kernel(self) -> WinogradKernel {
        match self.0 {
            Level::Portable => WinogradKernel::portable(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => WinogradKernel::avx2(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => WinogradKernel::avx512(),
        }
    }

    pub(crate) fn peak_kernel(self) -> PeakKernel {
        match self.0 {
            Level::Portable => PeakKernel::portable(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => PeakKernel::avx2(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => PeakKernel::avx512(),
        }
    }

    pub(crate) fn tile_kernel(self) -> TileKernel {
        match self.0 {
            Level::Portable => TileKernel::portable(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => TileKernel::avx2(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => TileKernel::avx512(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Isa;

    #[test]
    fn one_packing_of_filters_serves_both_routines() {
        for isa in Isa::available() {
            assert_eq!(isa.tile_kernel().columns, isa.winograd_kernel().columns(), "{}", isa.name());
        }
    }

    #[test]
    fn portable_is_always_available_and_last() {
        assert_eq!(Isa::available().last().unwrap().name(), "portable");
        assert!(Isa::available().contains(&Isa::best()));
    }
}
