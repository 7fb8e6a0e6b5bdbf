//! The `.pth` files of `torch.save`: a pickled dictionary of tensors whose elements lie beside the pickle.
//!
//! Since torch 1.6 the file is a zip archive with one entry per storage; before, it was a run of pickles followed by the
//! storages one after another (torch still writes it with `_use_new_zipfile_serialization=False`). torchvision's and
//! jcjohnson's VGG files are of the older kind.

mod legacy;
mod pickle;
mod state_dict;
mod zipped;

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use crate::error::Fault;
use crate::tensor_file::FileTensor;
use state_dict::TensorEntry;

pub(crate) use legacy::is_legacy;
pub(crate) use zipped::is_zip;

/// An open state dict.
pub(crate) struct Pth<R> {
    tensors: BTreeMap<String, TensorEntry>,
    storages: Storages<R>,
}

enum Storages<R> {
    Zip(zipped::ZipStorages<R>),
    Legacy(legacy::LegacyStorages<R>),
}

impl<R: Read + Seek> Pth<R> {
    pub(crate) fn open_zip(reader: R) -> Result<Self, Fault> {
        let (tensors, storages) = zipped::open(reader)?;
        Ok(Self { tensors, storages: Storages::Zip(storages) })
    }

    pub(crate) fn open_legacy(reader: R) -> Result<Self, Fault> {
        let (tensors, storages) = legacy::open(reader)?;
        Ok(Self { tensors, storages: Storages::Legacy(storages) })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    pub(crate) fn read(&mut self, name: &str) -> Result<Option<FileTensor>, Fault> {
        let Some(tensor) = self.tensors.get(name) else { return Ok(None) };
        let Some(dtype) = tensor.storage.element.dtype else {
            return Err(Fault::NotWeights(format!(
                "tensor {name} is of type {} (expected float, half or bfloat16)",
                tensor.storage.element.name
            )));
        };
        let bytes = match &mut self.storages {
            Storages::Zip(storages) => storages.read(&tensor.storage)?,
            Storages::Legacy(storages) => storages.read(&tensor.storage)?,
        };
        let elements = dtype.decode(&bytes);
        let values = tensor.gather(&elements).ok_or_else(|| {
            Fault::Damaged(format!("tensor {name} reaches beyond its storage of {} elements", elements.len()))
        })?;
        Ok(Some(FileTensor { shape: tensor.shape.clone(), values }))
    }
}
