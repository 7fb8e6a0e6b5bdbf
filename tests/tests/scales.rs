//! Runs from coarse to fine.

use nst::config::{Init, Scales};
use nst::{Config, End, Event, Inputs, stylize};
use nst_tensor::Device;
use nst_tests::small_run::{config, inputs, picture, run};
use std::ops::ControlFlow;

/// The narrow network at 20, 30 and 40 pixels.
fn ladder() -> Config {
    Config { scales: Scales::Sizes(vec![20, 30]), ..config() }
}

#[test]
fn a_picture_goes_through_its_scales() {
    let (outcome, seen) = run(&ladder(), &inputs());
    assert_eq!((outcome.end, outcome.evaluations), (End::Finished, seen.len()));
    assert_eq!((outcome.picture.width(), outcome.picture.height()), (40, 32));
    // Half of twelve iterations and a quarter each, and each scale's first evaluation.
    let at = |scale: usize| seen.iter().filter(|evaluation| evaluation.scale == scale).collect::<Vec<_>>();
    for (scale, (width, height), evaluations) in [(0, (20, 16), 7), (1, (30, 24), 4), (2, (40, 32), 4)] {
        let seen = at(scale);
        assert_eq!(seen.len(), evaluations);
        assert!(seen.iter().all(|evaluation| (evaluation.width, evaluation.height) == (width, height)));
    }
    assert_eq!(seen.last().map(|evaluation| evaluation.iteration), Some(12));
    assert!(seen.iter().enumerate().all(|(index, evaluation)| evaluation.evaluation == index));
    assert!(at(2).contains(&&outcome.best) && at(0)[0] == &outcome.initial);
    // What the coarse scales came to is where the fine one starts.
    let (single, _) = run(&Config { scales: Scales::Count(1), ..config() }, &inputs());
    assert!(at(2)[0].total < 0.7 * single.initial.total, "{} {}", at(2)[0].total, single.initial.total);
    let given = Config { scale_iterations: vec![3, 2], ..ladder() };
    assert_eq!(run(&given, &inputs()).0.evaluations, 4 + 3 + 3);
}

#[test]
fn the_work_that_is_done_counts_by_pixels() {
    let mut done = Vec::new();
    let note = &mut |event: &Event<'_>| {
        done.push(event.done);
        ControlFlow::Continue(())
    };
    stylize(&ladder(), inputs(), &Device::cpu(), note).expect("a run");
    assert!(done.is_sorted() && done[0] == 0.0 && done.last() == Some(&1.0), "{done:?}");
    // Six iterations at 20 pixels, then three at 30 and at 40.
    let all = f64::from(6 * 400 + 3 * 900 + 3 * 1600);
    assert!((done[6] - 2400.0 / all).abs() < 1e-12 && (done[10] - 5100.0 / all).abs() < 1e-12, "{done:?}");
}

#[test]
fn a_run_cut_short_at_a_coarse_scale_has_a_picture_of_the_results_size() {
    let mut count = 0;
    let outcome = stylize(&ladder(), inputs(), &Device::cpu(), &mut |event| {
        count += 1;
        let snapshot = event.picture().expect("a picture");
        assert_eq!((snapshot.width(), snapshot.height()), (40, 32));
        if count == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("a run");
    assert_eq!((outcome.end, outcome.evaluations, outcome.best.scale), (End::Interrupted, 4, 0));
    assert_eq!((outcome.picture.width(), outcome.picture.height()), (40, 32));
}

#[test]
fn a_scale_too_small_for_a_layer_is_left_out_unless_it_was_asked_for() {
    // 260 pixels wide but 20 high: at half that size, 10 rows are fewer than relu5_1 needs.
    let flat = Inputs { content: Some(picture(260, 20, 1)), ..inputs() };
    let config = Config { size: 260, iterations: 1, ..config() };
    let (_, seen) = run(&config, &flat);
    assert_eq!((seen[0].width, seen.len()), (260, 2));
    let asked = Config { scales: Scales::Count(2), ..config };
    let refused = stylize(&asked, flat, &Device::cpu(), &mut |_| panic!("nothing may be evaluated"));
    assert!(refused.expect_err("refused").to_string().contains("130x10"));
}

#[test]
fn a_picture_that_began_as_the_content_loses_no_detail_where_nothing_is_done() {
    // Nothing is done at any scale: what comes of the content is the content, not a blurred one.
    let still = |init| Config { init, iterations: 0, ..ladder() };
    let content = picture(40, 32, 1);
    let farthest = |init| {
        let (outcome, _) = run(&still(init), &Inputs { init: Some(content.clone()), ..inputs() });
        let differences = outcome.picture.rgb().iter().zip(content.rgb()).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, f32::max)
    };
    assert!(farthest(Init::Content) < 1e-4);
    assert!(farthest(Init::File("any".into())) > 0.1);
}
