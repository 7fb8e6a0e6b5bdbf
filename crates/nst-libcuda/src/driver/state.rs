//! What the driver knows: the device's memory, handles, and what each host thread has done.

use super::caller;
use super::second_opinion::SecondOpinion;
use crate::report::{Leak, Report};
use crate::status::Status;
use nst_ptx::{Checks, Kernel, Memory, Module};
use std::alloc::Layout;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::thread::ThreadId;

/// Bytes of device memory unless a test wants another number.
const CAPACITY: u64 = 4 << 30;

/// The first handle of those that are counted up; the small numbers are the driver's own.
const FIRST_HANDLE: usize = 0x1000;

/// What a handle that was given out stands for.
#[derive(Debug)]
pub(super) enum Handle {
    Stream,
    Event,
    Module(Arc<Loaded>),
    Function(Function),
}

/// A module of kernels.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) module: Module,
    /// The text that the program gave, by which its twin is known.
    pub(super) ptx: String,
}

/// A kernel of a module, and what was set for it.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) loaded: Arc<Loaded>,
    pub(super) name: String,
    /// The most bytes of dynamic shared memory that a launch may ask for.
    pub(super) most_dynamic_shared: u32,
}

impl Function {
    /// The kernel.
    ///
    /// # Panics
    ///
    /// Never: a function is made of a kernel that is there.
    pub(super) fn kernel(&self) -> &Kernel {
        self.loaded.module.kernel(&self.name).expect("the module does not change")
    }
}

/// What one host thread has done.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Whether the primary context is current to the thread.
    pub(super) bound: bool,
    /// Whether it has queued work since it last waited.
    pending: bool,
    /// Its counters; leaks and memory are filled in when they are asked for.
    pub(super) report: Report,
}

impl Tally {
    /// Notes that work was queued that a synchronisation would wait for.
    pub(super) fn queue(&mut self) {
        self.pending = true;
    }

    /// The thread waits for what it has queued, if it has queued anything.
    pub(super) fn synchronise(&mut self) {
        self.report.synchronisations += u64::from(self.pending);
        self.pending = false;
    }
}

/// Everything, behind the one lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) initialised: bool,
    /// The device's bytes; the interpreter's memory itself has no limit, so that this one can change.
    pub(super) capacity: u64,
    pub(super) checks: Checks,
    pub(super) memory: Arc<Memory>,
    /// Who allocated what, unless it was disowned.
    owners: BTreeMap<u64, ThreadId>,
    pub(super) pinned: BTreeMap<usize, Layout>,
    handles: HashMap<usize, Handle>,
    next_handle: usize,
    /// Uses of the primary context.
    pub(super) retained: usize,
    /// The fault after which nothing works any more.
    pub(super) broken: Option<Status>,
    pub(super) second_opinion: SecondOpinion,
    /// The text of a module, and what is loaded in its place.
    pub(super) replacement: Option<(String, String)>,
    tallies: HashMap<ThreadId, Tally>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            initialised: false,
            capacity: CAPACITY,
            checks: Checks::ALL,
            memory: Arc::new(Memory::new(u64::MAX)),
            owners: BTreeMap::new(),
            pinned: BTreeMap::new(),
            handles: HashMap::new(),
            next_handle: FIRST_HANDLE,
            retained: 0,
            broken: None,
            second_opinion: SecondOpinion::default(),
            replacement: None,
            tallies: HashMap::new(),
        }
    }
}

impl State {
    /// The calling thread's part.
    pub(super) fn tally(&mut self) -> &mut Tally {
        self.tallies.entry(caller()).or_default()
    }

    /// Notes a mistake of the calling thread, in words.
    pub(super) fn fault(&mut self, text: String) {
        self.tally().report.faults.push(text);
    }

    /// Gives out a handle.
    pub(super) fn insert(&mut self, handle: Handle) -> usize {
        let number = self.next_handle;
        self.next_handle += 1;
        self.handles.insert(number, handle);
        number
    }

    pub(super) fn handle(&mut self, number: usize) -> Result<&mut Handle, Status> {
        self.handles.get_mut(&number).ok_or(Status::InvalidHandle)
    }

    /// Takes a handle back, if it is of the sort that is meant.
    pub(super) fn remove(&mut self, number: usize, meant: fn(&Handle) -> bool) -> Result<(), Status> {
        if !self.handles.get(&number).is_some_and(meant) {
            return Err(Status::InvalidHandle);
        }
        self.handles.remove(&number);
        Ok(())
    }

    /// Allocates device memory for the calling thread.
    pub(super) fn allocate(&mut self, bytes: u64) -> Result<u64, Status> {
        if bytes > self.free_bytes() {
            return Err(Status::OutOfMemory);
        }
        let address = self.memory.allocate(bytes).map_err(|_| Status::OutOfMemory)?;
        self.owners.insert(address, caller());
        Ok(address)
    }

    /// Frees device memory.
    pub(super) fn free(&mut self, address: u64) -> Result<(), Status> {
        self.owners.remove(&address);
        self.memory.free(address).map_err(|error| {
            self.fault(error.to_string());
            Status::InvalidValue
        })
    }

    /// Bytes that can still be allocated.
    pub(super) fn free_bytes(&self) -> u64 {
        self.capacity.saturating_sub(self.memory.in_use())
    }

    /// The calling thread's report, or that of all threads.
    pub(super) fn report(&mut self, whole_process: bool) -> Report {
        let mut report = if whole_process {
            let mut sum = Report::default();
            self.tallies.values().for_each(|tally| sum.add(&tally.report));
            sum
        } else {
            self.tally().report.clone()
        };
        let mine = |address| whole_process || self.owners.get(&address) == Some(&caller());
        let live = self.memory.allocations().into_iter().filter(|&(address, _)| mine(address));
        report.leaks = live.map(|(address, bytes)| Leak { address, bytes }).collect();
        report.memory_in_use = self.memory.in_use();
        report.memory_peak = self.memory.peak();
        report
    }

    /// The calling thread starts anew, and the device works again.
    pub(super) fn reset(&mut self) {
        let tally = self.tally();
        (tally.report, tally.pending) = (Report::default(), false);
        self.owners.retain(|_, owner| *owner != caller());
        self.broken = None;
    }
}
