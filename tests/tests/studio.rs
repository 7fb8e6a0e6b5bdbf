//! Many pictures in one studio: the same as one by one, with one load and one look at each style.

use nst::config::{Color, Init, Pooling, StyleLoss, StyleMix};
use nst::{Config, Inputs, Picture, Pictures, Studio, Styles, stylize};
use nst_tensor::{Counting, Device};
use nst_tests::small_run::{self, picture};
use nst_weights::Weights;
use std::ops::ControlFlow;
use std::sync::Arc;

fn weights() -> Weights {
    small_run::inputs().weights
}

fn config() -> Config {
    Config { iterations: 3, ..small_run::config() }
}

fn paint(studio: &Studio, content: Picture, styles: &Styles) -> Picture {
    let pictures = Pictures { content: Some(content), styles: styles.clone(), init: None };
    studio.stylize(pictures, &mut |_| ControlFlow::Continue(())).expect("a run").picture
}

#[test]
fn pictures_are_those_of_single_runs() {
    let contents = [picture(40, 32, 1), picture(30, 50, 4), picture(40, 32, 5)];
    // Styles are seen once, but where their colors are matched to each content's.
    let blended = Config { style_blend: vec![2.0, 1.0], init: Init::Style, ..config() };
    for config in [config(), blended, Config { color: Color::Match, ..config() }] {
        let styles = vec![picture(36, 44, 2), picture(50, 30, 3)];
        let studio = Studio::new(&config, &weights(), &Device::cpu()).expect("a studio");
        let shared = Styles::new(styles.clone());
        for content in contents.clone() {
            let inputs = Inputs {
                content: Some(content.clone()),
                styles: styles.clone(),
                init: None,
                weights: weights(),
            };
            let alone = stylize(&config, inputs, &Device::cpu(), &mut |_| ControlFlow::Continue(()));
            assert!(paint(&studio, content, &shared) == alone.expect("a run").picture);
        }
    }
}

#[test]
fn filters_are_packed_once_and_styles_seen_once() {
    let counting = Counting::cpu();
    let config = Config { iterations: 0, ..config() };
    let studio = Studio::new(&config, &weights(), &Device::new(counting.clone())).expect("a studio");
    // Up to conv5_1 of VGG-19.
    let convolutions = 13;
    assert_eq!(counting.calls("pack_filter"), convolutions);
    let styles = Styles::new(vec![picture(36, 44, 2)]);
    let calls = |content| {
        counting.forget();
        paint(&studio, content, &styles);
        (counting.calls("pack_filter"), counting.calls("conv2d"), counting.calls("gram"))
    };
    // The pixels' map is a convolution, too, with filters of its own.
    let first = calls(picture(40, 32, 1));
    let second = calls(picture(32, 40, 6));
    assert!(first.0 <= 2 && second.0 <= 2, "{first:?} {second:?}");
    // The second run does without the style's pass through the network: five layers' Gram matrices are the picture's own.
    assert_eq!((first.1 - second.1, second.2), (convolutions + 1, 5));
    assert!(first.2 >= 10, "{first:?}");
}

/// What is known of a style belongs to the network and the settings it was computed with.
#[test]
fn styles_may_go_from_studio_to_studio() {
    let styles = Styles::new(vec![picture(36, 44, 2)]);
    let in_a_new_studio = |config: &Config, styles: &Styles| {
        let studio = Studio::new(config, &weights(), &Device::cpu()).expect("a studio");
        paint(&studio, picture(40, 32, 1), styles)
    };
    let others = Styles::new(vec![picture(36, 44, 3)]);
    assert!(in_a_new_studio(&config(), &styles) != in_a_new_studio(&config(), &others));
    for config in [config(), Config { style_size: Some(50), ..config() }, Config { size: 36, ..config() }] {
        let fresh = Styles::new(vec![picture(36, 44, 2)]);
        assert!(in_a_new_studio(&config, &styles) == in_a_new_studio(&config, &fresh));
    }
}

