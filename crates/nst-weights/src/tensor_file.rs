//! A file of named tensors, told by its first bytes, whose tensors are read one at a time.

use std::io::{Read, Seek, SeekFrom};

use crate::error::Fault;
use crate::pth::{self, Pth};
use crate::safetensors_file::SafetensorsFile;

/// A tensor of a file: its dimensions and its elements in row-major order.
pub(crate) struct FileTensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// An open file. Opening reads the table of contents alone.
pub(crate) enum TensorFile<R> {
    Safetensors(SafetensorsFile<R>),
    Pth(Pth<R>),
}

impl<R: Read + Seek> TensorFile<R> {
    pub(crate) fn open(mut reader: R) -> Result<Self, Fault> {
        let mut head = Vec::new();
        reader.seek(SeekFrom::Start(0))?;
        reader.by_ref().take(512).read_to_end(&mut head)?;
        if pth::is_zip(&head) {
            Ok(TensorFile::Pth(Pth::open_zip(reader)?))
        } else if pth::is_legacy(&head) {
            Ok(TensorFile::Pth(Pth::open_legacy(reader)?))
        } else if head.get(8) == Some(&b'{') {
            Ok(TensorFile::Safetensors(SafetensorsFile::open(reader)?))
        } else {
            Err(Fault::NotWeights(describe(&head)))
        }
    }

    /// The names of all tensors.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            TensorFile::Safetensors(file) => file.names(),
            TensorFile::Pth(file) => file.names(),
        }
    }

    /// What the file says of itself under `key`; a `.pth` says nothing.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        match self {
            TensorFile::Safetensors(file) => file.metadata(key),
            TensorFile::Pth(_) => None,
        }
    }

    /// The tensor of that name, if there is one.
    pub(crate) fn read(&mut self, name: &str) -> Result<Option<FileTensor>, Fault> {
        match self {
            TensorFile::Safetensors(file) => file.read(name),
            TensorFile::Pth(file) => file.read(name),
        }
    }
}

/// Says what a file that begins with `head` is, for the cases users meet.
fn describe(head: &[u8]) -> String {
    const ACCEPTED: &str = "expected .safetensors, or a .pth written by torch.save";
    let what = if head.is_empty() {
        "it is empty"
    } else if head.starts_with(b"<") || head.starts_with(b"version https://git-lfs") {
        "it is a text page, not the download itself"
    } else if head.get(257..262) == Some(b"ustar") {
        "it is a tar archive, as torch before 0.1.10 wrote them: load it in torch and save it again"
    } else if head.starts_with(&[0x80]) {
        "it is a pickle without torch's header"
    } else {
        "its first bytes belong to no known format"
    };
    format!("{what} ({ACCEPTED})")
}
