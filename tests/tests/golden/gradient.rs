//! The whole objective: each term within 1e-4, the image gradient within 1e-3 relative L2.

use crate::store::{Store, distance, json, number};
use approx::assert_relative_eq;
use nst::config::{Pooling, Variable};
use nst::{Config, Inputs, Objective, Preset};
use nst_tensor::Device;
use nst_weights::Weights;

#[test]
fn terms_and_image_gradient() {
    let (store, terms) = (Store::open("gradient.safetensors"), json("gradient.json"));
    let (image, style) = (store.picture("image"), store.picture("style"));
    let inputs = Inputs {
        content: Some(store.picture("content")),
        styles: vec![style.clone()],
        init: None,
        weights: Weights::embedded().expect("the weights in the box"),
    };
    for (pooling, name) in [(Pooling::Max, "max"), (Pooling::Average, "avg")] {
        let config = Config {
            pooling,
            size: image.width(),
            style_size: Some(style.width()),
            init: nst::config::Init::Content,
            variable: Variable::Rgb01,
            ..Preset::NeuralStyle.config()
        };
        let (objective, _) =
            Objective::prepare(&config, inputs.clone(), &Device::cpu()).expect("an objective");
        let x = objective.variable(&image).expect("a variable");
        let (contributions, gradient) = objective.evaluate(&x).expect("an evaluation");
        for contribution in &contributions {
            let key = if contribution.name == "total variation" {
                "tv".into()
            } else {
                contribution.name.replace(' ', ":")
            };
            assert_relative_eq!(contribution.value, number(&terms[name][&key]), max_relative = 1e-4);
        }
        let total: f64 = contributions.iter().map(|contribution| contribution.value).sum();
        assert_relative_eq!(total, number(&terms[name]["total"]), max_relative = 1e-4);
        let error = distance(&gradient.to_vec().expect("values"), &store.values(&format!("{name}.gradient")));
        println!("{name} pooling: image gradient off by {error:.1e}");
        assert!(error < 1e-3, "{name} pooling: {error:.1e}");
    }
}