/// The network stays, and of the styles what has nothing to do with the change.
#[test]
fn settings_may_change_from_run_to_run() {
    let counting = Counting::cpu();
    let start = Config { iterations: 0, ..config() };
    let studio = Studio::new(&start, &weights(), &Device::new(counting.clone())).expect("a studio");
    let styles = Styles::new(vec![picture(36, 44, 2), picture(50, 30, 3)]);
    paint(&studio, picture(40, 32, 1), &styles);
    for (changed, is_known) in [
        (Config { style_weight: 300.0, content_weight: 0.1, ..start.clone() }, true),
        (Config { seed: 3, init: Init::Noise, history: 2, ..start.clone() }, true),
        (Config { style_loss: StyleLoss::Covariance, ..start.clone() }, false),
        // What was known for the settings before is not kept.
        (start.clone(), false),
        (Config { style_blend: vec![3.0, 1.0], style_mix: StyleMix::Losses, ..start.clone() }, false),
        (Config { style_weight: 7.0, ..start.clone() }, false),
        (Config { size: 36, ..start.clone() }, false),
        // Of other sizes, it is.
        (start.clone(), true),
        (Config { histogram_weight: 1.0, ..start.clone() }, false),
        (Config { histogram_weight: 3.0, ..start.clone() }, true),
        (Config { histogram_weight: 3.0, style_weight: 0.0, ..start.clone() }, false),
    ] {
        counting.forget();
        let other = studio.with(&changed).expect("settings").expect("the same network");
        let pictures = Pictures { content: Some(picture(40, 32, 1)), styles: styles.clone(), init: None };
        let outcome = other.stylize(pictures, &mut |_| ControlFlow::Continue(())).expect("a run");
        let (packed, convolutions) = (counting.calls("pack_filter"), counting.calls("conv2d"));
        assert!(packed <= 2, "{packed}");
        // Those of content and result, or of two styles besides.
        assert_eq!(convolutions > 3 * 13, !is_known, "{convolutions}: {changed:?}");
        let inputs = Inputs {
            content: Some(picture(40, 32, 1)),
            styles: styles.to_vec(),
            init: None,
            weights: weights(),
        };
        let alone = stylize(&changed, inputs, &Device::cpu(), &mut |_| ControlFlow::Continue(()));
        assert_eq!(alone.expect("a run").initial.terms, outcome.initial.terms, "{changed:?}");
    }
    assert!(studio.with(&Config { pooling: Pooling::Average, ..start.clone() }).expect("settings").is_none());
    assert!(studio.with(&Config { history: 0, ..start }).is_err());
}

#[test]
fn a_run_that_is_refused_leaves_the_studio_as_it_was() {
    let studio = Studio::new(&config(), &weights(), &Device::cpu()).expect("a studio");
    let styles = Styles::new(vec![picture(36, 44, 2)]);
    let before = paint(&studio, picture(40, 32, 1), &styles);
    let pictures = Pictures { content: Some(picture(1, 1, 1)), styles: styles.clone(), init: None };
    let problem = studio.stylize(pictures, &mut |_| ControlFlow::Continue(())).expect_err("refused");
    assert!(problem.to_string().starts_with("the content picture is 1x1 pixels"), "{problem}");
    assert!(paint(&studio, picture(40, 32, 1), &styles) == before);
}

#[test]
fn an_initial_picture_is_shared() {
    let config = Config { init: Init::File("start".into()), iterations: 0, ..config() };
    let studio = Studio::new(&config, &weights(), &Device::cpu()).expect("a studio");
    let (styles, init) = (Styles::new(vec![picture(36, 44, 2)]), Some(Arc::new(picture(40, 32, 9))));
    for seed in [1, 2] {
        let pictures =
            Pictures { content: Some(picture(40, 32, seed)), styles: styles.clone(), init: init.clone() };
        let outcome = studio.stylize(pictures, &mut |_| ControlFlow::Continue(())).expect("a run");
        let start = picture(40, 32, 9);
        assert!(outcome.picture.rgb().iter().zip(start.rgb()).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

#[test]
fn settings_without_a_loss_are_refused_at_once() {
    let nothing = Config { content_weight: 0.0, style_weight: 0.0, ..config() };
    let problem = Studio::new(&nothing, &weights(), &Device::cpu()).expect_err("refused");
    assert!(problem.to_string().contains("nothing to do"), "{problem}");
}
