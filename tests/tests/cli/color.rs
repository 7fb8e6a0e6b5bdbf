//! `--color` through the binary.

use nst_tests::{Bench, narrow_vgg19};

/// How far the picture's colors are from grey: the mean difference of red and blue.
fn warmth(bench: &Bench, name: &str) -> f64 {
    let picture = image::open(bench.path(name)).unwrap().to_rgb8();
    let differences = picture.pixels().map(|pixel| f64::from(pixel.0[0]) - f64::from(pixel.0[2]));
    differences.sum::<f64>() / f64::from(picture.width() * picture.height())
}

#[test]
fn the_contents_colors_are_kept() {
    let bench = Bench::new();
    let weights = narrow_vgg19();
    // Bluish everywhere; the style has as much orange as blue.
    let blue =
        image::RgbImage::from_fn(40, 32, |x, y| image::Rgb([40, 60 + (3 * x) as u8, 120 + (4 * y) as u8]));
    blue.save(bench.path("blue.png")).unwrap();
    let run = |color: &str| {
        let start = ["stylize", "blue.png", "style.png", "-o", "out.png", "--size", "40"];
        let rest = ["--init", "style", "--iterations", "2", "--save-every", "2", "--color", color];
        bench.succeed(&[&start[..], &rest, &["--model", "vgg19", "--weights", &weights]].concat());
        [warmth(&bench, "out.png"), warmth(&bench, "out-000002.png")]
    };
    let [stylised, _] = run("style");
    assert!(stylised > -30.0, "{stylised}");
    for color in ["content", "luminance", "match", "match-cholesky"] {
        let [result, on_the_way] = run(color);
        assert!(result < stylised - 20.0 && on_the_way < stylised - 20.0, "{color}: {result} {on_the_way}");
    }
}

#[test]
fn a_choice_there_is_not_is_refused() {
    let bench = Bench::new();
    let arguments = ["stylize", "content.png", "style.png", "-o", "out.png", "--color"];
    let ended = bench.run(&[&arguments[..], &["sepia"]].concat());
    assert_eq!(ended.code, Some(2));
    for name in nst::config::Color::NAMES {
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
}
