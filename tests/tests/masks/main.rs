//! Regions: which styles each takes, what is kept, and that nothing else changes.

mod kept;

use approx::assert_relative_eq;
use nst::config::{Regions, StyleLoss, StyleMix};
use nst::{Config, FlatColor, Inputs, Mask, Objective, Picture, Pictures, Studio, Styles};
use nst_tensor::{Counting, Device};
use nst_tests::small_run::{self, STYLE_LOSSES, picture};
use std::ops::ControlFlow;

const RED: FlatColor = FlatColor([255, 0, 0]);
const BLUE: FlatColor = FlatColor([0, 0, 255]);

/// A mask whose left part is red, up to this share of its width, and the rest blue.
fn mask(width: usize, height: usize, red: f64) -> Mask {
    let edge = (width as f64 * red) as usize;
    let pixel = |at: usize| if at % width < edge { RED } else { BLUE };
    let rgb = (0..width * height).flat_map(|at| pixel(at).0.map(|value| f32::from(value) / 255.0)).collect();
    Mask::new(&Picture::new(width, height, rgb, None).expect("a picture")).expect("a mask")
}

fn regions(text: &str) -> Regions {
    text.parse().expect("regions")
}

/// Sharp regions, at one scale.
fn config(text: &str) -> Config {
    let scales = "1".parse().expect("scales");
    Config { regions: regions(text), mask_softness: 0.0, scales, iterations: 4, ..small_run::config() }
}

fn inputs(red: f64, styles: &[usize]) -> Inputs {
    Inputs {
        content: Some(picture(40, 32, 1).masked(mask(80, 64, red)).expect("a mask that fits")),
        styles: styles.iter().map(|&seed| picture(36, 44, seed)).collect(),
        ..small_run::inputs()
    }
}

fn evaluate(config: &Config, inputs: Inputs) -> (f64, Vec<f32>) {
    let (objective, start) = Objective::prepare(config, inputs, &Device::cpu()).expect("an objective");
    let x = objective.variable(&start).expect("a variable");
    let (values, gradient) = objective.evaluate(&x).expect("an evaluation");
    (values.iter().map(|value| value.value).sum(), gradient.to_vec().expect("values"))
}

#[test]
fn one_region_is_the_whole_picture() {
    for style_loss in STYLE_LOSSES {
        let masked = Config { style_loss, histogram_weight: 0.1, ..config("red=1") };
        let plain = Config { regions: Regions::default(), ..masked.clone() };
        let (expected, expected_gradient) = evaluate(&plain, small_run::inputs());
        let (actual, gradient) = evaluate(&masked, inputs(1.0, &[2]));
        assert_relative_eq!(actual, expected, max_relative = 1e-5);
        let norm = expected_gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
        let pairs = gradient.iter().zip(&expected_gradient);
        let distance = pairs.map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!(distance < 1e-3 * norm, "{style_loss}: {distance} of {norm}");
    }
}

/// Losses of the regions are those of the styles that belong to them, by their shares of the picture; one without the other is
/// what a style of weight 0 in the blend leaves.
#[test]
fn regions_take_the_styles_that_are_named() {
    let both = evaluate(&config("red=1,blue=2"), inputs(0.25, &[2, 3])).0;
    let swapped = evaluate(&config("red=2,blue=1"), inputs(0.25, &[3, 2])).0;
    assert_relative_eq!(both, swapped, max_relative = 1e-6);
    let other = evaluate(&config("red=2,blue=1"), inputs(0.25, &[2, 3])).0;
    assert!((both - other).abs() > 1e-3 * both, "{both} {other}");
    let blended = evaluate(&config("red=1+2,blue=1+2"), inputs(0.25, &[2, 3])).0;
    let all = evaluate(&config("red=1+2"), inputs(0.25, &[2, 3])).0;
    assert_relative_eq!(blended, all, max_relative = 1e-6);
}

#[test]
fn colors_pair_regions_of_content_and_style() {
    let style = |red: f64| picture(36, 44, 2).masked(mask(36, 44, red)).expect("a mask that fits");
    let with = |red: f64| Inputs { styles: vec![style(red)], ..inputs(0.5, &[]) };
    let plain = config("");
    let values: Vec<f64> = [0.3, 0.7].map(|red| evaluate(&plain, with(red)).0).to_vec();
    assert!((values[0] - values[1]).abs() > 1e-3 * values[0], "{values:?}");
    // A style without blue has nothing for the blue half.
    let problem = Objective::prepare(&plain, with(1.0), &Device::cpu()).err().expect("refused").to_string();
    assert!(problem.contains("no style counts in the region blue"), "{problem}");
    // Named, it counts as a whole.
    assert!(evaluate(&config("blue=1"), with(1.0)).0.is_finite());
    // Another that counts as a whole has.
    let two = Inputs { styles: vec![style(1.0), picture(36, 44, 3)], ..inputs(0.5, &[]) };
    assert!(evaluate(&plain, two).0.is_finite());
}

