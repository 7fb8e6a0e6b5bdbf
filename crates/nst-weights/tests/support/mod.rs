//! What the tests of this crate share: a hostile HTTP server and the golden networks.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod run;
pub(crate) mod server;

use std::collections::BTreeMap;
use std::path::PathBuf;

use nst_weights::{Architecture, Convolution, Weights};
use sha2::{Digest, Sha256};

/// The path of a golden file.
pub(crate) fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The bytes of a golden file.
pub(crate) fn golden_bytes(name: &str) -> Vec<u8> {
    std::fs::read(golden(name)).unwrap()
}

/// The SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

#[derive(serde::Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    in_256ths: Vec<i16>,
}

/// The convolutions of the golden networks, by the script that made them.
pub(crate) fn expected(architecture: Architecture) -> Vec<Convolution> {
    let text = std::fs::read_to_string(golden("expected.json")).unwrap();
    let networks: BTreeMap<String, BTreeMap<String, Tensor>> = serde_json::from_str(&text).unwrap();
    let tensors = &networks[architecture.name()];
    let values = |tensor: &Tensor| tensor.in_256ths.iter().map(|&n| f32::from(n) / 256.0).collect();
    architecture
        .convolutions()
        .iter()
        .map(|number| {
            let weight = &tensors[&format!("features.{number}.weight")];
            let bias = &tensors[&format!("features.{number}.bias")];
            Convolution {
                filter: values(weight),
                shape: weight.shape.clone().try_into().unwrap(),
                bias: values(bias),
            }
        })
        .collect()
}

/// Asserts that `weights` are the golden network of that architecture.
pub(crate) fn assert_golden(weights: &Weights, architecture: Architecture) {
    assert_eq!(weights.architecture, architecture);
    assert_eq!(weights.convolutions, expected(architecture));
}
