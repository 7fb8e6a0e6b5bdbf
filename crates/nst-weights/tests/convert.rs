//! Converting files already on disk, and finding them again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use nst_weights::{
    Architecture, ConvertOptions, Dtype, Error, Manifest, Pixels, Weights, convert, find, list,
};
use support::{assert_golden, golden, golden_bytes, sha256};

/// A manifest whose vgg16 and vgg19-caffe are golden files.
fn manifest() -> Manifest {
    let entry = |name: &str, architecture: &str, pixels: &str, file: &str| {
        let bytes = golden_bytes(file);
        format!(
            "[[weights]]\nname = '{name}'\narchitecture = '{architecture}'\npixels = '{pixels}'\n\
             url = 'https://models.example/published-{file}'\nbytes = {}\nsha256 = '{}'\nlicence = 'CC0'\n\
             attribution = 'the tests'\n",
            bytes.len(),
            sha256(&bytes)
        )
    };
    let text = entry("vgg16", "vgg16", "rgb01", "vgg16-f32-zip.pth")
        + &entry("vgg19-caffe", "vgg19", "bgr255", "vgg19-f32-legacy.pth");
    Manifest::parse(&text, "test").unwrap()
}

#[test]
fn a_published_file_is_recognized_by_its_checksum_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made/on/the/way");
    for (file, architecture, pixels) in [
        ("vgg16-f32-zip.pth", Architecture::Vgg16, Pixels::Rgb01),
        ("vgg19-f32-legacy.pth", Architecture::Vgg19, Pixels::Bgr255),
    ] {
        let fetched = convert(&golden(file), &manifest(), &out, &ConvertOptions::default()).unwrap();
        assert!(!fetched.already_there);
        let name = format!("published-{}", file.replace(".pth", ".safetensors"));
        assert_eq!(fetched.path, out.join(name));
        let weights = Weights::read(&fetched.path).unwrap();
        assert_golden(&weights, architecture);
        assert_eq!(weights.pixels, pixels);
        assert_eq!(weights.source, format!("https://models.example/published-{file}"));

        let again = convert(&golden(file), &manifest(), &out, &ConvertOptions::default()).unwrap();
        assert!(again.already_there && again.path == fetched.path);
    }
}

#[test]
fn an_unknown_file_needs_a_word_about_its_pixels() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["vgg16-f16-zip.pth", "vgg16-f16-legacy.pth"] {
        let error =
            convert(&golden(file), &manifest(), folder.path(), &ConvertOptions::default()).unwrap_err();
        assert!(matches!(error, Error::UnknownPixels { .. }), "{error}");
        let options = ConvertOptions { pixels: Some(Pixels::Bgr255), ..ConvertOptions::default() };
        let fetched = convert(&golden(file), &manifest(), folder.path(), &options).unwrap();
        let weights = Weights::read(&fetched.path).unwrap();
        assert_golden(&weights, Architecture::Vgg16);
        assert_eq!(weights.pixels, Pixels::Bgr255);
        assert_eq!(weights.source, format!("{file}, SHA-256 {}", sha256(&golden_bytes(file))));
        assert!(convert(&golden(file), &manifest(), folder.path(), &options).unwrap().already_there);
    }
}

#[test]
fn a_file_with_an_official_name_and_other_bytes_is_a_damaged_download() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("published-vgg16-f32-zip.pth");
    fs::write(&path, golden_bytes("vgg16-f16-zip.pth")).unwrap();
    let error = convert(&path, &manifest(), folder.path(), &ConvertOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    // Unless the user insists.
    let options = ConvertOptions { pixels: Some(Pixels::Rgb01), ..ConvertOptions::default() };
    let fetched = convert(&path, &manifest(), folder.path(), &options).unwrap();
    assert_golden(&Weights::read(&fetched.path).unwrap(), Architecture::Vgg16);
}

#[test]
fn another_architecture_is_refused_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["vgg16-f32-zip.pth", "vgg16-f16-legacy.pth"] {
        let options = ConvertOptions {
            architecture: Some(Architecture::Vgg19),
            pixels: Some(Pixels::Rgb01),
            dtype: Dtype::F32,
        };
        let error = convert(&golden(file), &manifest(), folder.path(), &options).unwrap_err();
        assert!(matches!(error, Error::WrongArchitecture { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn neither_the_input_nor_another_file_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.safetensors");
    let mut weights = Weights::embedded().unwrap();
    weights.convolutions = support::expected(Architecture::Vgg16);
    weights.write(&path, Dtype::F32).unwrap();
    let before = fs::read(&path).unwrap();
    let options = ConvertOptions { dtype: Dtype::F16, ..ConvertOptions::default() };
    let error = convert(&path, &manifest(), folder.path(), &options).unwrap_err();
    assert!(matches!(error, Error::Occupied { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);

    // Elsewhere it is taken at its own word about the pixels.
    let fetched = convert(&path, &manifest(), &folder.path().join("out"), &options).unwrap();
    assert_eq!(Weights::read(&fetched.path).unwrap().pixels, Pixels::Bgr255);
}

#[test]
fn a_folder_is_searched_in_the_order_of_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    assert_eq!(list(&missing, &manifest()).unwrap(), []);
    assert_eq!(find(&missing, &manifest(), Architecture::Vgg16).unwrap(), None);

    let mut weights = Weights::embedded().unwrap();
    weights.convolutions = support::expected(Architecture::Vgg16);
    weights.write(&folder.path().join("a-file-of-my-own.safetensors"), Dtype::F16).unwrap();
    fs::write(folder.path().join("broken.safetensors"), "nonsense").unwrap();
    fs::write(folder.path().join("notes.txt"), "nonsense").unwrap();
    convert(&golden("vgg16-f32-zip.pth"), &manifest(), folder.path(), &ConvertOptions::default()).unwrap();

    let names: Vec<_> = list(folder.path(), &manifest())
        .unwrap()
        .into_iter()
        .map(|found| (found.path.file_name().unwrap().to_owned(), found.architecture, found.pixels))
        .collect();
    assert_eq!(
        names,
        [
            ("published-vgg16-f32-zip.safetensors".into(), Architecture::Vgg16, Pixels::Rgb01),
            ("a-file-of-my-own.safetensors".into(), Architecture::Vgg16, Pixels::Bgr255),
        ]
    );
    let found = find(folder.path(), &manifest(), Architecture::Vgg16).unwrap();
    assert_eq!(found, Some(folder.path().join("published-vgg16-f32-zip.safetensors")));
    assert_eq!(find(folder.path(), &manifest(), Architecture::Vgg19).unwrap(), None);
}
