//! Control of color in whole runs through the library, on a narrow network.

use nst::config::{Color, Init, Model};
use nst::{Config, Inputs, Picture, Preset, color, stylize};
use nst_tensor::Device;
use nst_tests::small_run::decoded;
use nst_tests::{narrow_vgg19, stripes, waves};
use nst_weights::Weights;
use std::ops::ControlFlow;
use std::path::Path;

/// A bluish content, and a style of orange and blue.
fn inputs() -> Inputs {
    let content = decoded(&waves(40, 32));
    let bluish =
        content.rgb().as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [0.3 * r, 0.4 * g, 0.3 + 0.7 * b]);
    Inputs {
        content: Some(Picture::new(40, 32, bluish.collect(), None).expect("a picture")),
        styles: vec![decoded(&stripes(40, 32))],
        init: None,
        weights: Weights::read(Path::new(&narrow_vgg19())).expect("weights"),
    }
}

fn config(color: Color) -> Config {
    Config { size: 40, iterations: 3, model: Model::Vgg19, color, ..Config::default() }
}

/// The result, the last picture on the way, and the initial loss.
fn run(config: &Config, inputs: Inputs) -> (Picture, Picture, f64) {
    let mut snapshot = None;
    let outcome = stylize(config, inputs, &Device::cpu(), &mut |event| {
        snapshot = Some(event.picture().expect("a picture"));
        ControlFlow::Continue(())
    });
    let outcome = outcome.expect("a run");
    (outcome.picture, snapshot.expect("a snapshot"), outcome.initial.total)
}

fn difference(a: &Picture, b: &Picture) -> f32 {
    a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_choice_makes_a_picture_of_its_own() {
    let choices = [
        Color::Style,
        Color::Content,
        Color::Luminance,
        Color::Match,
        Color::MatchCholesky,
        Color::MatchReverse,
    ];
    assert_eq!(choices.map(|color| color.to_string()), Color::NAMES);
    let pictures = choices.map(|color| run(&config(color), inputs()).0);
    for (i, a) in pictures.iter().enumerate() {
        for (j, b) in pictures.iter().enumerate().skip(i + 1) {
            assert!(difference(a, b) > 0.02, "{} and {} are the same", choices[i], choices[j]);
        }
    }
}

#[test]
fn the_contents_colors_are_put_back_in_the_run_as_it_was() {
    let (stylised, _, loss) = run(&config(Color::Style), inputs());
    let (result, snapshot, same_loss) = run(&config(Color::Content), inputs());
    assert_eq!(loss.to_bits(), same_loss.to_bits());
    let content = inputs().content.expect("a content");
    assert_eq!(result, color::with_colors_of(&stylised, &content));
    // Pictures on the way have them too: a second time changes little. (In full they would change much.)
    assert!(difference(&snapshot, &color::with_colors_of(&snapshot, &content)) < 2e-3);
    assert!(difference(&stylised, &result) > 0.1);
}

#[test]
fn a_transfer_of_luminance_sees_no_color() {
    let grey_inputs = || {
        let Inputs { content, styles, init, weights } = inputs();
        let content = content.expect("a content");
        let styles = styles.iter().map(|style| color::greyed_like(style, &content)).collect();
        Inputs { content: Some(color::greyed(&content)), styles, init, weights }
    };
    let (grey, _, loss) = run(&config(Color::Style), grey_inputs());
    let (result, _, same_loss) = run(&config(Color::Luminance), inputs());
    assert_eq!(loss.to_bits(), same_loss.to_bits());
    assert_eq!(result, color::with_colors_of(&grey, &inputs().content.expect("a content")));
    // The picture to start from is seen without color too.
    let started = |color, init: Picture| {
        let config = Config { init: Init::File("init".into()), iterations: 0, ..config(color) };
        run(&config, Inputs { init: Some(init), ..inputs() }).2
    };
    let init = decoded(&waves(40, 32));
    let losses = [started(Color::Luminance, init.clone()), started(Color::Luminance, color::greyed(&init))];
    assert!((losses[0] / losses[1] - 1.0).abs() < 1e-4, "{losses:?}");
    assert!(
        (started(Color::Style, init.clone()) / started(Color::Style, color::greyed(&init)) - 1.0).abs()
            > 1e-2
    );
}

#[test]
fn pictures_are_matched_before_the_run() {
    let content = || inputs().content.expect("a content");
    let two = || vec![decoded(&stripes(40, 32)), decoded(&waves(36, 44))];
    let target = color::ColorStatistics::of(&content());
    for (choice, matching) in
        [(Color::Match, color::Matching::PrincipalAxes), (Color::MatchCholesky, color::Matching::Cholesky)]
    {
        // Each of several styles by itself.
        let styles = two().iter().map(|style| color::matched(style, &target, matching)).collect();
        let (expected, _, _) = run(&config(Color::Style), Inputs { styles, ..inputs() });
        assert_eq!(run(&config(choice), Inputs { styles: two(), ..inputs() }).0, expected, "{choice}");
    }
    let blend = |color| Config { style_blend: vec![3.0, 1.0], ..config(color) };
    let of = |index: usize| color::ColorStatistics::of(&two()[index]);
    let target = color::ColorStatistics::mixed(&[(0.75, of(0)), (0.25, of(1))]);
    let moved = color::matched(&content(), &target, color::Matching::PrincipalAxes);
    let (expected, _, _) =
        run(&blend(Color::Style), Inputs { content: Some(moved), styles: two(), ..inputs() });
    assert_eq!(run(&blend(Color::MatchReverse), Inputs { styles: two(), ..inputs() }).0, expected);
}

#[test]
fn transparency_is_kept_and_grey_pictures_do_no_harm() {
    let alpha: Vec<f32> = (0..40 * 32).map(|i| (i % 3) as f32 / 2.0).collect();
    let grey = color::greyed(&decoded(&waves(40, 32)));
    let seen = Picture::new(40, 32, grey.rgb().to_vec(), Some(alpha.clone())).expect("a picture");
    for name in Color::NAMES {
        let color: Config = Config::default()
            .overlay(&toml::Table::from_iter([("color".to_owned(), (*name).into())]))
            .expect("a choice");
        let flat = Picture::new(40, 32, [0.2, 0.3, 0.4].repeat(40 * 32), None).expect("a picture");
        for style in [grey.clone(), flat] {
            let inputs = Inputs { content: Some(seen.clone()), styles: vec![style], ..inputs() };
            let (result, _, _) = run(&config(color.color), inputs);
            assert_eq!(result.alpha(), Some(&alpha[..]), "{name}");
            assert!(result.rgb().iter().all(|value| value.is_finite()), "{name}");
        }
    }
}

#[test]
fn a_choice_without_its_pictures_is_refused() {
    let problem = |color, inputs| {
        stylize(&config(color), inputs, &Device::cpu(), &mut |_| panic!("nothing may be evaluated"))
            .expect_err("refused")
            .to_string()
    };
    for color in [Color::Content, Color::Luminance, Color::Match, Color::MatchReverse] {
        let expected = format!("color: '{color}' needs a content picture");
        assert_eq!(problem(color, Inputs { content: None, ..inputs() }), expected);
    }
    for color in [Color::Match, Color::MatchCholesky, Color::MatchReverse] {
        let expected = format!("color: '{color}' needs a style picture");
        assert_eq!(problem(color, Inputs { styles: vec![], ..inputs() }), expected);
    }
}

#[test]
fn presets_keep_the_styles_colors() {
    for preset in Preset::ALL {
        assert_eq!(preset.config().color, Color::Style);
    }
}
