//! The list of published weight files.

use std::path::Path;

use crate::{Architecture, Checksum, Error, Pixels, Result};

/// The manifest in the box.
const EMBEDDED: &str = include_str!("../../../weights/manifest.toml");

/// The published weight files that can be fetched, in order of preference: an array of tables `weights`, one per
/// [`Entry`].
///
/// An entry that bears the name of its architecture (`vgg16`, `vgg19`) is that architecture's default; the others have
/// longer names (`vgg19-caffe`).
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The entries; no two have the same name.
    #[serde(rename = "weights")]
    pub entries: Vec<Entry>,
}

/// One published weight file.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What users call it.
    pub name: String,
    /// The network it is for.
    pub architecture: Architecture,
    /// The pixels the network was trained on.
    pub pixels: Pixels,
    /// The official address, http or https.
    pub url: String,
    /// The length of the file in bytes, where it is known.
    pub bytes: Option<u64>,
    /// Its SHA-256, or the beginning that the official file name gives.
    pub sha256: Checksum,
    /// The licence of the weights.
    pub licence: String,
    /// Who is to be named as the author.
    pub attribution: String,
}

impl Manifest {
    /// The manifest in the box: torchvision's VGG-16 and VGG-19, and jcjohnson's conversions of the Caffe originals.
    ///
    /// # Errors
    /// None in practice: a test reads it.
    pub fn embedded() -> Result<Self> {
        Self::parse(EMBEDDED, "in the box")
    }

    /// Another manifest in the same format: of a mirror, or of weights of one's own.
    ///
    /// # Errors
    /// If the file cannot be read, or as [`Manifest::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads TOML; `file` is its name for errors.
    ///
    /// # Errors
    /// [`Error::BadManifest`] if a field is missing, unknown or out of range, if two entries share a name or a file
    /// name, or if an entry has the name of another architecture.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let bad = |reason: String| Error::BadManifest { file: file.to_owned(), reason };
        let manifest: Self = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        for (i, entry) in manifest.entries.iter().enumerate() {
            entry.check().map_err(|reason| bad(format!("entry {:?}: {reason}", entry.name)))?;
            let before = &manifest.entries[..i];
            if before.iter().any(|other| other.name == entry.name || other.stem() == entry.stem()) {
                return Err(bad(format!(
                    "two entries are named {:?} or fetch {}",
                    entry.name,
                    entry.file_name()
                )));
            }
        }
        Ok(manifest)
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the names there are.
    pub fn entry(&self, name: &str) -> Result<&Entry> {
        self.entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            Error::unknown_name("weights", name, self.entries.iter().map(|entry| entry.name.as_str()))
        })
    }

    /// The entries a user means: one by name, or with `all` the default of every architecture.
    ///
    /// # Errors
    /// As [`Manifest::entry`].
    pub fn select(&self, name: &str) -> Result<Vec<&Entry>> {
        if name == "all" {
            Ok(self.entries.iter().filter(|entry| entry.name == entry.architecture.name()).collect())
        } else {
            Ok(vec![self.entry(name)?])
        }
    }

    /// The entry for a file of that length and SHA-256 (in lower-case hexadecimal).
    pub fn identify(&self, bytes: u64, sha256: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.bytes.is_none_or(|known| known == bytes) && entry.sha256.matches(sha256))
    }
}

impl Entry {
    /// The official file name: the end of the address.
    pub fn file_name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// The name of the converted file: `vgg19-dcbb9e9d.safetensors` for `.../vgg19-dcbb9e9d.pth`.
    pub fn converted_name(&self) -> String {
        format!("{}.safetensors", self.stem())
    }

    fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.name == "all"
            || Architecture::ALL.iter().any(|a| a.name() == self.name && *a != self.architecture)
        {
            return Err(format!("that name means something else than weights of {}", self.architecture));
        }
        if !(self.url.starts_with("https://") || self.url.starts_with("http://")) {
            return Err(format!("url: expected http:// or https://, got {:?}", self.url));
        }
        // The name becomes a file name here.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !self.stem().starts_with(|c: char| c.is_ascii_alphanumeric())
            || !self.file_name().chars().all(plain)
        {
            return Err(format!("url: expected a plain file name at the end, got {:?}", self.file_name()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_in_the_box_has_a_default_per_architecture() {
        let manifest = Manifest::embedded().unwrap();
        for architecture in Architecture::ALL {
            let entry = manifest.entry(architecture.name()).unwrap();
            assert_eq!((entry.architecture, entry.pixels), (architecture, Pixels::Rgb01));
            let caffe = manifest.entry(&format!("{architecture}-caffe")).unwrap();
            assert_eq!((caffe.architecture, caffe.pixels), (architecture, Pixels::Bgr255));
        }
        let all: Vec<_> = manifest.select("all").unwrap().iter().map(|entry| &entry.name).collect();
        assert_eq!(all, ["vgg19", "vgg16"]);
        assert_eq!(manifest.entry("vgg19").unwrap().converted_name(), "vgg19-dcbb9e9d.safetensors");
        // torch checks the digits of its file names as the beginning of the SHA-256; so does the manifest.
        for entry in &manifest.entries {
            let digits = entry.stem().rsplit('-').next().unwrap();
            assert!(entry.sha256.to_string().starts_with(digits), "{}", entry.name);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = Manifest::embedded().unwrap().entry("vgg11").unwrap_err().to_string();
        assert!(message.contains("\"vgg11\"") && message.contains("vgg16, "), "{message}");
    }

    #[test]
    fn a_bad_manifest_is_told_by_entry_and_field() {
        let entry = |edits: &[(&str, &str)]| {
            let mut text = "[[weights]]\nname = 'mine'\narchitecture = 'vgg19'\npixels = 'rgb01'\n\
                            url = 'http://a.example/mine.pth'\nsha256 = '01234567'\nlicence = ''\nattribution = ''\n"
                .to_owned();
            for (from, to) in edits {
                text = text.replace(from, to);
            }
            Manifest::parse(&text, "m.toml").map_err(|error| error.to_string())
        };
        assert_eq!(entry(&[]).unwrap().entries[0].bytes, None);
        for (from, to, says) in [
            ("'vgg19'", "'vgg11'", "vgg11"),
            ("'mine'", "'vgg16'", "vgg19"),
            ("'mine'", "'all'", "all"),
            ("http:", "ftp:", "http://"),
            ("/mine.pth", "/..", "plain"),
            ("/mine.pth", "/a?b=c", "plain"),
            ("01234567", "0123", "8 to 64"),
            ("licence", "license", "license"),
            ("[[weights]]", "[[weight]]", "weight"),
        ] {
            let message = entry(&[(from, to)]).unwrap_err();
            assert!(message.starts_with("manifest m.toml: ") && message.contains(says), "{to}: {message}");
        }
    }

    #[test]
    fn a_file_is_identified_by_length_and_checksum() {
        let manifest = Manifest::embedded().unwrap();
        let sha256 = "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44";
        assert_eq!(manifest.identify(574673361, sha256).unwrap().name, "vgg19");
        assert!(manifest.identify(574673360, sha256).is_none());
        assert!(manifest.identify(574673361, &"0".repeat(64)).is_none());
        // Only its beginning and not its length is known.
        let sha256 = format!("d01eb7cb{}", "0".repeat(56));
        assert_eq!(manifest.identify(1, &sha256).unwrap().name, "vgg19-caffe");
    }
}
