//! Large pictures, which are seen at several sizes.

use nst::config::Scales;
use nst::{Config, Contribution, Inputs, Mask, Objective, Picture};
use nst_tensor::{Device, Interpolation, Tensor};
use nst_tests::small_run::{config, inputs, picture, run};

/// The narrow network at 64 pixels, seen at 64 and 32.
fn seen_twice() -> (Config, Inputs) {
    let content = Some(picture(64, 48, 1));
    (Config { size: 64, seen_from: 20, tv_weight: 0.1, ..config() }, Inputs { content, ..inputs() })
}

fn evaluated(config: &Config, inputs: &Inputs, picture: &Picture) -> (Vec<Contribution>, Tensor) {
    let (objective, _) = Objective::prepare(config, inputs.clone(), &Device::cpu()).expect("an objective");
    let x = objective.variable(picture).expect("a variable");
    let (width, height) = (picture.width(), picture.height());
    let fitting = config.size == width.max(height);
    let x = if fitting { x } else { x.resize(24, 32, Interpolation::Cubic).expect("a smaller one") };
    objective.evaluate(&x).expect("an evaluation")
}

#[test]
fn the_loss_is_the_mean_of_the_losses_at_each_size() {
    let (config, inputs) = seen_twice();
    let drawn = picture(64, 48, 5);
    let (both, _) = evaluated(&config, &inputs, &drawn);
    let alone = |size: usize| {
        let (values, _) = evaluated(&Config { size, seen_from: 0, ..config.clone() }, &inputs, &drawn);
        values
    };
    let expected: Vec<Contribution> = [64, 32].into_iter().flat_map(alone).collect();
    assert_eq!(both.len(), expected.len());
    for (both, alone) in both.iter().zip(&expected) {
        assert_eq!(both.part, alone.part);
        let name = format!("{} at ", alone.name);
        assert!(both.name.starts_with(&name), "{} {name}", both.name);
        let ratio = both.value / alone.value;
        assert!((ratio - 0.5).abs() < 1e-5, "{}: {ratio}", both.name);
    }
}

#[test]
fn sizes_below_the_limit_or_too_small_for_a_layer_are_left_out() {
    let (config, inputs) = seen_twice();
    let terms = |config: &Config, inputs: &Inputs| {
        let (objective, start) =
            Objective::prepare(config, inputs.clone(), &Device::cpu()).expect("an objective");
        objective.evaluate(&objective.variable(&start).expect("a variable")).expect("an evaluation").0.len()
    };
    let once = terms(&Config { seen_from: 0, ..config.clone() }, &inputs);
    assert_eq!(terms(&Config { seen_from: 33, ..config.clone() }, &inputs), once);
    assert_eq!(terms(&Config { seen_from: 32, ..config.clone() }, &inputs), 2 * once);
    // At half the size, 12 rows are fewer than relu5_1 needs.
    let flat = Inputs { content: Some(picture(64, 24, 1)), ..inputs };
    assert_eq!(terms(&config, &flat), once);
}

/// At 32x24, `relu5_1` sees the upper 16 rows alone, and nothing of a region that lies below.
#[test]
fn sizes_at_which_a_style_s_region_is_lost_are_left_out() {
    let (config, inputs) = seen_twice();
    let pixels = (0..64 * 48).flat_map(|at| [if at < 64 * 42 { 0.0 } else { 1.0 }, 0.0, 0.0]);
    let mask = Mask::new(&Picture::new(64, 48, pixels.collect(), None).expect("a picture")).expect("a mask");
    let masked = |seed| picture(64, 48, seed).masked(mask.clone()).expect("a mask");
    let inputs = Inputs { content: Some(masked(1)), styles: vec![masked(2)], ..inputs };
    let config = Config { mask_softness: 0.0, ..config };
    let names = |seen_from| -> Vec<String> {
        let config = Config { seen_from, ..config.clone() };
        evaluated(&config, &inputs, &picture(64, 48, 5)).0.into_iter().map(|term| term.name).collect()
    };
    assert_eq!(names(20), names(0));
    assert!(names(0).iter().any(|name| name == "style relu5_1 red"), "{:?}", names(0));
}

#[test]
fn a_picture_of_another_size_is_refused() {
    let (config, inputs) = seen_twice();
    let (objective, _) = Objective::prepare(&config, inputs, &Device::cpu()).expect("an objective");
    let half = objective.variable(&picture(32, 24, 1)).expect("a variable");
    let error = objective.evaluate(&half).expect_err("another size").to_string();
    assert_eq!(error, "the objective is of pictures of shape [1, 48, 64, 3], not [1, 24, 32, 3]");
}

/// How far from the content a scale without iterations of its own begins.
#[test]
fn a_scale_that_is_seen_smaller_takes_over_fine_strokes_too() {
    let (seen_twice, inputs) = seen_twice();
    let content = inputs.content.clone().expect("a content").resized(64, 48);
    let distance = |seen_from: usize| {
        let scales = Scales::Sizes(vec![32, 64]);
        let config = Config { scales, scale_iterations: vec![6, 0], seen_from, ..seen_twice.clone() };
        let (outcome, _) = run(&config, &inputs);
        let pairs = outcome.picture.rgb().iter().zip(content.rgb());
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    let (once, twice) = (distance(0), distance(20));
    assert!(once > 0.0 && twice > 1.2 * once, "{once} and {twice}");
}
