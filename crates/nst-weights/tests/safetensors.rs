//! The file in the box, and safetensors of every kind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use approx::assert_relative_eq;
use nst_weights::{Architecture, Dtype, Error, Pixels, ReadOptions, Weights};
use tempfile::TempDir;

/// A narrow network, written in that type.
fn written(architecture: Architecture, dtype: Dtype) -> (TempDir, PathBuf, Weights) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("narrow.safetensors");
    let weights = Weights {
        architecture,
        pixels: Pixels::Rgb01,
        convolutions: support::expected(architecture),
        source: "the tests, \"quoted\"".into(),
        licence: "CC0".into(),
        attribution: String::new(),
    };
    weights.write(&path, dtype).unwrap();
    (folder, path, weights)
}

/// The error of reading `narrow`, after a change to its bytes.
fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> Error {
    let (_folder, path, _) = written(Architecture::Vgg16, Dtype::F32);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    Weights::read(&path).unwrap_err()
}

/// Replaces text in the header by text of the same length.
fn replaced(from: &str, to: &str) -> Error {
    assert_eq!(from.len(), to.len());
    damaged(|bytes| {
        let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    })
}

#[test]
fn the_box_holds_the_published_vgg16() {
    let weights = Weights::embedded().unwrap();
    assert_eq!((weights.architecture, weights.pixels), (Architecture::Vgg16, Pixels::Bgr255));
    assert_eq!(weights.licence, "CC BY 4.0");
    assert!(weights.attribution.contains("Simonyan"), "{}", weights.attribution);
    let outputs: Vec<_> = weights.convolutions.iter().map(|convolution| convolution.shape[0]).collect();
    assert_eq!(outputs, [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]);

    let [first, conv5_1, conv5_2, conv5_3] = [0, 10, 11, 12].map(|i| &weights.convolutions[i]);
    let at = |[o, i, y, x]: [usize; 4]| ((o * 512 + i) * 3 + y) * 3 + x;
    // Values of the published model; the file rounds to half precision.
    for (value, published) in [
        (first.filter[0], 0.42947057),
        (first.bias[0], 0.73429835),
        (first.bias[1], 0.09340367),
        (first.bias[2], 0.06775674),
        (first.bias[25], 0.7446502),
        (conv5_1.filter[at([269, 63, 1, 0])], -0.011236359),
        (conv5_2.bias[510], 0.23517226),
        (conv5_3.filter[at([400, 0, 0, 2])], -0.008714244),
    ] {
        assert_relative_eq!(value, published, max_relative = 5e-4);
    }
}

#[test]
fn the_box_is_asked_for_vgg19_in_vain() {
    let options = ReadOptions { architecture: Some(Architecture::Vgg19), ..ReadOptions::default() };
    let error = Weights::embedded_with(&options).unwrap_err();
    assert_eq!(error.to_string(), "the VGG-16 in the box holds weights of vgg16, expected vgg19");
}

#[test]
fn fewer_convolutions_are_the_first_ones() {
    let whole = Weights::embedded().unwrap();
    for (asked, read) in [(0, 0), (4, 4), (99, 13)] {
        let options = ReadOptions { convolutions: Some(asked), ..ReadOptions::default() };
        assert_eq!(Weights::embedded_with(&options).unwrap().convolutions, whole.convolutions[..read]);
    }
}

#[test]
fn what_is_written_is_read_back() {
    for architecture in Architecture::ALL {
        for dtype in Dtype::ALL {
            let (_folder, path, weights) = written(architecture, dtype);
            assert_eq!(Weights::read(&path).unwrap(), weights, "{architecture} {dtype}");
        }
    }
}

#[test]
fn the_same_weights_are_the_same_bytes() {
    let [(_a, one, _), (_b, two, _)] = [(); 2].map(|()| written(Architecture::Vgg19, Dtype::F16));
    assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap());
}

