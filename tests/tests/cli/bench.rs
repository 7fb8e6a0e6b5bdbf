//! `nst bench`.

use nst_tests::{Bench, narrow_vgg19};
use serde_json::Value;

const SMALL: [&str; 5] = ["bench", "--size", "32", "--repeats", "1"];

#[test]
fn the_table_has_every_layer_and_the_whole() {
    let bench = Bench::new();
    let table = bench.succeed(&[&SMALL[..], &["--threads", "2"]].concat()).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("machine: ") && lines[0].ends_with("2 threads)"), "{table}");
    assert!(lines[2].ends_with(" vgg16, 32x32 pixels"), "{table}");
    let row = |name: &str| {
        let found = lines.iter().find(|line| line.starts_with(name));
        found.unwrap_or_else(|| panic!("{name}: {table}")).split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("conv3_1 ")[1..3], ["8x8", "128->256"]);
    assert_eq!(row("Gram relu5_1 ")[2..4], ["2x2", "512"]);
    // Layer, pixels, channels; then twice milliseconds, a rate, a share and a percent sign.
    for (name, titles) in [("conv1_1 ", 3), ("conv5_1 ", 3), ("convolutions ", 1), ("Gram matrices ", 2)] {
        let numbers = &row(name)[titles..];
        assert_eq!((numbers.len(), numbers[3], numbers[7]), (8, "%", "%"), "{table}");
        assert!(numbers[0].parse::<f64>().unwrap() > 0.0 && numbers[4].parse::<f64>().unwrap() > 0.0);
    }
    let milliseconds = |name: &str| {
        let words = row(name);
        let unit = words.iter().position(|word| word.trim_end_matches(',') == "ms").unwrap();
        words[unit - 1].parse::<f64>().unwrap()
    };
    assert!(milliseconds("one evaluation ") >= milliseconds("sum of the parts "), "{table}");
    assert!(!table.contains("conv5_2"), "beyond the losses: {table}");
}

#[test]
fn json_is_one_object() {
    let bench = Bench::new();
    let json = |more: &[&str]| -> Value {
        serde_json::from_str(&bench.succeed(&[&SMALL[..], &["--json"], more].concat()).stdout).unwrap()
    };
    let random = json(&["--model", "vgg19", "--random-weights", "--threads", "1", "--pooling", "avg"]);
    assert_eq!((&random["network"], &random["random_weights"]), (&"vgg19".into(), &true.into()));
    assert!(random["device"].as_str().unwrap().ends_with("1 thread)"), "{random}");
    assert!(random["peak_flops"].as_f64().unwrap() > 1e7);
    let convolutions = random["convolutions"].as_array().unwrap();
    let [first, last] = [0, 12].map(|index| &convolutions[index]);
    assert_eq!((convolutions.len(), &last["layer"]), (13, &"conv5_1".into()));
    assert_eq!(first["flops"], f64::from(2 * 9 * 3 * 64 * 32 * 32));
    assert!(
        last["forward_seconds"].as_f64().unwrap() > 0.0 && last["backward_seconds"].as_f64().unwrap() > 0.0
    );
    assert_eq!(random["grams"].as_array().unwrap().len(), 5);
    let tensors = random["tensor_bytes"].as_u64().unwrap();
    // VGG-19 up to conv5_1 has 12.9 million weights.
    assert!(tensors > 4 * 12_900_000, "{tensors}");
    let resident = random["peak_resident_bytes"].as_u64();
    assert_eq!(resident.is_some(), cfg!(target_os = "linux"));
    assert!(resident.is_none_or(|bytes| bytes > tensors / 2), "{resident:?}");
    let narrow = json(&["--model", "vgg19", "--weights", &narrow_vgg19()]);
    assert_eq!(narrow["random_weights"], false);
    assert!(narrow["tensor_bytes"].as_u64().unwrap() < tensors);
}

#[test]
fn what_it_cannot_measure_is_refused() {
    let bench = Bench::new();
    for (arguments, code, words) in [
        (&["--size", "0"][..], 2, "size"),
        (&["--size", "x"], 2, "--size"),
        (&["--size", "15"], 2, "15x15 pixels, too small: layer relu5_1 needs at least 16"),
        (&["--repeats", "0"], 2, "--repeats"),
        (&["--threads", "0"], 2, "--threads"),
        (&["--random-weights", "--weights", "w.pth"], 2, "cannot be used with"),
        (&["--model", "vgg19"], 1, "`nst weights fetch vgg19`"),
        (&["--model", "vgg19"], 1, "--random-weights"),
        (&["--weights", "missing.pth"], 1, "missing.pth"),
        (&["--weights", &narrow_vgg19()], 1, "--model vgg19"),
        (&["--pixels", "rgb01"], 2, "--weights FILE"),
        (&["content.png"], 2, "content.png"),
    ] {
        let line = bench.refuse(&[&["bench"], arguments].concat(), code);
        assert!(line.contains(words), "{arguments:?}: {line}");
    }
}
