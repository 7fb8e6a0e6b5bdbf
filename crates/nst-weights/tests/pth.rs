//! Reading `.pth` files that torch wrote (`tests/golden/make_pth.py`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use nst_weights::{Architecture, Error, Pixels, ReadOptions, Result, Weights};
use support::{assert_golden, golden};

fn read(name: &str) -> Result<Weights> {
    let options = ReadOptions { pixels: Some(Pixels::Rgb01), ..ReadOptions::default() };
    Weights::read_with(&golden(name), &options)
}

#[test]
fn both_formats_in_every_element_type() {
    for format in ["zip", "legacy"] {
        for architecture in Architecture::ALL {
            for dtype in ["f32", "f16"] {
                let name = format!("{architecture}-{dtype}-{format}.pth");
                assert_golden(&read(&name).unwrap(), architecture);
            }
        }
    }
    assert_golden(&read("vgg16-bf16-zip.pth").unwrap(), Architecture::Vgg16);
}

#[test]
fn views_that_share_a_storage_out_of_order() {
    for name in ["vgg16-views-zip.pth", "vgg16-views-legacy.pth"] {
        assert_golden(&read(name).unwrap(), Architecture::Vgg16);
    }
}

#[test]
fn parameters_and_the_layout_of_old_versions() {
    for name in ["vgg16-parameters-zip.pth", "vgg16-parameters-legacy.pth", "vgg16-torch01-legacy.pth"] {
        assert_golden(&read(name).unwrap(), Architecture::Vgg16);
    }
}

#[test]
fn a_call_in_the_pickle_is_refused_by_name() {
    for name in ["hostile-zip.pth", "hostile-legacy.pth"] {
        let error = read(name).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains("system") && message.contains("state_dict()"), "{message}");
    }
    let message = read("module-zip.pth").unwrap_err().to_string();
    assert!(message.contains("torch.nn.modules.container.Sequential"), "{message}");
}

#[test]
fn another_network_is_told_by_its_tensors() {
    for name in ["other-network-zip.pth", "other-network-legacy.pth"] {
        let error = read(name).unwrap_err();
        assert!(matches!(error, Error::NotWeights { .. }), "{error}");
        assert!(error.to_string().contains("0.bias, 0.weight"), "{error}");
    }
}

#[test]
fn an_element_type_that_weights_do_not_have_is_told() {
    let message = read("vgg16-double-zip.pth").unwrap_err().to_string();
    assert!(message.contains("features.0.weight") && message.contains("torch.DoubleStorage"), "{message}");
}

#[test]
fn the_pixels_of_an_unknown_file_are_not_guessed() {
    let error = Weights::read(&golden("vgg16-f32-zip.pth")).unwrap_err();
    assert!(matches!(error, Error::UnknownPixels { .. }), "{error}");
    assert!(error.to_string().contains("bgr255") && error.to_string().contains("rgb01"), "{error}");
}

#[test]
fn the_wrong_architecture_is_told() {
    let options = ReadOptions { architecture: Some(Architecture::Vgg16), ..ReadOptions::default() };
    let error = Weights::read_with(&golden("vgg19-f32-zip.pth"), &options).unwrap_err();
    assert!(error.to_string().ends_with("holds weights of vgg19, expected vgg16"), "{error}");
}

#[test]
fn the_first_convolutions_alone() {
    let options =
        ReadOptions { pixels: Some(Pixels::Bgr255), convolutions: Some(3), ..ReadOptions::default() };
    for name in ["vgg16-f32-zip.pth", "vgg16-f32-legacy.pth"] {
        let weights = Weights::read_with(&golden(name), &options).unwrap();
        assert_eq!(weights.convolutions, support::expected(Architecture::Vgg16)[..3]);
    }
}
