//! A state dict: which tensors a pickle describes, and where their elements lie.

use std::collections::BTreeMap;
use std::io::Read;

use crate::Dtype;
use crate::error::Fault;

use super::pickle::{Id, Node, ORDERED_DICT, Pickle};

/// The functions torch rebuilds a tensor with. The first is that of torch 0.1, which torchvision's files date from.
const REBUILD_TENSOR: [&str; 2] = ["torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2"];
const REBUILD_PARAMETER: &str = "torch._utils._rebuild_parameter";

/// More dimensions than any tensor here needs; bounds what one tensor's entry can cost.
const MAX_DIMENSIONS: usize = 8;

/// The longest tensor name and storage key read.
const MAX_NAME_BYTES: usize = 256;

/// A type of torch's elements.
#[derive(Debug, PartialEq)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    /// Present for the types that weights can have; the others may stand beside them.
    pub(super) dtype: Option<Dtype>,
}

const ELEMENTS: [Element; 10] = [
    Element { name: "torch.FloatStorage", bytes: 4, dtype: Some(Dtype::F32) },
    Element { name: "torch.HalfStorage", bytes: 2, dtype: Some(Dtype::F16) },
    Element { name: "torch.BFloat16Storage", bytes: 2, dtype: Some(Dtype::Bf16) },
    Element { name: "torch.DoubleStorage", bytes: 8, dtype: None },
    Element { name: "torch.LongStorage", bytes: 8, dtype: None },
    Element { name: "torch.IntStorage", bytes: 4, dtype: None },
    Element { name: "torch.ShortStorage", bytes: 2, dtype: None },
    Element { name: "torch.CharStorage", bytes: 1, dtype: None },
    Element { name: "torch.ByteStorage", bytes: 1, dtype: None },
    Element { name: "torch.BoolStorage", bytes: 1, dtype: None },
];

/// Every name a state dict imports.
fn allowed(name: &str) -> bool {
    name == ORDERED_DICT
        || REBUILD_TENSOR.contains(&name)
        || name == REBUILD_PARAMETER
        || ELEMENTS.iter().any(|element| element.name == name)
}

/// A run of elements in the file, which several tensors may share.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) element: &'static Element,
    pub(super) length: u64,
}

impl Storage {
    /// Its size in the file, if that is a number a file can have.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.length.checked_mul(self.element.bytes)
    }
}

/// A tensor: an offset, a shape and strides over a storage, all in elements.
#[derive(Debug)]
pub(super) struct TensorEntry {
    pub(super) storage: Storage,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl TensorEntry {
    /// The tensor's elements in row-major order; `None` if some lie outside `elements`, or if there are more of them
    /// than the storage has (a broadcast view, which no state dict holds and which could be of any size).
    pub(super) fn gather(&self, elements: &[f32]) -> Option<Vec<f32>> {
        let count = self.shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size))?;
        if count > elements.len() {
            return None;
        }
        if count == 0 {
            return Some(Vec::new());
        }
        let last = self.shape.iter().zip(&self.strides).try_fold(self.offset, |last, (&size, &stride)| {
            last.checked_add((size - 1).checked_mul(stride)?)
        })?;
        elements.get(last)?;
        // Grows one dimension at a time, the outermost first: the position of every element reached so far.
        let mut positions = vec![self.offset];
        for (&size, &stride) in self.shape.iter().zip(&self.strides) {
            positions =
                positions.iter().flat_map(|start| (0..size).map(move |i| start + i * stride)).collect();
        }
        Some(positions.iter().map(|&position| elements[position]).collect())
    }
}

/// Reads a pickle of the file, allowing the names of a state dict.
pub(super) fn read_pickle(reader: impl Read) -> Result<Pickle, Fault> {
    Pickle::read(reader, allowed)
}

/// The tensors of a state dict by name. Values that are no tensors (an epoch, an accuracy) are left out.
pub(super) fn tensors(pickle: &Pickle) -> Result<BTreeMap<String, TensorEntry>, Fault> {
    let Node::Dict { items, pairs } = pickle.root() else {
        return Err(Fault::NotWeights("its top level is no dictionary of tensors".into()));
    };
    let mut items = items.clone();
    if let Some(pairs) = pairs {
        for &pair in sequence(pickle, *pairs)? {
            match sequence(pickle, pair)? {
                &[key, value] => items.push((key, value)),
                _ => return Err(malformed("a dictionary item that is no pair")),
            }
        }
    }
    let mut tensors = BTreeMap::new();
    for (key, value) in items {
        if let Some(tensor) = tensor(pickle, value)? {
            tensors.insert(text(pickle, key)?.to_owned(), tensor);
        }
    }
    Ok(tensors)
}

/// Every storage the pickle speaks of.
pub(super) fn storages(pickle: &Pickle) -> Result<Vec<Storage>, Fault> {
    pickle
        .nodes()
        .iter()
        .filter_map(|node| match node {
            Node::Persistent(id) => Some(storage(pickle, *id)),
            _ => None,
        })
        .collect()
}

