//! Reading golden files.

use nst::Picture;
use nst_tensor::{Device, Tensor};
use nst_weights::Weights;
use safetensors::SafeTensors;
use serde_json::Value;
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "golden", "data", name].iter().collect()
}

/// A JSON file.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(name)).expect("a golden file")).expect("JSON")
}

/// A number in a JSON file.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The narrow VGG-19.
pub(crate) fn narrow_vgg19() -> Weights {
    Weights::read(&path("vgg19_narrow.safetensors")).expect("weights")
}

/// The tensors of a safetensors file.
pub(crate) struct Store(Vec<u8>);

impl Store {
    pub(crate) fn open(name: &str) -> Self {
        Self(std::fs::read(path(name)).expect("a golden file"))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.0).expect("safetensors").tensor(name).is_ok()
    }

    /// Extents and values.
    pub(crate) fn get(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.0).expect("safetensors");
        let view = file.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let values = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        (view.shape().to_vec(), values)
    }

    pub(crate) fn values(&self, name: &str) -> Vec<f32> {
        self.get(name).1
    }

    /// A tensor of four axes, or of two.
    pub(crate) fn tensor(&self, device: &Device, name: &str) -> Tensor {
        let (shape, values) = self.get(name);
        let tensor = match *shape.as_slice() {
            [a, b, c, d] => Tensor::new(device, [a, b, c, d], &values),
            [a, b] => Tensor::new(device, [a, b], &values),
            _ => panic!("{name} has shape {shape:?}"),
        };
        tensor.expect("a tensor")
    }

    pub(crate) fn picture(&self, name: &str) -> Picture {
        let (shape, values) = self.get(name);
        Picture::new(shape[2], shape[1], values, None).expect("a picture")
    }
}

/// `|a - b| / |b|` over all elements (relative L2).
pub(crate) fn distance<B: Copy + Into<f64>>(a: &[f32], b: &[B]) -> f64 {
    assert_eq!(a.len(), b.len(), "lengths differ");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(&a, &b)| f64::from(a) - b.into()));
    difference / norm(&mut b.iter().map(|&b| b.into())).max(f64::MIN_POSITIVE)
}
