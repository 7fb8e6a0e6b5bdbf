//! Features at every layer, within 1e-4.

use crate::store::{Store, distance, json, narrow_vgg19, number};
use approx::assert_relative_eq;
use nst_autodiff::Var;
use nst_tensor::{Device, Pooling};
use nst_vgg::{Layer, PixelMap, Vgg};
use nst_weights::Weights;

const TOLERANCE: f64 = 1e-4;

fn check(weights: &Weights, file: &str, expected_layers: [usize; 2]) {
    let (store, sums) = (Store::open(&format!("{file}.safetensors")), json(&format!("{file}.json")));
    let device = Device::cpu();
    for ((pooling, prefix), expected) in
        [(Pooling::Max, "max"), (Pooling::Average, "avg")].into_iter().zip(expected_layers)
    {
        let mut layers = Layer::all(weights.architecture);
        layers.retain(|layer| store.contains(&format!("{prefix}.{layer}")));
        assert_eq!(layers.len(), expected, "layers in {file} for {prefix}");
        let vgg = Vgg::load(weights, &device, pooling, &layers).expect("the network");
        let image = Var::constant(store.tensor(&device, "image"));
        let pixels =
            PixelMap::from_rgb(vgg.pixels()).on(&device).and_then(|map| map.apply(&image)).expect("pixels");
        let features = vgg.features(&pixels, &layers).expect("features");
        for (layer, features) in layers.iter().zip(features) {
            let record = &sums[prefix][layer.to_string()];
            let shape: Vec<u64> =
                features.value().shape().dims().iter().map(|&extent| extent as u64).collect();
            assert_eq!(serde_json::json!(shape), record["shape"], "{layer}");
            let values = features.value().to_vec().expect("values");
            let stride = record["stride"].as_u64().expect("a stride") as usize;
            let samples: Vec<f32> = values.iter().copied().step_by(stride).collect();
            let error = distance(&samples, &store.values(&format!("{prefix}.{layer}")));
            assert!(error < TOLERANCE, "{file}, {prefix} pooling, {layer}: {error:.1e}");
            let absolute: f64 = values.iter().map(|&x| f64::from(x.abs())).sum();
            assert_relative_eq!(absolute, number(&record["sum_absolute"]), max_relative = TOLERANCE);
            let squares: f64 = values.iter().map(|&x| f64::from(x).powi(2)).sum();
            assert_relative_eq!(squares, number(&record["sum_squares"]), max_relative = TOLERANCE);
        }
    }
}

#[test]
fn vgg16_with_the_weights_in_the_box() {
    check(&Weights::embedded().expect("the weights in the box"), "features_vgg16", [31, 27]);
}

#[test]
fn vgg19_narrow_on_an_odd_image() {
    check(&narrow_vgg19(), "features_vgg19_narrow", [36, 36]);
}
