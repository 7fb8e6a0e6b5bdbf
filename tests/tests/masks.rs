//! Regions: which styles each takes, what is kept, and that nothing else changes.

use approx::assert_relative_eq;
use nst::config::{Regions, StyleLoss, StyleMix};
use nst::{
    Config, End, FlatColor, Inputs, LayerWeights, Mask, Objective, Picture, Pictures, Studio, Styles, stylize,
};
use nst_tensor::{Counting, Device};
use nst_tests::small_run::{self, picture, run};
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

/// For pictures of few pixels.
fn shallow() -> LayerWeights {
    "relu1_1".parse().expect("a layer")
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
    for style_loss in [StyleLoss::Gram, StyleLoss::Covariance, StyleLoss::Moments, StyleLoss::Wasserstein] {
        let masked = Config { style_loss, ..config("red=1") };
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

#[test]
fn what_is_kept_stays_as_the_photo_is() {
    let kept = config("blue=keep");
    let inputs = inputs(0.5, &[2]);
    let (outcome, seen) = run(&kept, &inputs);
    assert!(outcome.best.total < 0.9 * seen[0].total);
    let content = inputs.content.as_ref().expect("a content");
    let mut moved = 0.0f32;
    for (at, (now, before)) in outcome.picture.rgb().iter().zip(content.rgb()).enumerate() {
        let x = at / 3 % 40;
        if x >= 20 {
            assert!((now - before).abs() < 1e-5, "at {at}: {now} {before}");
        } else {
            moved = moved.max((now - before).abs());
        }
    }
    assert!(moved > 0.05, "{moved}");
    let (_, gradient) = evaluate(&kept, inputs);
    assert!(gradient.iter().enumerate().all(|(at, &g)| at / 3 % 40 < 20 || g == 0.0));
}

#[test]
fn what_is_kept_has_its_detail_when_a_run_ends_at_a_coarse_scale() {
    let scales = "10,20".parse().expect("scales");
    let limited = Config { scales, time_limit: "1ns".parse().ok(), ..config("blue=keep") };
    let limited = Config { content_layers: shallow(), style_layers: shallow(), ..limited };
    let inputs = inputs(0.5, &[2]);
    let content = inputs.content.clone().expect("a content");
    let is_whole = |picture: &Picture| {
        let pairs = picture.rgb().iter().zip(content.rgb()).enumerate();
        pairs.filter(|(at, _)| at / 3 % 40 >= 20).all(|(_, (now, before))| (now - before).abs() < 1e-5)
    };
    let outcome = stylize(&limited, inputs, &Device::cpu(), &mut |event| {
        assert!(is_whole(&event.picture().expect("a picture")));
        ControlFlow::Continue(())
    })
    .expect("a run");
    assert_eq!((outcome.end, outcome.best.width), (End::TimeLimit, 10));
    assert!(is_whole(&outcome.picture));
}

#[test]
fn where_all_is_kept_there_is_nothing_to_paint() {
    for mask_softness in [0.0, 0.1] {
        let all = Config { mask_softness, ..config("red=keep,blue=keep") };
        let inputs = inputs(0.5, &[2]);
        let content = inputs.content.clone().expect("a content");
        let (outcome, seen) = run(&all, &inputs);
        let End::Converged(reason) = outcome.end else { panic!("{:?}", outcome.end) };
        assert_eq!((reason.as_str(), seen.len()), ("every region is kept, so there was nothing to paint", 1));
        let mut pairs = outcome.picture.rgb().iter().zip(content.rgb());
        assert!(pairs.all(|(now, before)| (now - before).abs() < 1e-5));
    }
}

/// The first step changes what is painted by 4 of 255 on average, however little that is.
#[test]
fn what_is_kept_does_not_count_in_the_bounds_of_steps() {
    for red in [0.125, 0.5] {
        let inputs = inputs(red, &[2]);
        let mut second = None;
        let once = Config { iterations: 2, ..config("blue=keep") };
        let studio = Studio::new(&once, &inputs.weights, &Device::cpu()).expect("a studio");
        let content = inputs.content.clone().expect("a content");
        let pictures = Pictures { content: inputs.content, styles: Styles::new(inputs.styles), init: None };
        studio
            .stylize(pictures, &mut |event| {
                if event.evaluation.iteration == 2 && second.is_none() {
                    second = Some(event.picture().expect("a picture"));
                }
                ControlFlow::Continue(())
            })
            .expect("a run");
        let stepped = second.expect("a step");
        let changes = stepped.rgb().iter().zip(content.rgb()).map(|(now, before)| (now - before).abs());
        let mean = f64::from(changes.sum::<f32>()) * 255.0 / (40.0 * 32.0 * 3.0 * red);
        assert!((mean / 4.0 - 1.0).abs() < 0.01, "{red}: {mean}");
    }
}

/// With a soft edge there is no step at the border: the change goes from none to full over the width that was asked for.
#[test]
fn a_soft_edge_has_no_seam() {
    let changes = |mask_softness: f64| {
        let inputs = inputs(0.5, &[2]);
        let outcome = run(&Config { mask_softness, ..config("blue=keep") }, &inputs).0;
        let mut change = [0.0f32; 40];
        let content = inputs.content.expect("a content");
        for (at, (now, before)) in outcome.picture.rgb().iter().zip(content.rgb()).enumerate() {
            change[at / 3 % 40] += (now - before).abs() / 96.0;
        }
        change
    };
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let (soft, sharp) = (changes(0.4), changes(0.0));
    let (left, middle) = (mean(&soft[..8]), mean(&soft[18..22]));
    assert!(soft[36] < 0.1 * left && middle > 0.2 * left && middle < 0.8 * left, "{soft:?}");
    assert!(sharp[20] < 1e-5 && sharp[19] > 0.3 * mean(&sharp[..8]), "{sharp:?}");
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
        ("red=1", plain(), "mask: regions of styles need a mask of the content picture"),
        ("", masked_style(), "mask: regions of styles need a mask of the content picture"),
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
