//! SHA-256 of files, and the published beginnings of it.

use std::fmt;
use std::io::Read;

use sha2::{Digest, Sha256};

/// A published SHA-256 in lower-case hexadecimal: whole, or at least its first eight digits, which is what torch puts
/// into official file names (`vgg19-dcbb9e9d.pth`).
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Checksum(String);

impl Checksum {
    /// Whether the whole checksum `sha256`, in lower-case hexadecimal, is this one or begins with it.
    pub fn matches(&self, sha256: &str) -> bool {
        sha256.starts_with(&self.0)
    }
}

impl TryFrom<String> for Checksum {
    type Error = String;

    fn try_from(digits: String) -> Result<Self, String> {
        let hexadecimal = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if hexadecimal && (8..=64).contains(&digits.len()) {
            Ok(Self(digits))
        } else {
            Err(format!("expected 8 to 64 lower-case hexadecimal digits of a SHA-256, got {digits:?}"))
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.0.len() < 64 { "..." } else { "" };
        write!(f, "{}{more}", self.0)
    }
}

/// The SHA-256 of everything `reader` has left, in lower-case hexadecimal.
pub(crate) fn sha256(mut reader: impl Read) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match reader.read(&mut chunk)? {
            0 => break,
            read => hasher.update(&chunk[..read]),
        }
    }
    Ok(hasher.finalize().iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_a_known_text() {
        // FIPS 180-2, appendix B.1.
        let digest = sha256(&b"abc"[..]).unwrap();
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(Checksum::try_from("ba7816bf".to_owned()).unwrap().matches(&digest));
        assert!(!Checksum::try_from("ba7816be".to_owned()).unwrap().matches(&digest));
    }

    #[test]
    fn a_checksum_is_hexadecimal_of_a_useful_length() {
        for bad in ["", "ba7816b", "BA7816BF", "ba7816bg", &"a".repeat(65)] {
            assert!(Checksum::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
