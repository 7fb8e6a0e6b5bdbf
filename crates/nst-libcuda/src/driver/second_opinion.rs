//! The second opinion: a launch done twice, by the interpreter and by the host twin, and all device memory compared.

#![expect(unsafe_code, reason = "calls kernels that a C++ compiler built, and reads what they wrote")]

use crate::twin::HostLibrary;
use libloading::Library;
use nst_ptx::{Launch, Memory};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};

/// `nst_host::launch` (`cuda_host.h`): six extents, and a pointer to each parameter.
type Entry = unsafe extern "C" fn(*const u32, *const *const c_void) -> c_int;

/// A module's kernels for the host.
#[derive(Debug)]
struct HostModule {
    ptx: String,
    kernels: HashMap<String, Entry>,
}

/// Every module that has a twin.
#[derive(Debug, Default)]
pub(super) struct SecondOpinion {
    modules: Vec<HostModule>,
}

/// The kernel that a launch is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    entry: Entry,
}

/// Memory as it was: each allocation's address and its bytes.
type Snapshot = Vec<(u64, Vec<u8>)>;

impl SecondOpinion {
    /// Loads libraries; they stay loaded.
    pub(super) fn load(libraries: Vec<HostLibrary>) -> Result<Self, libloading::Error> {
        let modules = libraries.into_iter().map(|host| {
            // SAFETY: the library is `Twin::compile`'s, without initialisers that do anything.
            let library = unsafe { Library::new(&host.path) }?;
            let look_up = |name: String| {
                // SAFETY: `NST_KERNEL` gives the function this type.
                let entry = unsafe { library.get::<Entry>(format!("nst_twin_{name}")) }?;
                Ok((name, *entry))
            };
            let kernels = host.kernels.into_iter().map(look_up).collect::<Result<_, libloading::Error>>()?;
            std::mem::forget(library);
            Ok(HostModule { ptx: host.ptx, kernels })
        });
        Ok(Self { modules: modules.collect::<Result<_, _>>()? })
    }

    /// Whether launches are compared.
    pub(super) fn is_asked(&self) -> bool {
        !self.modules.is_empty()
    }

    /// The twin of a kernel of the module of this text.
    pub(super) fn of(&self, ptx: &str, kernel: &str) -> Option<Peer> {
        let module = self.modules.iter().find(|module| module.ptx == ptx)?;
        module.kernels.get(kernel).map(|&entry| Peer { entry })
    }
}

/// The bytes of all allocations.
pub(super) fn snapshot(memory: &Memory) -> Snapshot {
    let allocations = memory.allocations().into_iter();
    allocations.map(|(address, bytes)| (address, bytes_of(address, bytes).to_vec())).collect()
}

fn bytes_of<'a>(address: u64, bytes: u64) -> &'a [u8] {
    // SAFETY: a live allocation, whose address is exposed; the driver's lock is held, so that nobody frees or writes it.
    unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address as usize), bytes as usize) }
}

fn restore(snapshot: &Snapshot) {
    for (address, bytes) in snapshot {
        let to = std::ptr::with_exposed_provenance_mut::<u8>(*address as usize);
        // SAFETY: as for `bytes_of`; the snapshot has as many bytes as the allocation.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }
}

impl Peer {
    /// Runs the launch again, on memory as it was `before`, and says where the results differ. The interpreter's stay.
    pub(super) fn compare(self, launch: &Launch<'_>, memory: &Memory, before: &Snapshot) -> Option<String> {
        let after = snapshot(memory);
        restore(before);
        let ([a, b, c], [d, e, f]) = (launch.grid, launch.block);
        let pointers: Vec<*const c_void> = launch
            .kernel
            .parameters()
            .iter()
            .map(|p| launch.parameters[p.offset..][..p.size].as_ptr().cast())
            .collect();
        // SAFETY: the kernel was built from the source of the PTX that just ran on the same memory without an access out of
        // bounds, so it takes the same parameters and stays within it as well, unless the two differ in their addresses.
        let deadlock = unsafe { (self.entry)([a, b, c, d, e, f].as_ptr(), pointers.as_ptr()) } != 0;
        let difference = after
            .iter()
            .find_map(|(address, bytes)| difference(*address, bytes, bytes_of(*address, bytes.len() as u64)));
        restore(&after);
        let name = launch.kernel.name();
        if deadlock {
            return Some(format!(
                "second opinion: {name}: on the host its threads wait for each other for ever"
            ));
        }
        difference.map(|words| format!("second opinion: {name}: {words}"))
    }
}

/// The first difference between two versions of an allocation, and how many there are.
fn difference(address: u64, interpreter: &[u8], host: &[u8]) -> Option<String> {
    if interpreter == host {
        return None;
    }
    let differ = |(i, (a, b)): (usize, (&[u8], &[u8]))| (!same(a, b)).then_some((i, word(a), word(b)));
    let words = interpreter.chunks(4).zip(host.chunks(4));
    let mut different = words.enumerate().filter_map(differ);
    let (i, a, b) = different.next()?;
    let more = different.count();
    Some(format!(
        "at {:#x}, byte {} of {} of an allocation: {a:#010x} ({}) by the interpreter, {b:#010x} ({}) on the host, and {more} \
         more words differ",
        address + 4 * i as u64,
        4 * i,
        interpreter.len(),
        f32::from_bits(a),
        f32::from_bits(b)
    ))
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte))
}

/// A NaN is a NaN: which one an operation gives is the device's own affair.
fn same(a: &[u8], b: &[u8]) -> bool {
    let not_a_number = |bytes: &[u8]| bytes.len() == 4 && f32::from_bits(word(bytes)).is_nan();
    a == b || (not_a_number(a) && not_a_number(b))
}

#[cfg(test)]
mod tests {
    use super::difference;

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn finds_the_first_difference() {
        let a = bytes(&[1.0, 2.0, f32::NAN, 4.0]);
        let b = bytes(&[1.0, 2.0, -f32::NAN, 4.0]);
        assert_eq!(difference(0x200, &a, &b), None);
        let b = bytes(&[1.0, 2.0001, f32::NAN, 5.0]);
        let words = difference(0x200, &a, &b).unwrap();
        assert!(
            words.starts_with("at 0x204, byte 4 of 16 ") && words.ends_with(" and 1 more words differ"),
            "{words}"
        );
        assert!(
            words.contains("(2) by the interpreter") && words.contains("(2.0001) on the host"),
            "{words}"
        );
        // Bytes after the last whole word.
        assert!(difference(0, &[0, 0, 0, 0, 7], &[0, 0, 0, 0, 8]).is_some());
    }
}
