//! The two halves of the method by themselves.

use nst_tests::Bench;

/// The first and the last line of the trace, and the size of the picture.
fn run(bench: &Bench, arguments: &[&str]) -> ([f64; 3], [f64; 3], (u32, u32)) {
    let start = [
        "reconstruct",
        arguments[0],
        "style.png",
        "-o",
        "out.png",
        "--iterations",
        "8",
        "--trace",
        "t.jsonl",
    ];
    bench.succeed(&[&start[..], &arguments[1..]].concat());
    let lines = bench.trace("t.jsonl");
    let parts =
        |line: &serde_json::Value| ["content", "style", "tv"].map(|part| line[part].as_f64().unwrap());
    (parts(&lines[0]), parts(lines.last().unwrap()), bench.size("out.png"))
}

#[test]
fn content_has_a_content_loss_alone() {
    let bench = Bench::new();
    let (first, last, size) = run(&bench, &["content", "--layer", "relu2_2", "--size", "44"]);
    assert_eq!(size, (36, 44));
    assert_eq!((first[1], first[2]), (0.0, 0.0));
    assert!(last[0] < 0.5 * first[0], "{first:?} {last:?}");
}

#[test]
fn style_has_a_style_loss_alone_and_the_proportions_of_its_picture() {
    let bench = Bench::new();
    let (first, last, size) = run(&bench, &["style", "--layers", "relu1_1,relu2_1=0.5", "--size", "66"]);
    assert_eq!(size, (54, 66));
    assert_eq!((first[0], first[2]), (0.0, 0.0));
    assert!(last[1] < 0.5 * first[1], "{first:?} {last:?}");
}

#[test]
fn bad_input_is_refused_as_elsewhere() {
    let bench = Bench::new();
    for (arguments, code, words) in [
        (&["content", "style.png", "-o", "out.png", "--layer", "relu9_1"][..], 2, "unknown layer"),
        (&["content", "missing.png", "-o", "out.png"], 1, "no such file"),
        (&["style", "style.png", "-o", "style.png"], 2, "is also an input"),
        (&["style", "style.png", "-o", "out.png", "--style-weight", "3"], 2, "--style-weight"),
    ] {
        let line = bench.refuse(&[&["reconstruct"], arguments].concat(), code);
        assert!(line.contains(words), "{line}");
    }
}
