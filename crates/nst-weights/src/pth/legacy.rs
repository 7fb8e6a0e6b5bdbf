//! The older `.pth` format: five pickles, then the storages.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek, SeekFrom};

use crate::error::Fault;

use super::pickle::Node;
use super::state_dict::{self, Storage, TensorEntry};

/// The first pickle, whole: torch's magic number 0x1950a86a20f9469cfc6c as a protocol 2 integer.
const MAGIC: [u8; 15] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];

/// The version in the second pickle.
const VERSION: i64 = 1001;

/// Bytes of the length before each storage.
const LENGTH_BYTES: u64 = 8;

/// Whether a file begins as this format does.
pub(crate) fn is_legacy(head: &[u8]) -> bool {
    head.starts_with(&MAGIC)
}

/// The storages of an open file.
pub(super) struct LegacyStorages<R> {
    reader: R,
    /// Where each storage's elements begin; all of them end within the file.
    starts: HashMap<String, u64>,
}

pub(super) fn open<R: Read + Seek>(
    mut reader: R,
) -> Result<(BTreeMap<String, TensorEntry>, LegacyStorages<R>), Fault> {
    let file_bytes = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(MAGIC.len() as u64))?;
    check_version(&mut reader)?;
    check_byte_order(&mut reader)?;
    let pickle = state_dict::read_pickle(&mut reader)?;
    let tensors = state_dict::tensors(&pickle)?;
    let storages: HashMap<_, _> =
        state_dict::storages(&pickle)?.into_iter().map(|storage| (storage.key.clone(), storage)).collect();

    let keys = state_dict::read_pickle(&mut reader)?;
    let Node::Sequence(order) = keys.root() else {
        return Err(Fault::damaged("its list of storages is no list"));
    };
    let mut starts = HashMap::new();
    for &key in order {
        let key = state_dict::text(&keys, key)?;
        let storage =
            storages.get(key).ok_or_else(|| Fault::Damaged(format!("no tensor uses its storage {key}")))?;
        let mut length = [0; LENGTH_BYTES as usize];
        reader.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length != storage.length {
            return Err(Fault::Damaged(format!("storage {key} should have {} elements", storage.length)));
        }
        let start = reader.stream_position()?;
        let end = storage.bytes().and_then(|bytes| start.checked_add(bytes));
        match end.filter(|&end| end <= file_bytes) {
            Some(end) => reader.seek(SeekFrom::Start(end))?,
            None => return Err(Fault::Damaged(format!("it ends within storage {key}"))),
        };
        starts.insert(key.to_owned(), start);
    }
    Ok((tensors, LegacyStorages { reader, starts }))
}

fn check_version(reader: &mut impl Read) -> Result<(), Fault> {
    match state_dict::read_pickle(reader)?.root() {
        Node::Int(VERSION) => Ok(()),
        other => Err(Fault::Refused(format!("version {other:?} of the format instead of {VERSION}"))),
    }
}

/// The third pickle describes the machine that wrote the file.
fn check_byte_order(reader: &mut impl Read) -> Result<(), Fault> {
    let system = state_dict::read_pickle(reader)?;
    let Node::Dict { items, .. } = system.root() else {
        return Err(Fault::damaged("its description of the system is no dictionary"));
    };
    for &(key, value) in items {
        if state_dict::text(&system, key)? == "little_endian"
            && !matches!(system.node(value), Node::Bool(true))
        {
            return Err(Fault::Refused("it was written in big-endian order".into()));
        }
    }
    Ok(())
}

impl<R: Read + Seek> LegacyStorages<R> {
    /// The bytes of a storage.
    pub(super) fn read(&mut self, storage: &Storage) -> Result<Vec<u8>, Fault> {
        let missing = || Fault::Damaged(format!("it lacks storage {}", storage.key));
        let &start = self.starts.get(&storage.key).ok_or_else(missing)?;
        let bytes = storage.bytes().ok_or_else(missing)?;
        self.reader.seek(SeekFrom::Start(start))?;
        let mut data = Vec::new();
        // Not allocated at once: two tensors may disagree about the length of the storage they share.
        let read = self.reader.by_ref().take(bytes).read_to_end(&mut data)?;
        if read as u64 == bytes { Ok(data) } else { Err(missing()) }
    }
}
