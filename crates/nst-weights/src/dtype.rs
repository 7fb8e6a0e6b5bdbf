//! How the elements of a tensor are stored in a file.

use std::fmt;
use std::str::FromStr;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use crate::Error;

/// The element type of the tensors in a weight file, little-endian. In memory all of them are f32. Written `f32`,
/// `f16` and `bf16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE single precision: what the published files hold.
    F32,
    /// IEEE half precision: relative error up to 2^-11, largest value 65504.
    F16,
    /// The upper half of an f32: relative error up to 2^-8.
    Bf16,
}

impl Dtype {
    /// All of them.
    pub const ALL: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::Bf16];

    /// `"f32"`, `"f16"` or `"bf16"`.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
        }
    }

    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
        }
    }

    /// The elements in `bytes`; bytes behind the last whole element are left out.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Dtype::F32 => bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
            Dtype::F16 => halves(bytes, f16::from_le_bytes).to_f32_vec(),
            Dtype::Bf16 => halves(bytes, bf16::from_le_bytes).to_f32_vec(),
        }
    }

    /// `values` in this type, rounded to nearest; a value beyond its range becomes an infinity.
    pub(crate) fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Dtype::F32 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Dtype::F16 => values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect(),
            Dtype::Bf16 => values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes()).collect(),
        }
    }
}

/// A slice of halves first, because the conversion of a whole slice to f32 uses the CPU's instructions for it.
fn halves<T>(bytes: &[u8], from: impl Fn([u8; 2]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&pair| from(pair)).collect()
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Dtype {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|dtype| dtype.name() == name)
            .ok_or_else(|| Error::unknown_name("element type", name, Self::ALL.map(Self::name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_keeps_what_it_can_represent() {
        let values = [0.0, -1.0, 0.5, 1.0 / 1024.0, 96.0, f32::INFINITY];
        for dtype in Dtype::ALL {
            assert_eq!(dtype.decode(&dtype.encode(&values)), values, "{dtype}");
        }
    }

    #[test]
    fn halves_round_to_nearest() {
        let third = 1.0f32 / 3.0;
        let [f16, bf16] = [Dtype::F16, Dtype::Bf16].map(|dtype| dtype.decode(&dtype.encode(&[third]))[0]);
        assert!((f16 - third).abs() / third <= 1.0 / 2048.0 && f16 != third);
        assert!((bf16 - third).abs() / third <= 1.0 / 256.0 && bf16 != third);
    }
}
