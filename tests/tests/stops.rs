//! Rules that end a run early: a time limit, a loss that has settled.

use nst::config::{LineSearch, Scales};
use nst::{Config, End, stylize};
use nst_tensor::Device;
use nst_tests::small_run::{self, inputs, run};
use std::ops::ControlFlow;

fn config() -> Config {
    Config { scales: Scales::Count(1), ..small_run::config() }
}

#[test]
fn a_time_that_is_over_ends_the_run_with_its_best_picture() {
    for line_search in [LineSearch::None, LineSearch::Wolfe] {
        // The first evaluation passes it.
        let config = Config { line_search, time_limit: "1ns".parse().ok(), ..config() };
        let (outcome, seen) = run(&config, &inputs());
        assert_eq!((outcome.end, outcome.evaluations, seen.len()), (End::TimeLimit, 1, 1));
        assert_eq!(outcome.best, outcome.initial);
        let config = Config { line_search, time_limit: "1h".parse().ok(), ..config };
        assert_eq!(run(&config, &inputs()).0.end, End::Finished);
    }
}

#[test]
fn a_time_limit_holds_between_the_first_evaluation_and_the_last() {
    let mut seconds = Vec::new();
    let endless = Config { iterations: usize::MAX, time_limit: "200ms".parse().ok(), ..config() };
    let outcome = stylize(&endless, inputs(), &Device::cpu(), &mut |event| {
        seconds.push(event.evaluation.seconds);
        std::thread::sleep(std::time::Duration::from_millis(10));
        ControlFlow::Continue(())
    })
    .expect("a run");
    assert_eq!(outcome.end, End::TimeLimit);
    let (last, others) = seconds.split_last().expect("evaluations");
    assert!(*last >= 0.2 && others.iter().all(|&seconds| seconds < 0.2), "{seconds:?}");
    assert!(outcome.best.total <= outcome.initial.total);
}

#[test]
fn a_loss_that_has_settled_ends_the_run() {
    let long = Config { iterations: 400, ..config() };
    let (all, seen) = run(&long, &inputs());
    assert_eq!(all.end, End::Finished);
    let (outcome, settled) = run(&Config { min_decrease: 0.05, ..long.clone() }, &inputs());
    assert_eq!(outcome.end, End::Settled);
    // The same evaluations, until the best of them is by less than 5 % better than the best of those 20 earlier.
    assert_eq!(settled.len(), outcome.evaluations);
    let best = |count: usize| seen[..count].iter().map(|seen| seen.total).fold(f64::INFINITY, f64::min);
    let gains = |count: usize| 1.0 - best(count) / best(count - 20);
    let expected = (21..=seen.len()).find(|&count| gains(count) < 0.05).expect("an end");
    assert_eq!(outcome.evaluations, expected);
    assert!(outcome.evaluations < all.evaluations && outcome.best.total == best(expected));
}

/// At a coarse scale, a loss that has settled hands over to the next; time that is over ends the run, in the result's size.
#[test]
fn scales_end_each_by_itself_and_time_ends_all() {
    let scales = Config { scales: Scales::Count(2), iterations: 400, min_decrease: 0.05, ..config() };
    let (outcome, seen) = run(&scales, &inputs());
    let at = |scale: usize| seen.iter().filter(|seen| seen.scale == scale).count();
    assert!((21..250).contains(&at(0)) && (21..150).contains(&at(1)), "{} and {}", at(0), at(1));
    assert_eq!((outcome.end, outcome.best.scale), (End::Settled, 1));
    let (outcome, seen) = run(&Config { time_limit: "1ns".parse().ok(), ..scales }, &inputs());
    assert_eq!((outcome.end, seen.len(), seen[0].scale), (End::TimeLimit, 1, 0));
    assert_eq!((outcome.picture.width(), outcome.picture.height()), (40, 32));
}
