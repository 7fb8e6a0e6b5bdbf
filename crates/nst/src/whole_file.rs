//! Files that are written whole.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file that is written beside its place and then takes its name, so that a file of that name is replaced only by a whole one.
/// Without [`WholeFile::write`], nothing is left of it.
#[derive(Debug)]
pub struct WholeFile {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

impl WholeFile {
    /// A file for `path`. A link stays one: what it leads to is replaced.
    ///
    /// # Errors
    /// If `path` is a folder, or its own folder is not there or takes no file.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_dir() {
            return Err(io::Error::new(ErrorKind::IsADirectory, "is a folder; name a file"));
        }
        if !folder.is_dir() {
            let problem = format!("there is no folder '{}'; make it first", folder.display());
            return Err(io::Error::new(ErrorKind::NotFound, problem));
        }
        Ok(Self { file: temporary_file(folder)?, path })
    }

    /// Writes all there is to be in it, and gives it its name.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.persist(self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// A file in the folder, with the permissions of any new file rather than the owner's alone.
fn temporary_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".nst-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
