//! What is kept of the photo.

use super::{config, evaluate, inputs};
use nst::{Config, End, LayerWeights, Picture, Pictures, Studio, Styles, stylize};
use nst_tensor::Device;
use nst_tests::small_run::run;
use std::ops::ControlFlow;

/// For pictures of few pixels.
fn shallow() -> LayerWeights {
    "relu1_1".parse().expect("a layer")
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
