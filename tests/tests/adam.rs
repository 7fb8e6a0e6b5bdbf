//! Runs with Adam: averages, bounds, moments from scale to scale; and what else its presets bring.

use nst::config::{Optimizer, Padding, Scales, TotalVariation, Variable};
use nst::{Config, End, Inputs, stylize};
use nst_tensor::Device;
use nst_tests::small_run::{config, inputs, run};
use std::ops::ControlFlow;

fn adam() -> Config {
    Config { optimizer: Optimizer::Adam, learning_rate: 5.0, ..config() }
}

/// At 30 and 40 pixels.
fn ladder() -> Config {
    Config { scales: Scales::Sizes(vec![30]), scale_iterations: vec![8, 4], ..adam() }
}

#[test]
fn an_average_is_evaluated_at_the_end_of_each_scale_and_is_the_result() {
    let (outcome, seen) = run(&Config { average: 0.9, ..ladder() }, &inputs());
    assert_eq!((outcome.end, outcome.evaluations, seen.len()), (End::Finished, 10 + 6, 10 + 6));
    assert_eq!(seen.last(), Some(&outcome.best));
    let iterations: Vec<usize> = seen.iter().map(|evaluation| evaluation.iteration).collect();
    assert_eq!(iterations, [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 9, 10, 11, 12, 12]);
    // The loss is that of the picture that is given out.
    let again = Config { init: nst::config::Init::File("again".into()), iterations: 0, ..adam() };
    let repeated = run(&again, &Inputs { init: Some(outcome.picture.clone()), ..inputs() }).0;
    assert!((repeated.best.total / outcome.best.total - 1.0).abs() < 1e-3);
    // Up to the first average nothing differs from a run without.
    let (without, plain) = run(&ladder(), &inputs());
    assert_eq!(plain.len(), 9 + 5);
    let totals = |seen: &[nst::Evaluation]| seen[..9].iter().map(|seen| seen.total).collect::<Vec<_>>();
    assert_eq!(totals(&seen), totals(&plain));
    assert_ne!(without.picture, outcome.picture);
}

#[test]
fn an_averaging_run_that_is_stopped_gives_the_average_so_far() {
    let mut shown = Vec::new();
    let config = Config { average: 0.9, ..adam() };
    let outcome = stylize(&config, inputs(), &Device::cpu(), &mut |event| {
        shown.push(event.picture().expect("a picture"));
        if shown.len() == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("a run");
    assert_eq!((outcome.end, outcome.evaluations), (End::Interrupted, 7));
    assert_eq!(shown.len(), 7);
    // A snapshot is of the iterates before the evaluation that it is shown with.
    assert_eq!(shown[0], shown[1]);
    assert_ne!(shown[4], shown[5]);
    assert_ne!(outcome.picture, shown[5]);
}

#[test]
fn clamped_steps_stay_between_black_and_white() {
    for variable in [Variable::Bgr255, Variable::Rgb01] {
        let outside = |clamp: bool| {
            let config = Config { variable, clamp, learning_rate: 30.0, ..ladder() };
            let outcome = run(&config, &inputs()).0;
            assert!(outcome.best.total < outcome.initial.total);
            outcome.picture.rgb().iter().map(|value| (value - 0.5).abs() - 0.5).fold(0.0, f32::max)
        };
        assert!(outside(false) > 0.02, "{variable}");
        assert!(outside(true) < 1e-6, "{variable}");
    }
}

/// How many values the first step at the last scale moves as far as most: a fresh Adam moves each by its learning rate.
fn moved_alike(config: &Config) -> f64 {
    let mut shown = Vec::new();
    // An average shows each iterate's trace, the best ones or not.
    let config = Config { average: 0.5, ..config.clone() };
    stylize(&config, inputs(), &Device::cpu(), &mut |event| {
        if event.evaluation.width == 40 {
            shown.push(event.picture().expect("a picture"));
        }
        ControlFlow::Continue(())
    })
    .expect("a run");
    let pairs = shown[1].rgb().iter().zip(shown[2].rgb());
    let mut moved: Vec<f32> = pairs.map(|(a, b)| (a - b).abs()).collect();
    moved.sort_by(f32::total_cmp);
    let median = moved[moved.len() / 2];
    assert!(median > 0.0);
    moved.iter().filter(|&&moved| (moved / median - 1.0).abs() < 0.02).count() as f64 / moved.len() as f64
}

#[test]
fn moments_go_over_to_the_next_scale() {
    let (fresh, carried) = (moved_alike(&adam()), moved_alike(&ladder()));
    assert!(fresh > 0.9 && carried < 0.5, "{fresh} {carried}");
}

#[test]
fn padding_and_total_variation_change_the_losses() {
    let initial = |config: &Config| run(&Config { iterations: 0, ..config.clone() }, &inputs()).0.initial;
    let zeros = initial(&config());
    let replicate = initial(&Config { padding: Padding::Replicate, ..config() });
    assert!((replicate.style / zeros.style - 1.0).abs() > 1e-3);
    let tv = |tv| initial(&Config { tv, tv_weight: 1.0, ..config() }).tv;
    let (squared, nine) = (tv(TotalVariation::Squared), tv(TotalVariation::NinePoint));
    // A mean over pixels and channels: of noise, about 2/3 for each straight difference and 1/6 for each diagonal one.
    let share = nine * f64::from(40 * 32 * 3) / squared;
    assert!((0.7..1.1).contains(&share), "{share}");
}
