//! Getting published weights: fetched or from a file on disk, verified, and converted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::download::download;
use crate::header::Header;
use crate::{Architecture, Dtype, Entry, Error, Manifest, Pixels, ReadOptions, Result, Weights, checksum};

/// How [`fetch`] behaves. The default suits a user at a terminal.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// The proxy to go through; by default none, whatever the environment says.
    pub proxy: Option<Proxy>,
    /// Attempts without any progress before giving up (5). A transfer that gets further counts anew.
    pub attempts: u32,
    /// The wait before the second attempt (1 s); doubles up to 30 s.
    pub first_wait: Duration,
    /// The longest silence of the server, and time to connect, before an attempt is given up (30 s).
    pub stall_timeout: Duration,
    /// The largest file taken from a server if the manifest does not say how large it is (2 GiB).
    pub max_bytes: u64,
    /// The element type of the converted file (f32, as published).
    pub dtype: Dtype,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            proxy: None,
            attempts: 5,
            first_wait: Duration::from_secs(1),
            stall_timeout: Duration::from_secs(30),
            max_bytes: 2 << 30,
            dtype: Dtype::F32,
        }
    }
}

/// An HTTP proxy.
#[derive(Clone, Debug)]
pub struct Proxy(pub(crate) ureq::Proxy);

impl Proxy {
    /// The proxy of the environment, if it names one: the first of `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, or the
    /// same in lower case, with the exceptions of `NO_PROXY`.
    ///
    /// The one place where this crate reads the environment, and only for a caller who asks.
    pub fn from_env() -> Option<Self> {
        ureq::Proxy::try_from_env().map(Self)
    }

    /// The proxy at that address, such as `http://user:password@proxy.example:3128`.
    ///
    /// # Errors
    /// [`Error::Network`] if it is no proxy's address.
    pub fn new(url: &str) -> Result<Self> {
        ureq::Proxy::new(url).map(Self).map_err(|error| Error::Network {
            url: url.to_owned(),
            attempts: 0,
            reason: error.to_string(),
        })
    }
}

/// What [`fetch`] tells its observer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Bytes of the file present, of how many, if that is known. Goes back to 0 if the server starts over.
    Download {
        /// Bytes present, those of an earlier run included.
        done: u64,
        /// Bytes of the whole file.
        total: Option<u64>,
    },
    /// An attempt failed; the next one begins after `wait`.
    Retry {
        /// What happened.
        reason: &'a str,
        /// Time until the next attempt.
        wait: Duration,
    },
    /// The file is complete; its checksum is being computed.
    Verify,
    /// The file is the published one; its convolutions are being written.
    Convert,
}

/// What [`fetch`] and [`convert`] leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The converted file.
    pub path: PathBuf,
    /// Whether it was there before, from the same source: nothing was done.
    pub already_there: bool,
}

/// Fetches a published weight file into `folder`, which is made if need be, and converts it to safetensors with the
/// convolutions alone: `folder/vgg19-dcbb9e9d.safetensors`, a seventh of the download.
///
/// The download goes into `folder/vgg19-dcbb9e9d.pth.part`. Where that file exists, from a run that was cut off, it is
/// continued if the server can (it is always asked); lost connections and server errors are retried. Length and SHA-256
/// are compared with the manifest before anything takes its final name. The download itself is then removed: it
/// is mostly VGG's classifier, which is of no use here.
///
/// # Errors
/// [`Error::Network`] after the last attempt (the partial file stays, to be continued), [`Error::Status`],
/// [`Error::WrongLength`], [`Error::Checksum`] (the partial file is removed), [`Error::Occupied`], [`Error::Io`], and
/// those of [`Weights::read`].
pub fn fetch(
    entry: &Entry,
    folder: &Path,
    options: &FetchOptions,
    observer: &mut dyn FnMut(Progress),
) -> Result<Fetched> {
    let path = folder.join(entry.converted_name());
    if is_there(&path, &entry.url)? {
        return Ok(Fetched { path, already_there: true });
    }
    make_folder(folder)?;
    let part_path = folder.join(format!("{}.part", entry.file_name()));
    let mut part = open_part(&part_path)?;
    if let Err(error) = download(&entry.url, &mut part, entry.bytes, options, observer) {
        // Bytes are kept to be continued; an empty file would only puzzle.
        if part.metadata().is_ok_and(|part| part.len() == 0) {
            remove(&part_path)?;
        }
        return Err(error);
    }

    observer(Progress::Verify);
    let unreadable = |error| Error::io("read", &part_path, error);
    part.rewind().map_err(unreadable)?;
    let sha256 = checksum::sha256(&part).map_err(unreadable)?;
    if !entry.sha256.matches(&sha256) {
        remove(&part_path)?;
        return Err(Error::Checksum {
            file: entry.url.clone(),
            expected: entry.sha256.to_string(),
            found: sha256,
            advice: "what was received is removed; try again, or get the file elsewhere and give it with --from FILE",
        });
    }

    observer(Progress::Convert);
    let weights = read_entry(&mut BufReader::new(&part), &entry.url, entry)?;
    weights.write(&path, options.dtype)?;
    drop(part);
    remove(&part_path)?;
    Ok(Fetched { path, already_there: false })
}