fn tensor(pickle: &Pickle, value: Id) -> Result<Option<TensorEntry>, Fault> {
    let Node::Call { function, arguments } = pickle.node(value) else { return Ok(None) };
    let arguments = sequence(pickle, *arguments)?;
    match (pickle.node(*function), arguments) {
        (Node::Global(name), [data, ..]) if name == REBUILD_PARAMETER => match pickle.node(*data) {
            // One level: a parameter of a parameter does not exist, and a cycle must not be followed.
            Node::Call { function, arguments } => {
                rebuilt(pickle, pickle.node(*function), sequence(pickle, *arguments)?).map(Some)
            }
            _ => Err(malformed("a parameter without a tensor")),
        },
        (function, arguments) => rebuilt(pickle, function, arguments).map(Some),
    }
}

fn rebuilt(pickle: &Pickle, function: &Node, arguments: &[Id]) -> Result<TensorEntry, Fault> {
    match (function, arguments) {
        (Node::Global(name), &[persistent, offset, shape, strides, ..])
            if REBUILD_TENSOR.contains(&name.as_str()) =>
        {
            let Node::Persistent(id) = pickle.node(persistent) else {
                return Err(malformed("a tensor without a storage"));
            };
            let entry = TensorEntry {
                storage: storage(pickle, *id)?,
                offset: size(pickle, offset)?,
                shape: sizes(pickle, shape)?,
                strides: sizes(pickle, strides)?,
            };
            if entry.shape.len() != entry.strides.len() {
                return Err(malformed("a tensor with more dimensions than strides"));
            }
            Ok(entry)
        }
        _ => Err(malformed("a call that makes no tensor")),
    }
}

fn storage(pickle: &Pickle, id: Id) -> Result<Storage, Fault> {
    // ("storage", type, key, device, length), and in the older format a sixth: a view of another storage, or None.
    let (kind, element, key, length) = match *sequence(pickle, id)? {
        [kind, element, key, _, length] => (kind, element, key, length),
        [kind, element, key, _, length, view] if matches!(pickle.node(view), Node::None) => {
            (kind, element, key, length)
        }
        [_, _, _, _, _, _] => return Err(Fault::Refused("a storage that is a view of another".into())),
        _ => return Err(malformed("an object outside the pickle that is no storage")),
    };
    let element = match pickle.node(element) {
        Node::Global(name) => ELEMENTS.iter().find(|element| element.name == name),
        _ => None,
    };
    match element {
        Some(element) if text(pickle, kind)? == "storage" => {
            Ok(Storage { key: text(pickle, key)?.to_owned(), element, length: size(pickle, length)? as u64 })
        }
        _ => Err(malformed("a storage of no known type")),
    }
}

fn sizes(pickle: &Pickle, id: Id) -> Result<Vec<usize>, Fault> {
    let items = sequence(pickle, id)?;
    if items.len() > MAX_DIMENSIONS {
        return Err(malformed("a tensor of too many dimensions"));
    }
    items.iter().map(|&item| size(pickle, item)).collect()
}

fn size(pickle: &Pickle, id: Id) -> Result<usize, Fault> {
    match pickle.node(id) {
        Node::Int(value) => usize::try_from(*value).map_err(|_| malformed("a negative size")),
        _ => Err(malformed("a size that is no integer")),
    }
}

pub(super) fn text(pickle: &Pickle, id: Id) -> Result<&str, Fault> {
    match pickle.node(id) {
        Node::Text(text) if text.len() <= MAX_NAME_BYTES => Ok(text),
        _ => Err(malformed("a name that is no short text")),
    }
}

pub(super) fn sequence(pickle: &Pickle, id: Id) -> Result<&[Id], Fault> {
    match pickle.node(id) {
        Node::Sequence(items) => Ok(items),
        _ => Err(malformed("a sequence is missing")),
    }
}

fn malformed(what: &str) -> Fault {
    Fault::Damaged(format!("its pickle is no state dict: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(offset: usize, shape: &[usize], strides: &[usize]) -> TensorEntry {
        let storage = Storage { key: "0".into(), element: &ELEMENTS[0], length: 12 };
        TensorEntry { storage, offset, shape: shape.into(), strides: strides.into() }
    }

    #[test]
    fn a_view_is_gathered_in_its_own_order() {
        let elements: Vec<f32> = (0u8..12).map(f32::from).collect();
        let transposed = entry(1, &[3, 2], &[1, 5]).gather(&elements);
        assert_eq!(transposed, Some(vec![1.0, 6.0, 2.0, 7.0, 3.0, 8.0]));
        assert_eq!(entry(7, &[], &[]).gather(&elements), Some(vec![7.0]));
        assert_eq!(entry(99, &[0, 2], &[1, 1]).gather(&elements), Some(vec![]));
    }

    #[test]
    fn a_view_beyond_its_storage_is_none() {
        let elements = [0.0; 12];
        assert_eq!(entry(1, &[3, 4], &[4, 1]).gather(&elements), None);
        assert_eq!(entry(0, &[2], &[usize::MAX]).gather(&elements), None);
        assert_eq!(entry(usize::MAX, &[2], &[1]).gather(&elements), None);
        assert_eq!(entry(0, &[usize::MAX, usize::MAX], &[0, 0]).gather(&elements), None);
        assert_eq!(entry(0, &[13], &[0]).gather(&elements), None, "broadcast");
    }
}
