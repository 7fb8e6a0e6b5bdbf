//! What the tests of the binary share: the built `nst`, a folder for each test, and small pictures.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a test fails")]

pub mod gpu;
pub mod small_run;

use image::{ExtendedColorType, ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// `nst`, built once in the profile of the tests.
pub fn nst() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(build)
}

/// Builds for the whole workspace, so that dependencies are those that `cargo test --workspace` has built already.
fn build() -> PathBuf {
    // target/PROFILE/deps/this-test
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("a folder for the profile");
    let target = profile.parent().expect("the target folder");
    let profile = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo tells this test of its own package is nothing to the build: ring's build script watches it and would run
    // again, and everything above ring be built again.
    for (name, _) in std::env::vars_os() {
        let is_ours =
            ["CARGO_PKG_", "CARGO_MANIFEST_"].map(|start| name.to_string_lossy().starts_with(start));
        if is_ours.contains(&true) {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .args(["build", "--workspace", "--bin", "nst", "--profile", profile, "--target-dir"])
        .arg(target)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "nst does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8_lossy(&output.stdout);
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "nst")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.expect("cargo names the program it built")
}

/// A folder with the pictures `content.png` (40x32) and `style.png` (36x44), gone after the test.
pub struct Bench(tempfile::TempDir);

/// What a command left.
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Bench {
    /// The folder with the two pictures.
    #[expect(clippy::new_without_default, reason = "it writes files")]
    pub fn new() -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        waves(40, 32).save(bench.path("content.png")).expect("a written picture");
        stripes(36, 44).save(bench.path("style.png")).expect("a written picture");
        bench
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `nst` with these arguments, in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(nst());
        command.args(arguments).current_dir(self.0.path()).env("NST_WEIGHTS_DIR", self.path("weights"));
        command
    }

    /// Runs `nst` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("nst runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Runs `nst` and expects it to do what it was asked.
    pub fn succeed(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended
    }

    /// Runs `nst` and expects it to refuse in one line, which is returned.
    pub fn refuse(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        let line = ended.stderr.strip_suffix('\n').expect("a whole line").to_owned();
        assert!(line.starts_with("nst: ") && !line.contains('\n'), "{arguments:?}: {line}");
        line
    }

    /// The lines of a trace.
    pub fn trace(&self, name: &str) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.path(name)).expect("a trace");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a written file");
    }

    /// Width and height of a picture file.
    pub fn size(&self, name: &str) -> (u32, u32) {
        image::image_dimensions(self.path(name)).expect("a picture")
    }
}

/// The narrow VGG-19 of the golden files: any picture takes it milliseconds.
pub fn narrow_vgg19() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/golden/data/vgg19_narrow.safetensors").to_owned()
}

/// A picture of smooth waves.
pub fn waves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |along: u32, period: f32| (127.0 + 120.0 * (along as f32 / period).sin()) as u8;
        image::Rgb([wave(x, 5.0), wave(y, 7.0), wave(x + y, 9.0)])
    })
}

/// A picture of slanted stripes.
pub fn stripes(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb(if (x + 2 * y) / 6 % 2 == 0 { [230, 160, 20] } else { [20, 60, 140] })
    })
}

/// The bytes of a JPEG file, with EXIF data if there are any.
pub fn jpeg(picture: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).expect("JPEG has EXIF");
    }
    encoder
        .write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .expect("an encoded picture");
    bytes
}
