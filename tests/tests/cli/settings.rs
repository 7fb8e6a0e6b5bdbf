//! Which setting wins: defaults, then preset, then configuration file, then flags.

use image::RgbImage;
use nst_tests::{Bench, narrow_vgg19};

/// The settings that a run in two styles with these flags works with, as `--verbose` tells them.
fn settings(bench: &Bench, flags: &[&str]) -> toml::Table {
    let narrow = narrow_vgg19();
    let pictures = ["stylize", "content.png", "style.png", "content.png", "-o", "out.png"];
    let quick = ["--iterations", "0", "--verbose", "--model", "vgg19", "--weights", &narrow];
    let said = bench.succeed(&[&pictures[..], &quick, flags].concat()).stderr;
    let (_, rest) = said.split_once("settings:\n").expect("settings");
    let (settings, _) = rest.split_once("weights: ").expect("weights");
    settings.parse().expect("TOML")
}

fn number(settings: &toml::Table, name: &str) -> f64 {
    let value = &settings[name];
    value.as_float().or(value.as_integer().map(|number| number as f64)).expect("a number")
}

#[test]
fn later_ones_win() {
    let bench = Bench::new();
    bench.write("mine.toml", "style-weight = 7\nsize = 48\nstyle-layers = \"relu1_1=2,relu2_1\"\n");
    let names = ["content-weight", "style-weight", "size", "history"];
    for (flags, expected) in [
        (&["--size", "40"][..], [20.0, 100.0, 40.0, 20.0]),
        (&["--size", "40", "--preset", "neural-style"], [5.0, 100.0, 40.0, 100.0]),
        (&["--config", "mine.toml"], [20.0, 7.0, 48.0, 20.0]),
        (&["--preset", "neural-style", "--config", "mine.toml"], [5.0, 7.0, 48.0, 100.0]),
        (
            &["--style-weight", "9", "--history", "3", "--preset", "neural-style", "--config", "mine.toml"],
            [5.0, 9.0, 48.0, 3.0],
        ),
    ] {
        let settings = settings(&bench, flags);
        assert_eq!(names.map(|name| number(&settings, name)), expected, "{flags:?}");
    }
    let layers = &settings(&bench, &["--config", "mine.toml"])["style-layers"];
    assert_eq!(layers.as_str(), Some("relu1_1=2,relu2_1"));
}

/// Each flag beside those that it needs for an effect; those of L-BFGS and those of Adam in runs of their own.
#[test]
fn every_flag_arrives_at_its_setting() {
    let bench = Bench::new();
    let red = RgbImage::from_pixel(10, 8, [255, 0, 0].into());
    red.save(bench.path("mask.png")).expect("a mask");
    let common = [
        ("size", "41"),
        ("scales", "2"),
        ("seen-from", "256"),
        ("style-size", "42"),
        ("style-scales", "1.5"),
        ("style-mix", "losses"),
        ("mask", "mask.png"),
        ("style-masks", "none,none"),
        ("regions", "red=1"),
        ("mask-softness", "0.125"),
        ("style-blend", "3.0,1.0"),
        ("color", "match-cholesky"),
        ("content-weight", "4.5"),
        ("style-weight", "5.5"),
        ("tv-weight", "0.5"),
        ("tv", "squared"),
        ("content-layers", "relu3_2"),
        ("style-layers", "relu1_1"),
        ("style-loss", "wasserstein"),
        ("layer-balance", "energy"),
        ("histogram-weight", "6.5"),
        ("histogram-layers", "relu2_1"),
        ("content-loss", "cosine"),
        ("loss-scaling", "gatys"),
        ("pooling", "avg"),
        ("padding", "replicate"),
        ("time-limit", "2m 30s"),
        ("min-decrease", "0.015"),
        ("learning-rate", "0.25"),
        ("variable", "rgb01"),
        ("init", "noise"),
        ("noise", "7.5"),
        ("seed", "8"),
    ];
    let lbfgs = [
        ("line-search", "wolfe"),
        ("steps", "torch"),
        ("history", "6"),
        ("tolerance-gradient", "0.125"),
        ("tolerance-change", "-2.0"),
    ];
    let adam = [("optimizer", "adam"), ("betas", "0.5,0.75"), ("average", "0.875"), ("clamp", "true")];
    for own in [&lbfgs[..], &adam] {
        let changed = [&common[..], own].concat();
        let flags: Vec<String> =
            changed.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let settings = settings(&bench, &flags);
        for &(name, value) in &changed {
            let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let written = match &settings[name] {
                toml::Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
                value => text(value),
            };
            assert_eq!(written, value, "{name}");
        }
    }
    // The first and the last were given by `settings` itself.
    let all = toml::Table::try_from(nst::Config::default()).expect("settings");
    let changed = [&common[..], &lbfgs, &adam].concat();
    let given = |name: &&String| changed.iter().any(|(changed, _)| changed == name);
    let rest: Vec<_> = all.keys().filter(|name| !given(name)).collect();
    assert_eq!(rest, ["iterations", "model", "scale-iterations"]);
}

