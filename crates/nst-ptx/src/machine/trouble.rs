//! A mistake as the place that finds it knows it; the kernel, line, block and thread are added on the way out.

use crate::FaultKind;

/// What went wrong, and in which lane.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: FaultKind,
    pub(super) lane: usize,
    pub(super) message: String,
}

pub(super) type Outcome<T> = Result<T, Box<Trouble>>;

/// A mistake of a lane.
#[cold]
pub(super) fn trouble<T>(kind: FaultKind, lane: usize, message: impl Into<String>) -> Outcome<T> {
    Err(Box::new(Trouble { kind, lane, message: message.into() }))
}

/// A mistake with the place in the program, and the first thread of the warp.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) trouble: Trouble,
    pub(super) pc: u32,
    pub(super) first_thread: u32,
}
