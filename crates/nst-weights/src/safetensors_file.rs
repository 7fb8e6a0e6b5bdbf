//! The safetensors format: a JSON table of contents, then the tensors.
//!
//! The table is checked by the `safetensors` crate; tensors are then read one by one, so that a file with VGG's
//! classifier (half a gigabyte) costs no more than its convolutions.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use safetensors::tensor::{Metadata, TensorInfo};

use crate::Dtype;
use crate::error::Fault;
use crate::tensor_file::FileTensor;

/// The length of the table of contents, a little-endian u64 at the start of the file, takes this many bytes.
const LENGTH_BYTES: u64 = 8;

/// The largest table of contents read, as in the `safetensors` crate itself.
const MAX_HEADER_BYTES: u64 = 100_000_000;

pub(crate) struct SafetensorsFile<R> {
    reader: R,
    contents: Metadata,
    data_start: u64,
}

impl<R: Read + Seek> SafetensorsFile<R> {
    pub(crate) fn open(mut reader: R) -> Result<Self, Fault> {
        let file_bytes = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let mut length = [0; LENGTH_BYTES as usize];
        reader.read_exact(&mut length)?;
        let header_bytes = u64::from_le_bytes(length);
        if header_bytes > MAX_HEADER_BYTES || header_bytes > file_bytes - LENGTH_BYTES {
            return Err(Fault::Damaged(format!(
                "its header should take {header_bytes} bytes, and the file has {file_bytes}"
            )));
        }
        let mut header = Vec::new();
        reader.by_ref().take(header_bytes).read_to_end(&mut header)?;
        let contents: Metadata = serde_json::from_slice(&header)
            .map_err(|error| Fault::Damaged(format!("its header is unreadable: {error}")))?;
        let data_start = LENGTH_BYTES + header_bytes;
        let expected = data_start.saturating_add(contents.data_len() as u64);
        if file_bytes != expected {
            return Err(Fault::Damaged(format!(
                "by its header it has {expected} bytes, and the file has {file_bytes}"
            )));
        }
        Ok(Self { reader, contents, data_start })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.contents.offset_keys()
    }

    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.contents.metadata().as_ref()?.get(key).map(String::as_str)
    }

    pub(crate) fn read(&mut self, name: &str) -> Result<Option<FileTensor>, Fault> {
        let Some(info) = self.contents.info(name) else { return Ok(None) };
        let dtype = match info.dtype {
            safetensors::Dtype::F32 => Dtype::F32,
            safetensors::Dtype::F16 => Dtype::F16,
            safetensors::Dtype::BF16 => Dtype::Bf16,
            other => {
                return Err(Fault::NotWeights(format!(
                    "tensor {name} has elements of type {other:?} (expected F32, F16 or BF16)"
                )));
            }
        };
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        self.reader.seek(SeekFrom::Start(self.data_start + start as u64))?;
        self.reader.read_exact(&mut bytes)?;
        Ok(Some(FileTensor { shape: info.shape.clone(), values: dtype.decode(&bytes) }))
    }
}

/// One tensor to write.
pub(crate) struct Output<'a> {
    pub(crate) name: String,
    pub(crate) shape: &'a [usize],
    pub(crate) values: &'a [f32],
}

#[derive(serde::Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    tensors: BTreeMap<&'a str, TensorInfo>,
}

/// The whole file as bytes: the same tensors and metadata give the same bytes, which the `safetensors` crate's own
/// writer does not promise once there are two metadata entries.
pub(crate) fn serialize(metadata: BTreeMap<&str, &str>, tensors: &[Output], dtype: Dtype) -> Vec<u8> {
    let mut data = Vec::new();
    let mut header = Header { metadata, tensors: BTreeMap::new() };
    for tensor in tensors {
        let start = data.len();
        data.extend(dtype.encode(tensor.values));
        let info = TensorInfo {
            dtype: match dtype {
                Dtype::F32 => safetensors::Dtype::F32,
                Dtype::F16 => safetensors::Dtype::F16,
                Dtype::Bf16 => safetensors::Dtype::BF16,
            },
            shape: tensor.shape.to_vec(),
            data_offsets: (start, data.len()),
        };
        header.tensors.insert(&tensor.name, info);
    }
    let mut json = serde_json::to_vec(&header).expect("strings and numbers are always JSON");
    // The tensors begin at a multiple of 8 bytes; the format pads its header with blanks.
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes(), json.as_slice(), &data].concat()
}
