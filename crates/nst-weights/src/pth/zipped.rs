//! The newer `.pth` format: an uncompressed zip archive of `NAME/data.pkl` and one `NAME/data/KEY` per storage.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::Fault;

use super::state_dict::{self, Storage, TensorEntry};

/// Whether a file begins as a zip archive does.
pub(crate) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// The storages of an open archive.
pub(super) struct ZipStorages<R> {
    archive: ZipArchive<R>,
    /// The archive's one folder, with its slash.
    folder: String,
}

pub(super) fn open<R: Read + Seek>(
    reader: R,
) -> Result<(BTreeMap<String, TensorEntry>, ZipStorages<R>), Fault> {
    let mut archive = ZipArchive::new(reader)?;
    let folder = archive
        .file_names()
        .filter_map(Result::ok)
        .find_map(|name| {
            name.strip_suffix("data.pkl").filter(|folder| folder.ends_with('/')).map(str::to_owned)
        })
        .ok_or_else(|| Fault::NotWeights("it is a zip archive without data.pkl".into()))?;
    match archive.by_name(&format!("{folder}byteorder")) {
        Ok(file) => {
            let mut order = String::new();
            file.take(16).read_to_string(&mut order)?;
            if order != "little" {
                return Err(Fault::Refused(format!("it was written in {order:?}-endian order")));
            }
        }
        // torch before 2.1 does not write it.
        Err(ZipError::FileNotFound) => {}
        Err(error) => return Err(error.into()),
    }
    let pickle = state_dict::read_pickle(archive.by_name(&format!("{folder}data.pkl"))?)?;
    let tensors = state_dict::tensors(&pickle)?;
    Ok((tensors, ZipStorages { archive, folder }))
}

impl<R: Read + Seek> ZipStorages<R> {
    /// The bytes of a storage, checked against the archive's CRC.
    pub(super) fn read(&mut self, storage: &Storage) -> Result<Vec<u8>, Fault> {
        let mut file = self.archive.by_name(&format!("{}data/{}", self.folder, storage.key))?;
        if storage.bytes() != Some(file.size()) {
            return Err(Fault::Damaged(format!(
                "storage {} should have {} elements, and has {} bytes",
                storage.key,
                storage.length,
                file.size()
            )));
        }
        let mut data = Vec::new();
        file.read_to_end(&mut data)?;
        Ok(data)
    }
}

impl From<ZipError> for Fault {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            ZipError::FileNotFound => Fault::damaged("its archive lacks an entry that its pickle names"),
            other => Fault::Damaged(format!("its zip archive is unreadable: {other}")),
        }
    }
}