#[test]
fn a_written_file_is_one_to_the_safetensors_crate() {
    let (_folder, path, weights) = written(Architecture::Vgg16, Dtype::F16);
    let bytes = fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.len(), 26);
    let tensor = tensors.tensor("features.28.weight").unwrap();
    assert_eq!(tensor.shape(), weights.convolutions[12].shape);
    assert_eq!(tensor.dtype(), safetensors::Dtype::F16);
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let (folder, path, mut weights) = written(Architecture::Vgg16, Dtype::F32);
    let before = fs::read(&path).unwrap();
    weights.convolutions[3].bias[1] = 1e5;
    let error = weights.write(&path, Dtype::F16).unwrap_err();
    assert!(error.to_string().contains("features.7.bias: expected values in the range of f16"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    weights.write(&path, Dtype::F32).unwrap();
    assert_eq!(Weights::read(&path).unwrap(), weights);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let error = weights.write(&folder.path().join("missing/file"), Dtype::F32).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_written_file_has_the_permissions_of_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path, _) = written(Architecture::Vgg16, Dtype::F32);
    let other = folder.path().join("other");
    fs::write(&other, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&other));
}

#[test]
fn a_truncated_file_is_damaged() {
    for keep in [0.01, 0.3, 0.99] {
        let error = damaged(|bytes| bytes.truncate((bytes.len() as f64 * keep) as usize));
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
    let error = damaged(|bytes| bytes.push(0));
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    let error = damaged(|bytes| bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes()));
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_wrong_tensor_is_told_by_name() {
    let error = replaced("features.10.bias", "features.11.bias");
    assert!(
        error.to_string().contains("features.10.bias: expected finite values of shape [3], got no such"),
        "{error}"
    );
    let error = replaced("[2,3,3,3]", "[3,2,3,3]");
    assert!(
        error.to_string().contains("features.0.weight: expected finite values of shape [N, 3, 3, 3]"),
        "{error}"
    );
    let error = damaged(|bytes| {
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert!(error.to_string().contains("features.28.bias") && error.to_string().contains("NaN"), "{error}");
}

#[test]
fn a_wrong_claim_is_told() {
    let error = replaced("rgb01", "rgb02");
    assert!(error.to_string().contains("unknown pixels \"rgb02\"; known are bgr255, rgb01"), "{error}");
    let error = replaced("vgg16", "vgg17");
    assert!(error.to_string().contains("known are vgg16, vgg19"), "{error}");
    // The metadata is taken at its word, and then the tensors do not follow.
    let error = replaced("vgg16", "vgg19");
    assert!(error.to_string().contains("features.16.weight"), "{error}");
    // Without the key nothing says the pixels.
    let error = replaced("\"pixels\"", "\"pixies\"");
    assert!(matches!(error, Error::UnknownPixels { .. }), "{error}");
    // And without that one the names say the architecture.
    let (_folder, path, weights) = written(Architecture::Vgg19, Dtype::F32);
    let bytes = fs::read(&path).unwrap();
    let place = bytes.windows(14).position(|window| window == b"\"architecture\"").unwrap();
    fs::write(
        &path,
        [&bytes[..place], b"\"architextures"[..13].as_ref(), b"\"", &bytes[place + 14..]].concat(),
    )
    .unwrap();
    assert_eq!(Weights::read(&path).unwrap(), weights);
}

#[test]
fn no_weight_file_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for (bytes, says) in [
        (&b""[..], "empty"),
        (b"<!DOCTYPE html>", "text page"),
        (b"version https://git-lfs.github.com/spec/v1", "text page"),
        (b"\x89PNG\r\n\x1a\nsome pixels", "no known format"),
        (b"\x80\x02}q\x00.", "pickle without torch's header"),
        (b"PK\x03\x04 but no archive", "zip"),
    ] {
        fs::write(&path, bytes).unwrap();
        let message = Weights::read(&path).unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    }
    let error = Weights::read(&folder.path().join("missing")).unwrap_err();
    assert!(error.to_string().starts_with("cannot open "), "{error}");
    assert!(Weights::read(folder.path()).is_err());
}
