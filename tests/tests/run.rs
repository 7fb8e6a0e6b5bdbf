//! Whole runs through the library, on a narrow network so that each takes milliseconds.

use nst::config::{ContentLoss, Init, LayerBalance, LineSearch, Model, Optimizer, Steps};
use nst::{Config, End, Inputs, Outcome, Picture, stylize};
use nst_tensor::{Counting, Device};
use nst_tests::small_run::{STYLE_LOSSES, config, inputs, picture, run};
use std::ops::ControlFlow;

#[test]
fn every_optimizer_lowers_the_loss_and_reports_what_it_did() {
    for (optimizer, line_search, steps) in [
        (Optimizer::Lbfgs, LineSearch::None, Steps::Bounded),
        (Optimizer::Lbfgs, LineSearch::None, Steps::Torch),
        (Optimizer::Lbfgs, LineSearch::Wolfe, Steps::Bounded),
        (Optimizer::Adam, LineSearch::None, Steps::Bounded),
    ] {
        let (outcome, seen) = run(&Config { optimizer, line_search, steps, ..config() }, &inputs());
        assert_eq!(outcome.end, End::Finished);
        assert_eq!(outcome.evaluations, seen.len());
        assert_eq!((&outcome.initial, seen[0].iteration), (&seen[0], 0));
        assert!(outcome.best.total < 0.9 * outcome.initial.total, "{optimizer} {line_search} {steps}");
        assert!(seen.contains(&outcome.best));
        for (index, evaluation) in seen.iter().enumerate() {
            assert_eq!((evaluation.evaluation, evaluation.width, evaluation.height), (index, 40, 32));
            let sum = evaluation.content + evaluation.style + evaluation.tv;
            assert!((sum - evaluation.total).abs() <= 1e-9 * evaluation.total);
        }
    }
}

#[test]
fn every_loss_is_lowered_and_is_another_one() {
    let mut initial = Vec::new();
    for style_loss in STYLE_LOSSES {
        for layer_balance in [LayerBalance::None, LayerBalance::Energy] {
            for content_loss in [ContentLoss::Squared, ContentLoss::Cosine] {
                let config = Config { style_loss, layer_balance, content_loss, ..config() };
                // From another picture than the content, so that its loss counts from the start.
                let (outcome, _) = run(&Config { init: Init::Style, ..config }, &inputs());
                let what = format!("{style_loss} {layer_balance} {content_loss}");
                assert_eq!(outcome.end, End::Finished, "{what}");
                assert!(outcome.best.total < 0.8 * outcome.initial.total, "{what}");
                assert!(initial.iter().all(|total| *total != outcome.initial.total), "{what}");
                initial.push(outcome.initial.total);
            }
        }
    }
}

/// They count as style, beside the loss that is asked for or alone.
#[test]
fn histograms_count_beside_the_style_loss() {
    let start = Config { init: Init::Style, layer_balance: LayerBalance::Energy, ..config() };
    let plain = run(&start, &inputs()).0.initial;
    let beside = Config { histogram_weight: 2.0, ..start };
    let (outcome, _) = run(&beside, &inputs());
    let both = &outcome.initial;
    assert!(outcome.best.total < 0.8 * both.total);
    let (common, added): (Vec<_>, Vec<_>) =
        both.terms.iter().cloned().partition(|term| !term.name.starts_with("histogram"));
    assert_eq!(common, plain.terms);
    let names: Vec<&str> = added.iter().map(|term| term.name.as_str()).collect();
    assert_eq!(names, ["histogram relu1_1", "histogram relu4_1"]);
    let sum: f64 = added.iter().map(|term| term.value).sum();
    assert!(sum > 0.0 && (plain.style + sum - both.style).abs() < 1e-9 * both.style);
    let alone = run(&Config { style_weight: 0.0, ..beside }, &inputs()).0.initial;
    assert_eq!((alone.style, alone.terms.len()), (sum, plain.terms.len() - 5 + 2));
}

#[test]
fn the_picture_is_that_of_the_best_evaluation() {
    let (outcome, _) = run(&config(), &inputs());
    let again = Config { init: Init::File("again".into()), iterations: 0, ..config() };
    let (repeated, seen) = run(&again, &Inputs { init: Some(outcome.picture.clone()), ..inputs() });
    assert_eq!(seen.len(), 1);
    // The same pixels, up to their way through 0..1.
    assert!((repeated.best.total / outcome.best.total - 1.0).abs() < 1e-3);
}

