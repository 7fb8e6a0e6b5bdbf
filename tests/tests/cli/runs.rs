//! Runs: the same bytes, the trace, snapshots, the picture to start from.

use nst_tests::{Bench, narrow_vgg19};
use serde_json::Value;

/// Runs `nst stylize` on the two pictures of the bench, quickly, and gives the bytes of its output.
fn stylize(bench: &Bench, flags: &[&str]) -> Vec<u8> {
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40"];
    let network = ["--model", "vgg19", "--weights", &narrow];
    bench.succeed(&[&start[..], &network, flags].concat());
    std::fs::read(bench.path("out.png")).unwrap()
}

fn number(line: &Value, field: &str) -> f64 {
    line[field].as_f64().unwrap_or_else(|| panic!("{field} in {line}"))
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let bench = Bench::new();
    // The real network: its layers are large enough to be shared out.
    let run = |flags: &[&str]| {
        let start =
            ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "64", "--iterations", "3"];
        bench.succeed(&[&start[..], flags].concat());
        std::fs::read(bench.path("out.png")).unwrap()
    };
    for init in ["content", "noise"] {
        let one = run(&["--init", init, "--seed", "5", "--threads", "1"]);
        assert_eq!(one, run(&["--init", init, "--seed", "5", "--threads", "2"]), "{init}");
        assert_eq!(one, run(&["--init", init, "--seed", "5"]), "{init}");
    }
    let [five, six] = ["5", "6"].map(|seed| run(&["--init", "noise", "--seed", seed]));
    assert_ne!(five, six);
}

#[test]
fn the_trace_has_a_line_for_each_evaluation() {
    let bench = Bench::new();
    stylize(&bench, &["--iterations", "6", "--tv-weight", "0.01", "--trace", "t.jsonl"]);
    let lines = bench.trace("t.jsonl");
    assert!(lines.len() >= 7, "{} lines", lines.len());
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(number(line, "evaluation"), index as f64);
        assert_eq!((number(line, "scale"), number(line, "width"), number(line, "height")), (0.0, 40.0, 32.0));
        let parts = ["content", "style", "tv"].map(|part| number(line, part));
        let total = number(line, "total");
        assert!((parts.iter().sum::<f64>() - total).abs() <= 1e-12 * total, "{line}");
        assert!(parts[1..].iter().all(|&part| part > 0.0), "{line}");
    }
    // The first line belongs to the content picture itself, which has its own content.
    assert_eq!((number(&lines[0], "iteration"), number(&lines[0], "content")), (0.0, 0.0));
    let last = lines.last().unwrap();
    assert_eq!(number(last, "iteration"), 6.0);
    assert!(number(last, "total") < number(&lines[0], "total"));
    assert!(number(last, "seconds") > number(&lines[0], "seconds"));
}

#[test]
fn no_iterations_evaluate_the_initial_picture_and_write_it() {
    let bench = Bench::new();
    stylize(&bench, &["--iterations", "0", "--trace", "t.jsonl"]);
    assert_eq!(bench.trace("t.jsonl").len(), 1);
    let [written, content] =
        ["out.png", "content.png"].map(|name| image::open(bench.path(name)).unwrap().into_rgb8());
    assert_eq!(written, content);
}

#[test]
fn a_line_search_is_traced_by_evaluation() {
    let bench = Bench::new();
    stylize(&bench, &["--iterations", "4", "--line-search", "wolfe", "--trace", "t.jsonl"]);
    let lines = bench.trace("t.jsonl");
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(number(line, "evaluation"), index as f64);
    }
    assert_eq!(number(lines.last().unwrap(), "iteration"), 4.0);
}

#[test]
fn the_picture_starts_where_it_is_told_to() {
    let bench = Bench::new();
    let first_content = |init: &str| {
        stylize(&bench, &["--iterations", "0", "--init", init, "--trace", "t.jsonl"]);
        number(&bench.trace("t.jsonl")[0], "content")
    };
    assert_eq!(first_content("content"), 0.0);
    assert_eq!(first_content("content.png"), 0.0);
    let others = ["noise", "style", "style.png"].map(first_content);
    assert!(others.iter().all(|&content| content > 0.0), "{others:?}");
    // Cropped to the content's shape, or squeezed into it.
    assert_ne!(others[1], others[2]);
}

#[test]
fn snapshots_are_written_on_the_way() {
    let bench = Bench::new();
    let full = stylize(&bench, &["--iterations", "6", "--save-every", "2", "--trace", "t.jsonl"]);
    let evaluations = bench.trace("t.jsonl").len() - 1;
    let names: Vec<String> = (1..=evaluations / 2).map(|i| format!("out-{:06}.png", 2 * i)).collect();
    assert!(names.len() >= 3);
    for name in &names {
        assert_eq!(bench.size(name), (40, 32));
    }
    let mut pictures: Vec<_> = std::fs::read_dir(bench.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("out-"))
        .collect();
    pictures.sort();
    assert_eq!(pictures, names);
    assert_ne!(std::fs::read(bench.path(&names[0])).unwrap(), full);
}

