//! `nst presets`, and files of settings that are written and read again.

use nst::{Config, Preset};
use nst_tests::{Bench, narrow_vgg19};

/// The settings of a file.
fn read(text: &str) -> Config {
    Config::default().overlay(&text.parse().expect("TOML")).expect("settings")
}

#[test]
fn every_preset_has_a_line() {
    let printed = Bench::new().succeed(&["presets"]).stdout;
    let lines: Vec<_> = printed.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let expected = Preset::ALL.map(|preset| (preset.name(), preset.about()));
    assert!(lines.iter().map(|(name, about)| (*name, about.trim_start())).eq(expected), "{printed}");
}

#[test]
fn a_printed_preset_is_its_settings() {
    let bench = Bench::new();
    for preset in Preset::ALL {
        let printed = bench.succeed(&["presets", preset.name()]).stdout;
        assert_eq!(read(&printed), preset.config(), "{preset}");
        assert!(printed.contains("# How much the style counts\nstyle-weight = "), "{printed}");
    }
    let line = bench.refuse(&["presets", "vincent"], 2);
    assert!(line.contains("'vincent'") && line.contains("neural-style"), "{line}");
}

#[test]
fn a_run_by_a_printed_preset_is_that_by_its_name() {
    let bench = Bench::new();
    bench.write("g.toml", bench.succeed(&["presets", "gatys"]).stdout);
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--iterations", "3"];
    let run = |flags: &[&str]| {
        let network = ["--model", "vgg19", "--weights", &narrow];
        bench.succeed(&[&start[..], &network, flags].concat());
        std::fs::read(bench.path("out.png")).unwrap()
    };
    let named = run(&["--preset", "gatys"]);
    assert!(named == run(&["--config", "g.toml"]));
    assert!(named != run(&["--preset", "default"]));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_has_what_it_wanted() {
    let bench = Bench::new();
    let mut child =
        bench.command(&["presets", "gatys"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
