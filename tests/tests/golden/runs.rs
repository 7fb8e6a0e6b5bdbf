//! The first ten losses of whole runs, within 1e-3 each of torch's in double precision.

use crate::store::{Store, json, narrow_vgg19, number};
use nst::config::{Init, Model};
use nst::{Config, Inputs, Preset, stylize};
use nst_tensor::Device;
use nst_weights::Weights;
use std::ops::ControlFlow;

/// Evaluations compared.
const COMPARED: usize = 10;

fn check(name: &str) {
    let (store, runs) = (Store::open("runs.safetensors"), json("runs.json"));
    let run = &runs[name];
    let preset: Preset = run["preset"].as_str().expect("a name").parse().expect("a preset");
    let narrow = run["weights"] == "vgg19_narrow.safetensors";
    let picture = |part: &str| store.picture(&format!("{name}.{part}"));
    let (content, style) = (picture("content"), picture("style"));
    let from_noise = run["init"] == "noise";
    let config = Config {
        size: content.width().max(content.height()),
        style_size: Some(style.width().max(style.height())),
        iterations: COMPARED - 1,
        model: if narrow { Model::Vgg19 } else { Model::Vgg16 },
        init: if from_noise { Init::File("noise".into()) } else { Init::Content },
        ..preset.config()
    };
    let inputs = Inputs {
        content: Some(content),
        styles: vec![style],
        init: from_noise.then(|| picture("init")),
        weights: if narrow { narrow_vgg19() } else { Weights::embedded().expect("the weights in the box") },
    };
    let mut totals = Vec::new();
    stylize(&config, inputs, &Device::cpu(), &mut |event| {
        totals.push(event.evaluation.total);
        ControlFlow::Continue(())
    })
    .expect("a run");
    assert_eq!(totals.len(), COMPARED, "evaluations of {name}");
    let expected = run["f64"].as_array().expect("evaluations");
    let errors: Vec<f64> = totals
        .iter()
        .zip(expected)
        .map(|(total, expected)| total / number(&expected["total"]) - 1.0)
        .collect();
    println!("{name}: {}", errors.iter().map(|error| format!("{error:+.1e}")).collect::<Vec<_>>().join(" "));
    for (index, error) in errors.iter().enumerate() {
        assert!(error.abs() < 1e-3, "{name}, evaluation {index}: off by {error:.1e}");
    }
}

#[test]
fn neural_style_from_the_content() {
    check("neural_style_content");
}

#[test]
fn neural_style_from_noise() {
    check("neural_style_noise");
}

#[test]
fn pytorch_tutorial_from_the_content() {
    check("pytorch_tutorial_content");
}

#[test]
fn pytorch_tutorial_on_other_pixels() {
    check("pytorch_tutorial_narrow");
}

#[test]
fn gatys_from_noise() {
    check("gatys_noise");
}