#[test]
fn quiet_says_nothing_and_verbose_tells_each_layer() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--iterations", "2"];
    let network = ["--model", "vgg19", "--weights", &narrow];
    let said = |flag: &[&str]| {
        let ended = bench.succeed(&[&start[..], &network, flag].concat());
        assert_eq!(ended.stdout, "");
        ended.stderr
    };
    assert_eq!(said(&["--quiet"]), "");
    let normal = said(&[]);
    assert!(
        normal.starts_with("iteration 0 of 2: 40x32, loss ") && normal.contains("wrote out.png: loss "),
        "{normal}"
    );
    let verbose = said(&["--verbose"]);
    for part in
        ["style-weight = 100.0", "from random numbers", "device: ", "content relu4_2", "style relu5_1", "MiB"]
    {
        assert!(verbose.contains(part), "{part}: {verbose}");
    }
}

/// The table of losses that `--verbose` ends with: its columns, and its rows with their names.
fn losses(bench: &Bench, flags: &[&str]) -> (Vec<String>, Vec<(String, Vec<f64>)>) {
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--iterations", "4"];
    let network = ["--model", "vgg19", "--weights", &narrow, "--verbose"];
    let said = bench.succeed(&[&start[..], &network, flags].concat()).stderr;
    let lines = said.lines().skip_while(|line| !line.starts_with("loss ")).map(|line| line.split(' '));
    let mut lines = lines.map(|words| words.filter(|word| !word.is_empty()).map(str::to_owned).collect());
    let title: Vec<String> = lines.next().expect("a title");
    let columns = title[1..].to_vec();
    let row = |mut words: Vec<String>| {
        let values = words.split_off(words.len() - columns.len());
        (words.join(" "), values.iter().map(|value| value.parse().expect("a number")).collect())
    };
    let rows = lines.take_while(|words| words[0] != "memory").map(row).collect();
    (columns, rows)
}

#[test]
fn verbose_tells_the_losses_of_each_size_that_a_picture_is_seen_at() {
    let bench = Bench::new();
    let layers = ["content relu4_2", "style relu1_1", "style relu2_1"];
    let at = |size: &str| layers.map(|layer| format!("{layer} at {size}"));
    let seen = [&at("40x32")[..], &at("20x16"), &["total".to_owned()]].concat();
    let once = [&layers.map(str::to_owned)[..], &["total".to_owned()]].concat();
    for (flags, columns, names) in [
        (&["--scales", "1"][..], &["initial", "result"][..], &once),
        (&["--scales", "1", "--seen-from", "20"], &["initial", "result"], &seen),
        // At the first of these scales it is seen at its own size alone.
        (&["--scales", "20,40", "--seen-from", "20"], &["result"], &seen),
        (&["--scales", "20,40"], &["result"], &once),
    ] {
        let (titles, rows) = losses(&bench, &[flags, &["--style-layers", "relu1_1,relu2_1"]].concat());
        assert_eq!(titles, columns, "{flags:?}");
        assert_eq!(&rows.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names, "{flags:?}");
        for column in 0..columns.len() {
            let values: Vec<f64> = rows.iter().map(|(_, values)| values[column]).collect();
            let (total, parts) = values.split_last().unwrap();
            // Each is told with five digits.
            assert!((parts.iter().sum::<f64>() / total - 1.0).abs() < 1e-3, "{flags:?}: {rows:?}");
        }
    }
}

#[test]
fn a_run_that_fails_before_any_step_leaves_an_older_picture_alone() {
    let bench = Bench::new();
    bench.write("out.png", "an older file");
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--quiet"];
    let network = ["--model", "vgg19", "--weights", &narrow];
    // Steps so long that no number holds the loss, whatever it is cut to.
    let leaps = ["--optimizer", "adam", "--learning-rate", "1e30", "--trace", "t.jsonl"];
    let line = bench.refuse(&[&start[..], &network, &leaps].concat(), 1);
    assert!(line.contains("not finite") && line.contains("'out.png' is left as it was"), "{line}");
    let lines = bench.trace("t.jsonl");
    assert!(lines[0]["total"].is_number() && lines[1]["total"].is_null(), "{lines:?}");
    assert_eq!(std::fs::read_to_string(bench.path("out.png")).unwrap(), "an older file");
}

#[test]
fn a_run_that_has_converged_says_so() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40"];
    let network = ["--model", "vgg19", "--weights", &narrow, "--tolerance-gradient", "1e30"];
    let said = bench.succeed(&[&start[..], &network].concat()).stderr;
    assert!(said.contains("converged: the gradient vanishes\nwrote out.png"), "{said}");
}

/// A reader of the trace that leaves, as `head` does, ends nothing but the trace.
#[cfg(unix)]
#[test]
fn a_broken_pipe_is_no_failure() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let mut child = bench
        .command(&[
            "stylize",
            "content.png",
            "style.png",
            "-o",
            "out.png",
            "--size",
            "40",
            "--iterations",
            "4",
        ])
        .args(["--model", "vgg19", "--weights", &narrow, "--trace", "/dev/stdout"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(bench.size("out.png"), (40, 32));
}