/// The one setting that excludes another, which the other tests give.
#[test]
fn iterations_are_given_in_all_or_for_each_scale() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--scales", "20,30"];
    let network = ["--model", "vgg19", "--weights", &narrow, "--trace", "trace.jsonl"];
    bench.succeed(&[&start[..], &network, &["--scale-iterations", "2,1"]].concat());
    let widths: Vec<u64> =
        bench.trace("trace.jsonl").iter().filter_map(|line| line["width"].as_u64()).collect();
    assert_eq!(widths, [20, 20, 20, 30, 30, 40, 40]);
    let both = [&start[..], &network, &["--scale-iterations", "2,1", "--iterations", "9"]].concat();
    assert!(bench.run(&both).stderr.contains("cannot be used with"));
}

#[test]
fn a_bad_configuration_is_told_with_its_file() {
    let bench = Bench::new();
    for (text, words) in [
        ("sise = 3", "sise"),
        ("style-weight = ", "mine.toml"),
        ("pooling = \"mean\"", "mean"),
        ("content-layers = \"relu9_9\"", "unknown layer 'relu9_9'"),
        ("style-weight = nan", "style-weight"),
    ] {
        bench.write("mine.toml", text);
        let line = bench
            .refuse(&["stylize", "content.png", "style.png", "-o", "out.png", "--config", "mine.toml"], 2);
        assert!(line.contains(words), "{text}: {line}");
    }
    let missing = ["stylize", "content.png", "style.png", "-o", "out.png", "--config", "missing.toml"];
    assert!(bench.refuse(&missing, 1).contains("missing.toml"));
    bench.write("mine.toml", "style-weight = 7\n");
    let over = [
        "stylize",
        "content.png",
        "style.png",
        "-o",
        "out.png",
        "--config",
        "mine.toml",
        "--trace",
        "mine.toml",
    ];
    assert!(bench.refuse(&over, 2).contains("is also an input"));
}

/// Two pictures blended half and half are neither.
#[test]
fn styles_are_blended() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let run = |blend: &str| {
        bench.succeed(&[
            "stylize",
            "content.png",
            "style.png",
            "content.png",
            "-o",
            "out.png",
            "--size",
            "40",
            "--iterations",
            "0",
            "--init",
            "style",
            "--model",
            "vgg19",
            "--weights",
            &narrow,
            "--style-blend",
            blend,
            "--trace",
            "t.jsonl",
            "--style-layers",
            "relu1_1",
        ]);
        bench.trace("t.jsonl")[0]["style"].as_f64().unwrap()
    };
    let [first, both, second] = ["1,0", "2,2", "0,1"].map(run);
    assert!(first < both && both < second, "{first} {both} {second}");
}
