//! What the environment asks for: the documented exception to "libraries do not read the environment". A program that uses
//! the stand-in without knowing it can be told things, and tells things, in no other way.

#![expect(unsafe_code, reason = "registers a function for the end of the process")]

use super::state::State;
use super::with_state;
use crate::status::Status;
use nst_ptx::Checks;
use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The file to which the process's report is written at its end.
const REPORT: &str = "NST_LIBCUDA_REPORT";
/// What is checked: words of `races`, `uninitialised` and `counts` with commas between them, or `none`.
const CHECKS: &str = "NST_LIBCUDA_CHECKS";
/// Bytes of device memory.
const MEMORY: &str = "NST_LIBCUDA_MEMORY";

/// The file, taken from the environment once: a change of it later would be a race.
static FILE: OnceLock<PathBuf> = OnceLock::new();

unsafe extern "C" {
    /// C11, 7.22.4.2: calls the function at normal termination of the process, also by `exit`.
    safe fn atexit(function: extern "C" fn()) -> c_int;
}

/// Does what the variables say, at `cuInit`.
pub(super) fn apply(state: &mut State) -> Result<(), Status> {
    if let Some(bytes) = std::env::var_os(MEMORY) {
        let parsed = bytes.to_str().and_then(|text| text.parse().ok());
        state.capacity = parsed.ok_or_else(|| refuse(state, MEMORY, "is not a number of bytes"))?;
    }
    if let Some(words) = std::env::var_os(CHECKS) {
        let parsed = words.to_str().and_then(checks);
        state.checks = parsed.ok_or_else(|| refuse(state, CHECKS, "is not a list of checks"))?;
    }
    if let Some(path) = std::env::var_os(REPORT)
        && FILE.set(path.into()).is_ok()
        && atexit(write_report) != 0
    {
        return Err(refuse(state, REPORT, "cannot be served: the system has no room for it"));
    }
    Ok(())
}

fn refuse(state: &mut State, variable: &str, complaint: &str) -> Status {
    state.fault(format!("{variable} {complaint}"));
    Status::InvalidValue
}

fn checks(words: &str) -> Option<Checks> {
    let mut checks = Checks::FEWEST;
    for word in words.split(',') {
        match word {
            "races" => checks.races = true,
            "uninitialised" => checks.uninitialised = true,
            "counts" => checks.counts = true,
            "none" | "" => {}
            _ => return None,
        }
    }
    Some(checks)
}

/// Whoever wants the report sees that it is missing if it cannot be written: at the process's end nobody else listens.
extern "C" fn write_report() {
    let Some(path) = FILE.get() else { return };
    with_state(|state| {
        let _ = std::fs::write(path, state.report(true).to_json());
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::checks;
    use nst_ptx::Checks;

    #[test]
    fn checks_are_words() {
        assert_eq!(checks("none"), Some(Checks::FEWEST));
        assert_eq!(checks("races,uninitialised,counts"), Some(Checks::ALL));
        assert_eq!(checks("counts"), Some(Checks { counts: true, ..Checks::FEWEST }));
        assert_eq!(checks("colours"), None);
    }
}