/// What [`convert`] should expect and write.
#[derive(Clone, Copy, Debug)]
pub struct ConvertOptions {
    /// Refuse the weights of another architecture.
    pub architecture: Option<Architecture>,
    /// The pixels the network expects. Given, it also means: take the file although no entry has its checksum.
    pub pixels: Option<Pixels>,
    /// The element type of the converted file.
    pub dtype: Dtype,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self { architecture: None, pixels: None, dtype: Dtype::F32 }
    }
}

/// Converts a weight file already on disk as [`fetch`] does, into `folder`, which is made if need be.
///
/// A file whose length and checksum the manifest has is that entry's, whatever its name. Any other is taken only if
/// it says itself which pixels it expects, as the safetensors of this crate do, or if `options.pixels` says so; it
/// keeps its name, with the ending `.safetensors`. A file *named* as an entry's but with another checksum is
/// taken for a damaged download unless `options.pixels` is given.
///
/// # Errors
/// [`Error::Checksum`] for that damaged download, [`Error::UnknownPixels`], [`Error::WrongArchitecture`],
/// [`Error::Occupied`], [`Error::Io`], and those of [`Weights::read`].
pub fn convert(file: &Path, manifest: &Manifest, folder: &Path, options: &ConvertOptions) -> Result<Fetched> {
    let name = file.display().to_string();
    let unreadable = |error| Error::io("read", file, error);
    let mut reader = File::open(file).map_err(|error| Error::io("open", file, error))?;
    let bytes = reader.metadata().map_err(unreadable)?.len();
    let sha256 = checksum::sha256(&reader).map_err(unreadable)?;
    reader.rewind().map_err(unreadable)?;

    let known = manifest.identify(bytes, &sha256);
    let base = file.file_name().unwrap_or_default().to_string_lossy();
    if known.is_none()
        && options.pixels.is_none()
        && let Some(entry) = manifest.entries.iter().find(|entry| entry.file_name() == base)
    {
        return Err(Error::Checksum {
            file: name,
            expected: entry.sha256.to_string(),
            found: sha256,
            advice: "get it again; to take it as it is, say which pixels it expects (bgr255 or rgb01)",
        });
    }
    let (target, source) = known.map_or_else(
        || {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            (format!("{stem}.safetensors"), format!("{base}, SHA-256 {sha256}"))
        },
        |entry| (entry.converted_name(), entry.url.clone()),
    );
    let mut reader = BufReader::new(reader);
    let weights = if let Some(entry) = known {
        if let Some(expected) = options.pixels.filter(|&pixels| pixels != entry.pixels) {
            return Err(Error::WrongPixels { file: name, expected, found: entry.pixels });
        }
        read_entry(&mut reader, &name, entry)?
    } else {
        let read = ReadOptions { pixels: options.pixels, ..ReadOptions::default() };
        Weights { source: source.clone(), ..Weights::from_reader(&mut reader, &name, &read)? }
    };
    if let Some(expected) = options.architecture.filter(|&expected| expected != weights.architecture) {
        return Err(Error::WrongArchitecture { file: name, expected, found: weights.architecture });
    }
    let path = folder.join(target);
    if is_there(&path, &source)? {
        return Ok(Fetched { path, already_there: true });
    }
    make_folder(folder)?;
    weights.write(&path, options.dtype)?;
    Ok(Fetched { path, already_there: false })
}

/// Reads a verified file of that entry.
fn read_entry(reader: &mut (impl io::Read + Seek), name: &str, entry: &Entry) -> Result<Weights> {
    let options = ReadOptions {
        architecture: Some(entry.architecture),
        pixels: Some(entry.pixels),
        convolutions: None,
    };
    Ok(Weights {
        source: entry.url.clone(),
        licence: entry.licence.clone(),
        attribution: entry.attribution.clone(),
        ..Weights::from_reader(reader, name, &options)?
    })
}

/// Whether `path` already holds weights from `source`; an error if it holds anything else.
fn is_there(path: &Path, source: &str) -> Result<bool> {
    let exists = path.try_exists().map_err(|error| Error::io("look for", path, error))?;
    if exists && !Header::read(path).is_ok_and(|header| header.source.as_deref() == Some(source)) {
        return Err(Error::Occupied { file: path.display().to_string() });
    }
    Ok(exists)
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, error))
}

/// Opens the partial file, for this process alone.
fn open_part(path: &Path) -> Result<File> {
    let open = || {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock()?;
        Ok(file)
    };
    open().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock => Error::io("write (another process is fetching it)", path, error),
        _ => Error::io("write", path, error),
    })
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|error| Error::io("remove", path, error))
}
