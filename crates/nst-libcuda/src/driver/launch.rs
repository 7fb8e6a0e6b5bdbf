//! Launches.

#![expect(
    unsafe_code,
    reason = "exports a function for C callers, and reads parameters through their pointers"
)]

use super::attributes::{BLOCK, GRID, THREADS};
use super::context::check_stream;
use super::module::function;
use super::pointer::bytes;
use super::second_opinion::{Peer, snapshot};
use super::state::{Function, State};
use super::{in_context, panic_text, with_state};
use crate::status::Status;
use nst_ptx::{Checks, Counts, Error, FaultKind, Launch, Memory};
use std::ffi::{c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A launch that can run without the driver's lock, so that other threads go on meanwhile. While launches are compared, each
/// keeps the lock: all memory is compared.
struct Prepared {
    function: Function,
    grid: [u32; 3],
    block: [u32; 3],
    dynamic_shared: u32,
    parameters: Vec<u8>,
    memory: Arc<Memory>,
    checks: Checks,
}

impl Prepared {
    fn run(&self) -> Result<Counts, Error> {
        nst_ptx::run(&self.launch(), &self.memory, self.checks)
    }

    fn launch(&self) -> Launch<'_> {
        let &Self { ref function, grid, block, dynamic_shared, ref parameters, .. } = self;
        Launch { kernel: function.kernel(), grid, block, dynamic_shared, parameters }
    }

    /// Runs here and, if there is a peer, on the host. Both must agree.
    fn run_locked(&self, state: &mut State, peer: Option<Peer>) -> Result<(), Status> {
        let Some(peer) = peer else { return record(state, &self.function.name, self.run()) };
        let before = snapshot(&self.memory);
        let ended = self.run();
        let difference = ended.is_ok().then(|| peer.compare(&self.launch(), &self.memory, &before)).flatten();
        record(state, &self.function.name, ended)?;
        state.tally().report.second_opinions += 1;
        if let Some(difference) = difference {
            state.fault(difference);
            state.broken = Some(Status::LaunchFailed);
        }
        Ok(())
    }
}

/// What is wrong with a launch's extents.
fn complaint(function: &Function, grid: [u32; 3], block: [u32; 3], dynamic_shared: u32) -> Option<String> {
    let outside =
        |extents: [u32; 3], most: [u32; 3]| extents.iter().zip(most).any(|(&n, most)| n == 0 || n > most);
    if outside(grid, GRID) {
        return Some(format!("a grid of {grid:?} blocks, at least [1, 1, 1] and at most {GRID:?}"));
    }
    if outside(block, BLOCK) || block.iter().product::<u32>() > THREADS {
        return Some(format!("blocks of {block:?} threads, at most {BLOCK:?} and {THREADS} in all"));
    }
    let most = function.most_dynamic_shared;
    (dynamic_shared > most)
        .then(|| format!("{dynamic_shared} bytes of dynamic shared memory, at most {most} unless asked for"))
}

/// Copies the parameters from where the caller has them, one pointer for each.
///
/// # Safety
///
/// `pointers` is null or an array with as many pointers as the kernel has parameters, each to a value of its type.
unsafe fn gather(function: &Function, pointers: *const *const c_void) -> Result<Vec<u8>, Status> {
    let parameters = function.kernel().parameters();
    let mut gathered = vec![0; parameters.iter().map(|p| p.offset + p.size).max().unwrap_or(0)];
    if !parameters.is_empty() && pointers.is_null() {
        return Err(Status::InvalidValue);
    }
    for (i, parameter) in parameters.iter().enumerate() {
        // SAFETY: the caller promises that there are so many pointers, and that each points to so many bytes.
        let value = unsafe { bytes(pointers.add(i).read(), parameter.size) }?;
        gathered[parameter.offset..][..parameter.size].copy_from_slice(value);
    }
    Ok(gathered)
}

/// What the real driver would say, some time later, of a mistake of a kernel. Those that a GPU would not notice are
/// failures as well.
fn status(kind: FaultKind) -> Status {
    match kind {
        FaultKind::OutOfBounds => Status::IllegalAddress,
        FaultKind::Misaligned => Status::MisalignedAddress,
        _ => Status::LaunchFailed,
    }
}

/// Notes how a launch ended. The launch itself succeeds, as the real one does, when the kernel's mistake is yet to come.
fn record(state: &mut State, name: &str, ended: Result<Counts, Error>) -> Result<(), Status> {
    let tally = state.tally();
    tally.queue();
    tally.report.launches += 1;
    match ended {
        Ok(counts) => {
            let kernel = tally.report.kernels.entry(name.to_owned()).or_default();
            kernel.launches += 1;
            kernel.counts += counts;
            Ok(())
        }
        Err(Error::Fault(fault)) => {
            state.fault(fault.to_string());
            state.broken = Some(status(fault.kind));
            Ok(())
        }
        Err(refused) => {
            state.fault(refused.to_string());
            Err(Status::InvalidValue)
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuLaunchKernel(
    number: usize,
    grid_x: c_uint,
    grid_y: c_uint,
    grid_z: c_uint,
    block_x: c_uint,
    block_y: c_uint,
    block_z: c_uint,
    dynamic_shared: c_uint,
    stream: usize,
    pointers: *const *const c_void,
    packed: *const *const c_void,
) -> c_int {
    let (grid, block) = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
    let mut prepared = None;
    let code = in_context(|state| {
        check_stream(state, stream)?;
        if !packed.is_null() {
            // Parameters in one buffer, which cudarc never uses.
            return Err(Status::NotSupported);
        }
        let function = function(state, number)?.clone();
        if let Some(complaint) = complaint(&function, grid, block, dynamic_shared) {
            state.fault(format!("launch of {}: {complaint}", function.name));
            return Err(Status::InvalidValue);
        }
        // SAFETY: the caller promises as much, as to the driver.
        let parameters = unsafe { gather(&function, pointers) }?;
        let (memory, checks) = (Arc::clone(&state.memory), state.checks);
        let peer = state.second_opinion.of(&function.loaded.ptx, &function.name);
        let launch = Prepared { function, grid, block, dynamic_shared, parameters, memory, checks };
        if state.second_opinion.is_asked() {
            return launch.run_locked(state, peer);
        }
        prepared = Some(launch);
        Ok(())
    });
    let Some(prepared) = prepared else { return code };
    let ended = catch_unwind(AssertUnwindSafe(|| prepared.run()));
    with_state(|state| match ended {
        Ok(ended) => record(state, &prepared.function.name, ended),
        Err(panic) => {
            state.fault(format!(
                "{}: the interpreter panicked: {}",
                prepared.function.name,
                panic_text(&*panic)
            ));
            state.broken = Some(Status::Unknown);
            Err(Status::Unknown)
        }
    })
}
