//! Settings as TOML, and their ranges.

use super::{Config, Init, Scales};

fn table(text: &str) -> toml::Table {
    text.parse().unwrap()
}

#[test]
fn a_config_survives_toml() {
    let config = Config {
        init: Init::File("start.png".into()),
        style_blend: vec![1.0, 2.5],
        style_size: Some(300),
        scale_iterations: vec![9, 4],
        time_limit: "1h 30m".parse().ok(),
        betas: [0.5, 0.75],
        ..Config::default()
    };
    let text = toml::to_string(&config).unwrap();
    assert_eq!(Config::default().overlay(&table(&text)).unwrap(), config);
}

#[test]
fn what_is_not_written_stays() {
    let base = Config { size: 99, ..Config::default() };
    let config = base.overlay(&table("content-weight = 3\ninit = \"noise\"")).unwrap();
    assert_eq!(config, Config { size: 99, content_weight: 3.0, init: Init::Noise, ..Config::default() });
}

#[test]
fn iterations_are_given_in_all_or_for_each_scale() {
    let base = Config { scale_iterations: vec![3, 2], ..Config::default() };
    assert!(base.overlay(&table("iterations = 9")).unwrap().scale_iterations.is_empty());
    assert_eq!(
        base.overlay(&table("scales = 2")).unwrap(),
        Config { scales: Scales::Count(2), ..base.clone() }
    );
    let both = base.overlay(&table("iterations = 9\nscale-iterations = [1]")).unwrap();
    assert_eq!((both.iterations, both.scale_iterations), (9, vec![1]));
    assert_eq!(base.overlay(&table("scale-iterations = 7")).unwrap().scale_iterations, [7]);
    // As a file of all settings has it, over others.
    let shared = base.overlay(&table("iterations = 9\nscale-iterations = []")).unwrap();
    assert_eq!((shared.iterations, shared.scale_iterations), (9, vec![]));
}

#[test]
fn unknown_fields_and_choices_are_refused() {
    for text in [
        "sise = 3",
        "time-limit = \"10\"",
        "time-limit = 10",
        "pooling = \"mean\"",
        "betas = [0.9]",
        "padding = \"edge\"",
        "content-layers = \"relu9_9\"",
        "size = -3",
        "scale-iterations = \"many\"",
        "scale-iterations = [-1]",
    ] {
        assert!(Config::default().overlay(&table(text)).is_err(), "{text}");
    }
}

#[test]
fn settings_out_of_range_are_named() {
    for (text, setting) in [
        ("style-weight = nan", "style-weight"),
        ("content-weight = -1", "content-weight"),
        ("learning-rate = 0", "learning-rate"),
        ("size = 0", "size"),
        ("history = 0", "history"),
        ("style-blend = [0, 0]", "style-blend"),
        ("style-blend = [1e308, 1e308]", "style-blend"),
        ("style-weight = 1e39", "style-weight"),
        ("content-weight = 1e-46", "content-weight"),
        ("content-layers = \"relu4_2=1e-40\"", "content-weight"),
        ("noise = 1e5", "noise"),
        ("tolerance-change = nan", "tolerance-change"),
        ("min-decrease = 1", "min-decrease"),
        ("betas = [0.9, 1]", "betas"),
        ("betas = [nan, 0.99]", "betas"),
        ("average = 1\noptimizer = \"adam\"", "average"),
        ("average = -0.5", "average"),
        ("average = 0.99", "average: is for the optimizer adam"),
        ("clamp = true", "clamp: is for the optimizer adam"),
        ("min-decrease = nan", "min-decrease"),
        ("min-decrease = -0.01", "min-decrease"),
    ] {
        let config = Config::default().overlay(&table(text)).unwrap();
        assert!(config.check().unwrap_err().to_string().starts_with(setting), "{text}");
    }
    Config::default().check().unwrap();
}
