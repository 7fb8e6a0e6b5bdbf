//! crowsonkb's style-transfer-pytorch: each term within 1e-4, the image gradient within 1e-3 relative L2, and a run through two
//! scales, of which each loss is within 1e-3 and the picture, an average, within 1e-3 relative L2.

use crate::store::{Store, distance, json, narrow_vgg19, number};
use approx::assert_relative_eq;
use nst::config::{Model, Scales};
use nst::{Config, Inputs, Objective, Preset, stylize};
use nst_tensor::Device;
use std::ops::ControlFlow;

fn config() -> Config {
    Config { model: Model::Vgg19, ..Preset::Crowsonkb.config() }
}

fn inputs(store: &Store) -> Inputs {
    Inputs {
        content: Some(store.picture("content")),
        styles: vec![store.picture("style")],
        init: None,
        weights: narrow_vgg19(),
    }
}

#[test]
fn terms_and_image_gradient() {
    let (store, record) = (Store::open("crowsonkb.safetensors"), json("crowsonkb.json"));
    let image = store.picture("image");
    let config = Config { size: image.width(), ..config() };
    let (objective, _) = Objective::prepare(&config, inputs(&store), &Device::cpu()).expect("an objective");
    let x = objective.variable(&image).expect("a variable");
    let (contributions, gradient) = objective.evaluate(&x).expect("an evaluation");
    for contribution in &contributions {
        let key = contribution.name.replace("total variation", "tv").replace(' ', ":");
        let expected = number(&record["objective"][&key]);
        println!("{key}: off by {:+.1e}", contribution.value / expected - 1.0);
        assert_relative_eq!(contribution.value, expected, max_relative = 1e-4);
    }
    assert_eq!(contributions.len(), 7);
    let error = distance(&gradient.to_vec().expect("values"), &store.values("gradient"));
    println!("image gradient off by {error:.1e}");
    assert!(error < 1e-3, "{error:.1e}");
}

#[test]
fn a_run_through_two_scales() {
    let (store, record) = (Store::open("crowsonkb.safetensors"), json("crowsonkb.json"));
    let scales = record["scales"].as_array().expect("scales");
    let column = |at: usize| scales.iter().map(|scale| number(&scale[at]) as usize).collect::<Vec<_>>();
    let (sizes, iterations) = (column(0), column(1));
    let config = Config {
        size: *sizes.last().expect("a scale"),
        scales: Scales::Sizes(sizes),
        scale_iterations: iterations,
        ..config()
    };
    let mut totals = Vec::new();
    let outcome = stylize(&config, inputs(&store), &Device::cpu(), &mut |event| {
        totals.push(event.evaluation.total);
        ControlFlow::Continue(())
    })
    .expect("a run");
    let expected: Vec<f64> = record["evaluations"]
        .as_array()
        .expect("evaluations")
        .iter()
        .map(|evaluation| number(&evaluation["total"]))
        .collect();
    assert_eq!(totals.len(), expected.len());
    for (index, (total, expected)) in totals.iter().zip(&expected).enumerate() {
        let error = total / expected - 1.0;
        println!("evaluation {index}: off by {error:+.1e}");
        assert!(error.abs() < 1e-3, "evaluation {index}: {error:.1e}");
    }
    // The picture is the last average, and the loss is its own.
    assert_eq!(outcome.best.total, *totals.last().expect("an evaluation"));
    let error = distance(outcome.picture.rgb(), &store.values("picture"));
    println!("the picture is off by {error:.1e}");
    assert!(error < 1e-3, "{error:.1e}");
}