#[test]
fn without_iterations_the_initial_picture_comes_back() {
    let (outcome, seen) = run(&Config { iterations: 0, ..config() }, &inputs());
    assert_eq!((seen.len(), outcome.end), (1, End::Finished));
    let content = picture(40, 32, 1);
    for (a, b) in outcome.picture.rgb().iter().zip(content.rgb()) {
        assert!((a - b).abs() < 1e-6);
    }
}

#[test]
fn the_observer_may_end_the_run() {
    for line_search in [LineSearch::None, LineSearch::Wolfe] {
        let mut count = 0;
        let outcome = stylize(&Config { line_search, ..config() }, inputs(), &Device::cpu(), &mut |_| {
            count += 1;
            if count == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("a run");
        assert_eq!((outcome.end, outcome.evaluations, count), (End::Interrupted, 5, 5));
        assert!(outcome.best.total < outcome.initial.total);
    }
}

#[test]
fn an_interruption_in_the_last_iteration_is_one() {
    for (line_search, iterations) in [(LineSearch::None, 0), (LineSearch::None, 2), (LineSearch::Wolfe, 1)] {
        let mut seen = 0;
        let config = Config { line_search, iterations, ..config() };
        let outcome = stylize(&config, inputs(), &Device::cpu(), &mut |_| {
            seen += 1;
            if seen > iterations { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(outcome.expect("a run").end, End::Interrupted);
    }
}

#[test]
fn a_layer_or_style_of_weight_zero_is_not_computed() {
    let layers = |text: &str| text.parse().expect("layers");
    let counting = Counting::cpu();
    let config = Config {
        content_layers: layers("relu2_1,relu5_1=0"),
        style_layers: layers("relu1_1,relu4_1=0"),
        style_blend: vec![1.0, 0.0],
        iterations: 0,
        ..config()
    };
    // The second style is too small for any layer but the first, and is of no account.
    let inputs = Inputs { styles: vec![picture(36, 44, 2), picture(1, 1, 3)], ..inputs() };
    let device = Device::new(counting.clone());
    stylize(&config, inputs, &device, &mut |_| ControlFlow::Continue(())).expect("a run");
    // Up to relu2_1 for the content and for the picture, up to relu1_1 for the style; with one pixel map each.
    assert_eq!(counting.calls("conv2d"), (3 + 1) + (1 + 1) + (3 + 1));
}

#[test]
fn a_loss_that_is_not_finite_is_survived_once_and_reported_if_it_repeats() {
    let outcomes: Vec<(Outcome, bool)> = (0..100)
        .map(|exponent| {
            let learning_rate = 2f64.powi(exponent);
            let config = Config { steps: Steps::Torch, iterations: 3, learning_rate, ..config() };
            let (outcome, seen) = run(&config, &inputs());
            (outcome, seen.iter().any(|evaluation| !evaluation.total.is_finite()))
        })
        .collect();
    for (outcome, _) in &outcomes {
        assert!(outcome.best.total.is_finite() && outcome.best.total <= outcome.initial.total);
        assert!(outcome.picture.rgb().iter().all(|value| value.is_finite()));
    }
    let survived = outcomes.iter().filter(|(outcome, met)| *met && outcome.end == End::Finished).count();
    assert!(survived > 0, "no step length led out of bounds and, 0.3 times as long, not");
    let (last, _) = outcomes.last().expect("runs");
    assert_eq!(last.end, End::Failed("failed: the loss or its gradient is not finite".into()));
    assert_eq!(last.best, last.initial);
}

#[test]
fn a_run_computes_no_filter_gradient() {
    let counting = Counting::cpu();
    stylize(&config(), inputs(), &Device::new(counting.clone()), &mut |_| ControlFlow::Continue(()))
        .expect("a run");
    assert_eq!(counting.calls("conv2d_backward_filter"), 0);
    // The thirteen convolutions of VGG-19 up to conv5_1, in each of thirteen evaluations, and as often the pixels' map.
    assert_eq!(counting.calls("conv2d_backward_data"), 14 * 13);
}

#[test]
fn threads_do_not_change_the_picture_and_seeds_do() {
    let picture = |threads: usize, seed: u64| {
        let config = Config { init: Init::Noise, noise: 30.0, seed, ..config() };
        let device = Device::cpu_with_threads(threads).expect("threads");
        stylize(&config, inputs(), &device, &mut |_| ControlFlow::Continue(())).expect("a run").picture
    };
    let one = picture(1, 7);
    assert_eq!(one, picture(2, 7));
    assert_eq!(one, picture(3, 7));
    assert_ne!(one, picture(1, 8));
}

#[test]
fn styles_are_blended_by_their_shares() {
    let two = |blend: Vec<f64>| {
        let styles = vec![picture(36, 44, 2), picture(50, 30, 3)];
        let config = Config { style_blend: blend, iterations: 0, ..config() };
        run(&config, &Inputs { styles, ..inputs() }).0.initial.style
    };
    let (first, _) = run(&Config { iterations: 0, ..config() }, &inputs());
    assert!((two(vec![3.0, 0.0]) / first.initial.style - 1.0).abs() < 1e-6);
    assert_eq!(two(vec![]).to_bits(), two(vec![2.0, 2.0]).to_bits());
    assert_ne!(two(vec![1.0, 3.0]).to_bits(), two(vec![1.0, 1.0]).to_bits());
}

#[test]
fn each_half_of_the_method_runs_alone() {
    let noise = || Config { init: Init::Noise, noise: 20.0, ..config() };
    let (content, _) = run(&noise(), &Inputs { styles: vec![], ..inputs() });
    assert!(content.best.style == 0.0 && content.best.total < content.initial.total);
    let (texture, _) = run(&noise(), &Inputs { content: None, ..inputs() });
    assert!(texture.best.content == 0.0 && texture.best.total < texture.initial.total);
    // With no content, the result has the style's proportions.
    assert_eq!((texture.picture.width(), texture.picture.height()), (33, 40));
}

#[test]
fn transparency_is_kept() {
    let alpha: Vec<f32> = (0..20 * 16).map(|i| (i % 2) as f32).collect();
    let content =
        Picture::new(20, 16, picture(20, 16, 1).rgb().to_vec(), Some(alpha.clone())).expect("a picture");
    let same = Config { size: 20, iterations: 1, ..config() };
    let (outcome, _) = run(&same, &Inputs { content: Some(content.clone()), ..inputs() });
    assert_eq!(outcome.picture.alpha(), Some(alpha.as_slice()));
    let (outcome, _) = run(&config(), &Inputs { content: Some(content), ..inputs() });
    assert_eq!(outcome.picture.alpha().map(<[f32]>::len), Some(40 * 32));
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_done() {
    let problem = |config: &Config, inputs: &Inputs| {
        stylize(config, inputs.clone(), &Device::cpu(), &mut |_| panic!("nothing may be evaluated"))
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        problem(&config(), &Inputs { content: Some(picture(1, 1, 1)), ..inputs() }),
        "the content picture is 1x1 pixels, too small: layer relu4_2 needs at least 8 on each side"
    );
    assert!(
        problem(&config(), &Inputs { styles: vec![picture(1, 5000, 1)], ..inputs() })
            .contains("style picture is 1x5000")
    );
    assert!(problem(&Config { size: 8, ..config() }, &inputs()).starts_with("size: makes a picture of 8x6"));
    let small_style = Config { style_size: Some(8), ..config() };
    assert!(problem(&small_style, &inputs()).starts_with("style-size: makes a picture of 7x8"));
    assert!(
        problem(&Config { style_blend: vec![1.0, 2.0], ..config() }, &inputs())
            .starts_with("style-blend: 2 weights for 1")
    );
    let nothing = Config { content_weight: 0.0, style_weight: 0.0, ..config() };
    assert!(problem(&nothing, &inputs()).contains("nothing to do"));
    assert!(
        problem(&Config { init: Init::File("x.png".into()), ..config() }, &inputs()).starts_with("init:")
    );
    let huge = Config { size: 65_535, ..config() };
    assert!(problem(&huge, &inputs()).starts_with("size: makes a picture of 65535x52428"));
    assert!(
        problem(&Config { model: Model::Vgg16, ..config() }, &inputs()).starts_with("model: is vgg16, but")
    );
    assert!(problem(&config(), &Inputs { content: None, styles: vec![], ..inputs() }).contains("needed"));
}
