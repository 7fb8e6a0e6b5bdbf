//! Pictures in other sizes, and the gradient.

use crate::store::{Store, distance};
use nst_tensor::{Device, Interpolation};

/// Relative L2: f32 sums of a few terms, by weights rounded to f32.
const TOLERANCE: f64 = 1e-6;

#[test]
fn sizes_and_gradients_are_those_of_antialiased_interpolation() {
    let (store, device) = (Store::open("resize.safetensors"), Device::cpu());
    for case in ["smaller", "half", "larger", "twice", "both", "to_one", "from_one", "same"] {
        let [image, cotangent] =
            ["image", "cotangent"].map(|name| store.tensor(&device, &format!("{case}.{name}")));
        let extents = |shape: &[usize]| [shape[1], shape[2]];
        let [from, to] = [&image, &cotangent].map(|tensor| extents(tensor.shape().dims()));
        for (name, interpolation) in [("linear", Interpolation::Linear), ("cubic", Interpolation::Cubic)] {
            let resized = image.resize(to[0], to[1], interpolation).expect("an image");
            let gradient = cotangent.resize_backward(from[0], from[1], interpolation).expect("a gradient");
            for (what, actual) in [(String::new(), resized), (".gradient".into(), gradient)] {
                let expected = store.values(&format!("{case}.{name}{what}"));
                let error = distance(&actual.to_vec().expect("values"), &expected);
                assert!(error < TOLERANCE, "{case}.{name}{what}: {error:.1e}");
            }
        }
    }
}
