//! What can go wrong with a weight file, on disk or on its way there.

use std::io;
use std::path::Path;

use crate::Architecture;

/// The result of this crate's operations.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of this crate. `file` names the file as the caller gave it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused: no such file, no permission, disk full.
    #[error("cannot {operation}: {source}")]
    Io {
        /// What was being done, with the file's name.
        operation: String,
        /// The system's answer.
        source: io::Error,
    },

    /// The file is no weight file of a VGG.
    #[error("{file} is not a weight file: {reason}")]
    NotWeights {
        /// The file.
        file: String,
        /// What it is instead, and what would be accepted.
        reason: String,
    },

    /// The file begins like a weight file, but is cut off or contradicts itself.
    #[error("{file} is damaged: {reason}; fetch or copy it again")]
    Damaged {
        /// The file.
        file: String,
        /// Where it breaks.
        reason: String,
    },

    /// A `.pth` file asks for something that a dictionary of tensors does not need. Its pickle is data here: nothing in
    /// it is ever called.
    #[error(
        "{file} is refused: {reason} (expected a state dict, written by torch.save(model.state_dict(), ...))"
    )]
    Refused {
        /// The file.
        file: String,
        /// The refused name, opcode or layout.
        reason: String,
    },

    /// The weights belong to the other network.
    #[error("{file} holds weights of {found}, expected {expected}")]
    WrongArchitecture {
        /// The file.
        file: String,
        /// What the caller asked for.
        expected: Architecture,
        /// What the file holds.
        found: Architecture,
    },

    /// The network expects other pixels than the caller says.
    #[error(
        "{file} is of a network that expects {found} pixels, not {expected}; leave the pixels to the file"
    )]
    WrongPixels {
        /// The file.
        file: String,
        /// What the caller said.
        expected: crate::Pixels,
        /// What the file or the manifest says.
        found: crate::Pixels,
    },

    /// A tensor is missing, has the wrong shape or holds values that are not finite.
    #[error("{file}: tensor {tensor}: expected {expected}, got {found}")]
    BadTensor {
        /// The file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// What the network needs there.
        expected: String,
        /// What the file has.
        found: String,
    },

    /// Nothing says which pixels the weights expect.
    #[error(
        "{file} does not say which pixels its network expects, and no entry of the manifest has its checksum; \
         say bgr255 (Caffe's and its conversions) or rgb01 (torchvision's)"
    )]
    UnknownPixels {
        /// The file.
        file: String,
    },

    /// The manifest cannot be used.
    #[error("manifest {file}: {reason}")]
    BadManifest {
        /// The manifest.
        file: String,
        /// Which entry and field, and what is expected there.
        reason: String,
    },

    /// A name that is not one of a fixed list.
    #[error("unknown {what} {name:?}; known are {known}")]
    UnknownName {
        /// What the name is for.
        what: &'static str,
        /// The name.
        name: String,
        /// The known names, separated by commas.
        known: String,
    },

    /// The server answered, and trying again will not help.
    #[error("cannot fetch {url}: the server answers {status}; {advice}")]
    Status {
        /// The address asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What to do.
        advice: &'static str,
    },

    /// The transfer failed, after the attempts allowed or in a way that repeats itself.
    #[error("cannot fetch {url} (attempt {attempts}): {reason}")]
    Network {
        /// The address asked for.
        url: String,
        /// How many attempts were made in all.
        attempts: u32,
        /// The last failure.
        reason: String,
    },

    /// The server offers or sends more, or fewer, bytes than the file has.
    #[error("cannot fetch {url}: the server offers {found} bytes, expected {expected}")]
    WrongLength {
        /// The address asked for.
        url: String,
        /// What the manifest or the size limit says.
        expected: String,
        /// What the server says or sent.
        found: u64,
    },

    /// The bytes are not the published ones.
    #[error("{file} is corrupted: its SHA-256 is {found}, expected {expected}; {advice}")]
    Checksum {
        /// The file.
        file: String,
        /// The published checksum, or its beginning.
        expected: String,
        /// The file's checksum.
        found: String,
        /// What was done, and what to do.
        advice: &'static str,
    },

    /// There is another file where the result would go; it is left alone.
    #[error("{file} exists and holds something else; move it away first")]
    Occupied {
        /// The file in the way.
        file: String,
    },
}

impl Error {
    pub(crate) fn io(operation: &str, path: &Path, source: io::Error) -> Self {
        Error::Io { operation: format!("{operation} {}", path.display()), source }
    }

    pub(crate) fn unknown_name<'a>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Error::UnknownName { what, name: name.to_owned(), known }
    }
}

/// An error inside a file whose reader does not know the file's name.
#[derive(Debug)]
pub(crate) enum Fault {
    NotWeights(String),
    Damaged(String),
    Refused(String),
    Io(io::Error),
}

impl Fault {
    /// The error, now that the name is known.
    pub(crate) fn in_file(self, file: &str) -> Error {
        let file = file.to_owned();
        match self {
            Fault::NotWeights(reason) => Error::NotWeights { file, reason },
            Fault::Damaged(reason) => Error::Damaged { file, reason },
            Fault::Refused(reason) => Error::Refused { file, reason },
            Fault::Io(source) => Error::Io { operation: format!("read {file}"), source },
        }
    }

    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        Fault::Damaged(reason.into())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::damaged("it ends too early"),
            // How the zip reader reports a wrong CRC.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Fault::Damaged(error.to_string()),
            _ => Fault::Io(error),
        }
    }
}
