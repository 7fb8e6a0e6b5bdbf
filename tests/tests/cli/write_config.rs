//! `--write-config`: a run's settings in a file, and the same run by `--config`.

use nst::Config;
use nst::config::Init;
use nst_tests::{Bench, narrow_vgg19, stripes};

/// Settings that are all far from their defaults.
const UNUSUAL: &str = "--size 48 --scales 20,30 --iterations 9 --init noise --seed 7 --noise 40.5 --style-blend 3,1 \
    --style-scales 1,1.5 --style-layers relu1_1=0.5,relu3_1 --color match --time-limit 2h --tv-weight 0.003 --tv squared --pooling avg --style-loss covariance \
    --layer-balance energy --content-loss cosine --content-layers relu2_2=0.3,relu3_1 --history 3 --line-search wolfe \
    --learning-rate 0.9 --min-decrease 0.0001 --tolerance-change 1e-12 --variable rgb01";

/// A command whose own words and quick network are the same in both runs; the output's bytes.
fn run(bench: &Bench, command: &[&str], flags: &[&str]) -> Vec<u8> {
    bench.succeed(&[command, &["-o", "out.png", "--quiet"], flags].concat());
    let bytes = std::fs::read(bench.path("out.png")).unwrap();
    std::fs::remove_file(bench.path("out.png")).unwrap();
    bytes
}

fn text(bench: &Bench, name: &str) -> String {
    std::fs::read_to_string(bench.path(name)).unwrap()
}

fn read(bench: &Bench, name: &str) -> Config {
    Config::default().overlay(&text(bench, name).parse().unwrap()).unwrap()
}

#[test]
fn the_same_run_by_its_written_settings() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    stripes(30, 20).save(bench.path("other.png")).unwrap();
    let network = ["--model", "vgg19", "--weights", &narrow];
    let unusual: Vec<&str> = UNUSUAL.split_whitespace().collect();
    let stylize = ["stylize", "content.png", "style.png", "other.png"];
    let batch = ["batch", "--content", "content.png", "--style", "style.png", "other.png"];
    for command in [&stylize[..], &batch] {
        let written = ["--write-config", "first.toml"];
        let first = run(&bench, command, &[&unusual[..], &network, &written].concat());
        let again = ["--config", "first.toml", "--write-config", "second.toml"];
        assert!(first == run(&bench, command, &again), "{}", text(&bench, "first.toml"));
        assert_eq!(text(&bench, "first.toml"), text(&bench, "second.toml"));
        let other = ["--config", "first.toml", "--seed", "8"];
        assert!(first != run(&bench, command, &other));
    }
    // Over a preset, the file's settings still count.
    let first = run(&bench, &stylize, &["--config", "first.toml"]);
    assert!(first == run(&bench, &stylize, &["--preset", "gatys", "--config", "first.toml"]));
}

#[test]
fn iterations_for_each_scale_come_back() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let stylize = ["stylize", "content.png", "style.png"];
    let flags = ["--size", "40", "--scales", "2", "--scale-iterations", "3,1", "--init", "style.png"];
    let network = ["--model", "vgg19", "--weights", &narrow];
    let first = run(&bench, &stylize, &[&flags[..], &network, &["--write-config", "s.toml"]].concat());
    let settings = read(&bench, "s.toml");
    assert_eq!((settings.scale_iterations, settings.iterations), (vec![3, 1], 180));
    assert_eq!(settings.init, Init::File("style.png".into()));
    assert!(first == run(&bench, &stylize, &["--config", "s.toml"]));
    // One number in a file is that of each scale.
    let each = |text: &str| {
        bench.write("each.toml", format!("size = 40\nscales = 2\n{text}"));
        run(&bench, &stylize, &[&["--config", "each.toml"], &network[..]].concat())
    };
    assert!(each("scale-iterations = 2") == each("scale-iterations = [2, 2]"));
    assert!(each("scale-iterations = 2") != each("iterations = 2"));
}

#[test]
fn settings_are_written_before_the_run() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    bench.write("s.toml", "an older file");
    let start =
        ["stylize", "content.png", "style.png", "-o", "out.png", "--quiet", "--write-config", "s.toml"];
    let network = ["--model", "vgg19", "--weights", &narrow, "--size", "40"];
    // A run that is refused writes nothing.
    bench.refuse(&[&start[..], &["--weights", "missing.pth"]].concat(), 1);
    for flags in [
        &["--history", "0"][..],
        &["--style-blend", "1,2"],
        &["--scales", "9,40", "--size", "40"],
        &["--content-weight", "0", "--style-weight", "0"],
    ] {
        bench.refuse(&[&start[..], flags].concat(), 2);
        // It is refused for the pictures, before the weights are looked for.
        let line = bench.refuse(&[&start[..], flags, &["--weights", "missing.pth"]].concat(), 2);
        assert!(!line.contains("missing.pth"), "{flags:?}: {line}");
    }
    let batch = ["batch", "--content", "content.png", "--style", "style.png", "-o", "{content}-{style}.png"];
    let batch = [&batch[..], &["--quiet", "--write-config", "s.toml"]].concat();
    bench.refuse(&[&batch[..], &["--weights", "missing.pth"]].concat(), 1);
    bench.refuse(&[&batch[..], &["--content-weight", "0", "--style-weight", "0"]].concat(), 2);
    assert_eq!(text(&bench, "s.toml"), "an older file");
    // A batch with nothing left to do is one that was done.
    bench.write("content-style.png", "");
    bench.succeed(&[&batch[..], &["--skip-existing", "--seed", "5"]].concat());
    assert_eq!(read(&bench, "s.toml").seed, 5);
    // One that fails on its way has written them.
    let leaps = ["--optimizer", "adam", "--learning-rate", "1e30"];
    bench.refuse(&[&start[..], &network, &leaps].concat(), 1);
    assert_eq!(read(&bench, "s.toml").learning_rate, 1e30);
}

#[test]
fn settings_replace_nothing_that_is_read_or_written() {
    let bench = Bench::new();
    bench.write("mine.toml", "size = 40\n");
    bench.write("out-000001.png", "");
    let stylize = ["stylize", "content.png", "style.png", "-o", "out.png", "--config", "mine.toml"];
    for (flags, code, words) in [
        (&["--write-config", "content.png"][..], 2, "is also an input"),
        (&["--write-config", "./mine.toml"], 2, "is also an input"),
        (&["--write-config", "start.png", "--init", "start.png"], 2, "is also an input"),
        (&["--write-config", "out.png"], 2, "output and settings are both"),
        (&["--write-config", "t.jsonl", "--trace", "t.jsonl"], 2, "trace and settings are both"),
        (&["--write-config", "out-000001.png", "--save-every", "1"], 2, "may overwrite the settings"),
        (&["--write-config", "new/s.toml"], 1, "there is no folder 'new'; make it first"),
        (&["--write-config", "."], 1, "is a folder"),
    ] {
        let line = bench.refuse(&[&stylize[..], flags].concat(), code);
        assert!(line.contains(words), "{flags:?}: {line}");
    }
    let batch = ["batch", "--content", "content.png", "--style", "style.png", "-o", "{content}-{style}.png"];
    for file in ["style.png", "content-style.png", "./mine.toml"] {
        let line =
            bench.refuse(&[&batch[..], &["--config", "mine.toml", "--write-config", file]].concat(), 2);
        assert!(line.contains("also an input or an output"), "{file}: {line}");
    }
    assert_eq!(text(&bench, "mine.toml"), "size = 40\n");
    assert!(!bench.path("out.png").exists() && !bench.path("content-style.png").exists());
}
