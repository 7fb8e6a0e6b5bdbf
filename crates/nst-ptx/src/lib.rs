//! An interpreter of NVIDIA PTX, for tests: it runs on the CPU what a GPU would run, and reports the mistakes of kernels.
//!
//! - [`Module`] parses PTX text, as NVRTC writes it for compute capability 7.5 and 8.0, into [`Kernel`]s.
//! - [`Memory`] is the global memory, at real addresses of this process.
//! - [`run`] executes a [`Launch`]. It finds, each with the PTX line, block and thread ([`Fault`]): accesses out of bounds and
//!   misaligned ones, races in shared memory, divergent barriers, reads of what nothing has written or of copies that were not
//!   waited for, endless loops. It counts instructions, sectors of global memory and bank conflicts ([`Counts`]).
//!
//! Arithmetic is that of the PTX ISA to the bit, with three exceptions: which NaN a NaN is; the approximate functions
//! (`ex2.approx` and the like), which are computed in f64 and rounded once; and sums of matrix products, whose order PTX leaves
//! open: they are taken in the order of k, each product rounded with its sum. Functions are not called (`call` is refused), and
//! of half precision there is nothing.
//!
//! **What it does not know:** drivers, streams and CUDA's host functions; how long a GPU would take. Caches, and the order in
//! which threads see each other's writes to global memory, are not modelled: neither a missing fence nor a race in global memory
//! is found.
//!
//! Registers and local memory are not followed: until something writes them they hold ones alone, which is NaN in a float and
//! -1 in an integer, so that a sum that nobody set to zero shows in the result.
//!
//! **What a race is:** two accesses of different threads of a block to the same bytes of shared memory, one of them a write,
//! between two barriers. Lanes of one warp are not in lockstep either: `bar.warp.sync` of all live lanes orders them, shuffles and
//! votes do not. Atomic operations do not race with each other, and lanes of one store may write the same value to one place.
//!
//! **What a divergent barrier is:** `bar.sync` that a thread of the block does not reach, be it that it has exited, goes past or
//! waits at another one. Hardware forgives threads that have exited; the PTX ISA says all threads take part.
//!
//! ```
//! use nst_ptx::{Checks, Launch, Memory, Module, run};
//!
//! # fn main() -> nst_ptx::Result<()> {
//! let module = Module::parse(
//!     ".version 8.0 .target sm_75 .address_size 64
//!      .visible .entry twice(.param .u64 data) {
//!          .reg .b64 %rd<3>; .reg .b32 %r<2>;
//!          ld.param.u64 %rd0, [data];
//!          mov.u32 %r0, %tid.x;
//!          mul.wide.u32 %rd1, %r0, 4;
//!          add.s64 %rd2, %rd0, %rd1;
//!          ld.global.u32 %r1, [%rd2];
//!          shl.b32 %r1, %r1, 1;
//!          st.global.u32 [%rd2], %r1;
//!          ret;
//!      }",
//! )?;
//! let memory = Memory::new(1 << 20);
//! let data = memory.allocate(8)?;
//! memory.write(data, &[3, 0, 0, 0, 7, 0, 0, 0])?;
//! let mut launch = Launch {
//!     kernel: module.kernel("twice").expect("it is there"),
//!     grid: [1, 1, 1],
//!     block: [2, 1, 1],
//!     dynamic_shared: 0,
//!     parameters: &data.to_le_bytes(),
//! };
//! run(&launch, &memory, Checks::ALL)?;
//! let mut result = [0; 8];
//! memory.read(data, &mut result)?;
//! assert_eq!(result, [6, 0, 0, 0, 14, 0, 0, 0]);
//!
//! launch.block = [3, 1, 1];
//! let mistake = run(&launch, &memory, Checks::ALL).unwrap_err().to_string();
//! assert!(mistake.contains("access out of bounds in twice, PTX line 8, block [0, 0, 0], thread [2, 0, 0]"));
//! # Ok(())
//! # }
//! ```

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into the functions compiled for an instruction set would be compiled without it"
)]

mod allocation;
mod counts;
mod error;
mod instruction;
mod launch;
mod machine;
mod memory;
mod module;
mod operands;
mod parse;
mod program;
mod values;

pub use counts::{Counts, GlobalCounts, Mix, SharedCounts};
pub use error::{Error, Fault, FaultKind, Result};
pub use launch::{Checks, Launch, run};
pub use memory::Memory;
pub use module::{Kernel, Module, Parameter};
