//! What a weight file says of itself, before its tensors are read.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use crate::tensor_file::TensorFile;
use crate::{Architecture, Error, Pixels, Result};

/// The metadata of a file, and what follows from its tensors' names.
pub(crate) struct Header {
    pub(crate) architecture: Architecture,
    pub(crate) pixels: Option<Pixels>,
    pub(crate) source: Option<String>,
    pub(crate) licence: String,
    pub(crate) attribution: String,
}

impl Header {
    /// Reads the header of the file at `path` alone.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let file = TensorFile::open(BufReader::new(file)).map_err(|fault| fault.in_file(&name))?;
        Self::of(&file, &name)
    }

    pub(crate) fn of<R: Read + Seek>(file: &TensorFile<R>, name: &str) -> Result<Self> {
        let text = |key| file.metadata(key).unwrap_or_default().to_owned();
        let bad = |error: Error| Error::NotWeights { file: name.to_owned(), reason: error.to_string() };
        let architecture = match file.metadata("architecture") {
            Some(said) => said.parse().map_err(bad)?,
            None => architecture_of(&file.names())
                .map_err(|reason| Error::NotWeights { file: name.into(), reason })?,
        };
        Ok(Self {
            architecture,
            pixels: file.metadata("pixels").map(str::parse).transpose().map_err(bad)?,
            source: file.metadata("source").map(str::to_owned),
            licence: text("licence"),
            attribution: text("attribution"),
        })
    }
}

/// The network whose convolutions a file's tensor names give. A file that lacks some of them is still told, so that
/// the error can name the missing tensor; a file that has others (VGG-13, batch normalization) is not.
fn architecture_of(names: &[String]) -> std::result::Result<Architecture, String> {
    let present: BTreeSet<usize> = names
        .iter()
        .filter_map(|name| name.strip_prefix("features.")?.strip_suffix(".weight")?.parse().ok())
        .collect();
    let expected = "expected those of torchvision's VGG-16 or VGG-19, features.N.weight and features.N.bias";
    if present.is_empty() {
        let first: Vec<_> = names.iter().take(3).map(String::as_str).collect();
        return Err(match first[..] {
            [] => format!("it holds no tensors ({expected})"),
            _ => format!("its tensors have other names, {}... ({expected})", first.join(", ")),
        });
    }
    Architecture::ALL
        .into_iter()
        .find(|architecture| present.iter().all(|number| architecture.convolutions().contains(number)))
        .ok_or_else(|| {
            let numbers: Vec<_> = present.iter().map(ToString::to_string).collect();
            format!("it has layers with weights at features.N for N = {} ({expected})", numbers.join(", "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(numbers: &[usize]) -> Vec<String> {
        numbers
            .iter()
            .map(|number| format!("features.{number}.weight"))
            .chain(["classifier.0.weight".into()])
            .collect()
    }

    #[test]
    fn the_architecture_follows_from_the_names() {
        for architecture in Architecture::ALL {
            assert_eq!(architecture_of(&names(architecture.convolutions())), Ok(architecture));
        }
        // One missing: still told, and Convolution::read will name it.
        assert_eq!(
            architecture_of(&names(&Architecture::Vgg19.convolutions()[1..])),
            Ok(Architecture::Vgg19)
        );
        // torchvision's VGG-13 and VGG-16 with batch normalization.
        assert!(
            architecture_of(&names(&[0, 2, 5, 7, 10, 12, 15, 17, 20, 22])).unwrap_err().contains("0, 2, 5")
        );
        assert!(architecture_of(&names(&[0, 1, 3, 4])).is_err());
        assert!(architecture_of(&names(&[])).unwrap_err().contains("classifier.0.weight"));
    }
}