/// Every region's style is seen once, whatever the contents' masks.
#[test]
fn regions_of_a_style_are_seen_once() {
    let counting = Counting::cpu();
    let config = Config { iterations: 0, ..config("red=1") };
    let weights = small_run::inputs().weights;
    let studio = Studio::new(&config, &weights, &Device::new(counting.clone())).expect("a studio");
    let styles = Styles::new(vec![picture(36, 44, 2)]);
    let convolutions = |red: f64| {
        counting.forget();
        let content = picture(40, 32, 1).masked(mask(80, 64, red)).expect("a mask");
        let pictures = Pictures { content: Some(content), styles: styles.clone(), init: None };
        studio.stylize(pictures, &mut |_| ControlFlow::Continue(())).expect("a run");
        counting.calls("conv2d")
    };
    let (first, second) = (convolutions(0.5), convolutions(0.3));
    assert!(first - second >= 26, "{first} {second}");
}

#[test]
fn masks_and_settings_that_do_not_go_together_are_refused() {
    let plain = small_run::inputs;
    let masked_style =
        || Inputs { styles: vec![picture(36, 44, 2).masked(mask(36, 44, 0.5)).expect("a mask")], ..plain() };
    for (text, inputs, expected) in [
        ("red=1", plain(), "regions: need a mask of the content picture"),
        ("", masked_style(), "style-masks: need a mask of the content picture as well"),
        ("", inputs(0.5, &[2]), "mask: changes nothing by itself"),
        (
            "green=1",
            inputs(0.5, &[2]),
            "regions: the mask has no green, or too little of it; it has blue, red",
        ),
        ("red=2", inputs(0.5, &[2]), "regions: speaks of style 2, but there is 1"),
        ("red=keep,blue=keep", inputs(0.5, &[2]), ""),
    ] {
        let prepared = Objective::prepare(&config(text), inputs, &Device::cpu());
        if expected.is_empty() {
            assert!(prepared.is_ok());
        } else {
            let problem = prepared.err().expect("refused").to_string();
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }
    let tall = picture(40, 32, 1).masked(mask(32, 40, 0.5)).expect_err("refused").to_string();
    assert!(tall.contains("32x40 pixels have other proportions than its picture's 40x32"), "{tall}");
    // Also where no style counts.
    let without_style = Config { style_weight: 0.0, ..config("green=keep") };
    assert!(Objective::prepare(&without_style, inputs(0.5, &[2]), &Device::cpu()).is_err());
}

/// A style of share 0 is there, but does not count; what is refused for that says so.
#[test]
fn styles_without_a_share_are_told() {
    let with_mask = |style: Picture, red| style.masked(mask(36, 44, red)).expect("a mask");
    let (first, second) = (picture(36, 44, 2), picture(36, 44, 3));
    for (text, styles, expected) in [
        (
            "red=2",
            [first.clone(), second.clone()],
            "mask: the styles that are named for the region red have no share: give one of them more than 0 in style-blend",
        ),
        (
            "",
            [with_mask(first.clone(), 1.0), with_mask(second.clone(), 0.5)],
            "mask: no style counts in the region blue: name one with regions, or paint blue into a style's mask (those of share",
        ),
        (
            "",
            [first, with_mask(second, 0.5)],
            "mask: changes nothing by itself: say what its colors mean with regions, or give masks of the styles (those of share",
        ),
    ] {
        let config = Config { style_blend: vec![1.0, 0.0], ..config(text) };
        let inputs = Inputs { styles: styles.to_vec(), ..inputs(0.5, &[]) };
        let problem = Objective::prepare(&config, inputs, &Device::cpu()).err().expect("refused").to_string();
        assert!(problem.starts_with(expected), "{text}: {problem}");
    }
}

/// The gradient of a weighted sum of squared differences is that of the difference to the mean.
#[test]
fn styles_mix_by_statistics_or_by_losses() {
    let of = |style_loss, style_mix| {
        let blend = vec![3.0, 1.0];
        let config =
            Config { style_loss, style_mix, style_blend: blend, content_weight: 0.0, ..small_run::config() };
        let styles = vec![picture(36, 44, 2), picture(36, 44, 3)];
        evaluate(&config, Inputs { styles, ..small_run::inputs() })
    };
    let distance = |style_loss| {
        let [(one, a), (other, b)] =
            [StyleMix::Statistics, StyleMix::Losses].map(|style_mix| of(style_loss, style_mix));
        assert!(one < other, "{style_loss}: {one} {other}");
        let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|g| g * g).sum::<f32>().sqrt();
        norm(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / norm(&mut a.iter().copied())
    };
    assert!(distance(StyleLoss::Gram) < 1e-3 && distance(StyleLoss::Moments) < 1e-3);
    assert!(distance(StyleLoss::Wasserstein) > 1e-2);
}

#[test]
fn statistics_are_the_mean_over_the_scales_of_a_style() {
    let descriptors = |scales: &[f64]| {
        let config = Config { style_scales: scales.to_vec(), content_weight: 0.0, ..small_run::config() };
        evaluate(&config, small_run::inputs())
    };
    let [one, two, both] = [&[1.0][..], &[1.5], &[1.0, 1.5]].map(descriptors);
    assert!((one.0 - two.0).abs() > 1e-4 * one.0);
    // Gradients are linear in the target.
    let scale = both.1.iter().fold(0.0f32, |most, g| most.max(g.abs()));
    for ((one, two), both) in one.1.iter().zip(&two.1).zip(&both.1) {
        assert!(((one + two) / 2.0 - both).abs() < 1e-3 * scale);
    }
    for scales in [vec![], vec![0.0], vec![f64::NAN], vec![1.0, -1.0]] {
        let config = Config { style_scales: scales, ..Config::default() };
        assert!(config.check().is_err());
    }
}
