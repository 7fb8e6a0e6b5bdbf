//! The help: defaults are those of the code.

use nst_tests::Bench;

/// The help of a command, each run of white space as one space.
fn help(arguments: &[&str]) -> String {
    let help = Bench::new().succeed(arguments).stdout;
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn shows_the_default_of_every_setting() {
    for command in ["stylize", "batch", "sweep"] {
        shows_the_defaults_of(command);
    }
}

/// As one would type it.
fn written(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Array(values) => values.into_iter().map(written).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn shows_the_defaults_of(command: &str) {
    let help = help(&[command, "--help"]);
    let mut without = Vec::new();
    for (name, value) in toml::Table::try_from(nst::Config::default()).unwrap() {
        let (_, after) = help.split_once(&format!(" --{name} <")).unwrap_or_else(|| panic!("--{name}"));
        let value = written(value);
        if value.is_empty() {
            without.push(name);
            continue;
        }
        let (_, shown) = after.split_once("[default: ").unwrap();
        assert_eq!(shown.split_once(']').unwrap().0, value, "{name}");
    }
    assert_eq!(without, ["regions", "scale-iterations", "style-blend", "style-masks"]);
    assert!(!help.contains("[default: ]"), "{help}");
    for name in ["style-size", "time-limit", "weights"] {
        let (_, after) = help.split_once(&format!(" --{name} <")).unwrap();
        assert!(after.split_once("[default: ").unwrap().0.contains("; left out, "), "{name}");
    }
}

#[test]
fn shows_the_choices() {
    let help = help(&["stylize", "--help"]);
    let presets = nst::Preset::ALL.map(nst::Preset::name).join(", ");
    for choices in [
        "max, avg",
        "gram, covariance, moments, wasserstein, histogram",
        "lbfgs, adam",
        "none, wolfe",
        "absolute, squared, nine-point",
        "zeros, replicate",
        &presets,
    ] {
        assert!(help.contains(&format!("[possible values: {choices}]")), "{choices}");
    }
}

#[test]
fn reconstructions_show_their_own_settings() {
    let content = help(&["reconstruct", "content", "--help"]);
    let style = help(&["reconstruct", "style", "--help"]);
    assert!(content.contains("--layer <LAYER>") && content.contains("[default: relu4_2]"));
    assert!(style.contains("--layers <LAYERS>") && style.contains("[default: relu1_1,relu2_1"));
    // What would have no effect is not offered.
    for flag in ["--style-", "--init", "--preset", "--content-weight"] {
        assert!(!content.contains(flag), "{flag}");
    }
    for flag in ["--content-", "--init", "--preset", "--style-weight", "--style-blend"] {
        assert!(!style.contains(flag), "{flag}");
    }
}

#[test]
fn asked_for_nothing_explains_itself() {
    let bench = Bench::new();
    for arguments in
        [&[][..], &["stylize"], &["batch"], &["sweep"], &["reconstruct"], &["weights"], &["weights", "fetch"]]
    {
        let ended = bench.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.stderr.contains("Usage: nst"), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(bench.succeed(&["--version"]).stdout, concat!("nst ", env!("CARGO_PKG_VERSION"), "\n"));
}
