//! One run of `fetch` against a scripted server.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nst_weights::{Architecture, Entry, FetchOptions, Fetched, Manifest, Pixels, Result, Weights, fetch};
use tempfile::TempDir;

use super::server::{Reply, Server};
use super::{assert_golden, golden_bytes, sha256};

/// The file the tests fetch. Its length is 9630 bytes.
pub(crate) const FILE: &str = "vgg19-f32-legacy.pth";
pub(crate) const CONVERTED: &str = "vgg19-f32-legacy.safetensors";
pub(crate) const PART: &str = "vgg19-f32-legacy.pth.part";

/// A manifest of that one file at `url`.
pub(crate) fn manifest(url: &str, bytes: Option<usize>) -> Manifest {
    let bytes = bytes.map_or(String::new(), |bytes| format!("bytes = {bytes}"));
    let text = format!(
        "[[weights]]\nname = 'vgg19'\narchitecture = 'vgg19'\npixels = 'rgb01'\nurl = '{url}'\n{bytes}\n\
         sha256 = '{}'\nlicence = 'CC0'\nattribution = 'the tests'\n",
        &sha256(&golden_bytes(FILE))[..8]
    );
    Manifest::parse(&text, "test").unwrap()
}

pub(crate) fn entry(server: &Server) -> Entry {
    let length = golden_bytes(FILE).len();
    manifest(&server.url(&format!("/models/{FILE}")), Some(length)).entries.remove(0)
}

pub(crate) fn options() -> FetchOptions {
    FetchOptions {
        attempts: 3,
        first_wait: Duration::from_millis(1),
        stall_timeout: Duration::from_millis(500),
        ..FetchOptions::default()
    }
}

pub(crate) struct Run {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    pub(crate) result: Result<Fetched>,
    /// What the observer was told, as text.
    pub(crate) seen: Vec<String>,
}

impl Run {
    pub(crate) fn new(script: Vec<Reply>) -> Self {
        Self::continuing(&[], script)
    }

    /// A run that finds a partial file.
    pub(crate) fn continuing(part: &[u8], script: Vec<Reply>) -> Self {
        let server = Server::start(golden_bytes(FILE), script);
        let entry = entry(&server);
        Self::with(server, part, &entry, &options())
    }

    pub(crate) fn with(server: Server, part: &[u8], entry: &Entry, options: &FetchOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if !part.is_empty() {
            fs::write(folder.path().join(PART), part).unwrap();
        }
        let mut seen = Vec::new();
        let result = fetch(entry, folder.path(), options, &mut |progress| seen.push(format!("{progress:?}")));
        Self { server, folder, result, seen }
    }

    /// Asserts that the network arrived, and that nothing else is left in the folder.
    pub(crate) fn succeeded(&self) {
        let fetched = self.result.as_ref().unwrap();
        let weights = Weights::read(&fetched.path).unwrap();
        assert_golden(&weights, Architecture::Vgg19);
        assert_eq!(weights.pixels, Pixels::Rgb01);
        assert_eq!((weights.licence.as_str(), weights.attribution.as_str()), ("CC0", "the tests"));
        assert!(weights.source.starts_with("http://127.0.0.1"), "{}", weights.source);
        assert_eq!(files(self.folder.path()), [CONVERTED]);
    }

    /// Asserts that it failed without leaving anything but `left`, and gives the message.
    pub(crate) fn failed(&self, left: &[&str]) -> String {
        assert_eq!(files(self.folder.path()), left);
        self.result.as_ref().unwrap_err().to_string()
    }

    /// The ranges asked for; empty where a request asked for the whole file.
    pub(crate) fn ranges(&self) -> Vec<String> {
        self.server.requests().into_iter().map(|request| request.range.unwrap_or_default()).collect()
    }

    pub(crate) fn retries(&self) -> usize {
        self.seen.iter().filter(|seen| seen.starts_with("Retry")).count()
    }
}

pub(crate) fn from(start: usize) -> String {
    format!("bytes={start}-")
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
