//! Bad input: one line, exit code 1 or 2, and nothing overwritten.

use nst_tests::{Bench, jpeg, narrow_vgg19, waves};

/// What an older output file holds, to see that it is left alone.
const OLD: &str = "an older file";

/// Runs `nst stylize` with these arguments, and expects it to refuse with that code and words, leaving older files of
/// the output's and the trace's names alone, or making none.
fn refused(bench: &Bench, arguments: &[&str], code: i32, words: &str) {
    let written = ["out.png", "out.jsonl"];
    for is_there in [false, true] {
        for name in written {
            let _ = std::fs::remove_file(bench.path(name));
            if is_there {
                bench.write(name, OLD);
            }
        }
        let all = [&["stylize"], arguments, &["--trace", "out.jsonl", "--size", "40", "--iterations", "1"]]
            .concat();
        let line = bench.refuse(&all, code);
        assert!(line.contains(words), "{arguments:?}: {line}");
        for name in written {
            assert_eq!(
                std::fs::read_to_string(bench.path(name)).ok().as_deref(),
                is_there.then_some(OLD),
                "{line}"
            );
        }
    }
}

/// As [`refused`], of the content picture `content`.
fn content_refused(bench: &Bench, content: &str, words: &str) {
    refused(bench, &[content, "style.png", "-o", "out.png"], 1, words);
}

#[test]
fn files_that_are_no_pictures() {
    let bench = Bench::new();
    content_refused(&bench, "missing.png", "'missing.png': there is no such file");
    bench.write("text.png", "Dear diary");
    content_refused(&bench, "text.png", "is no PNG, JPEG, WebP or TIFF file");
    let whole = jpeg(&waves(200, 150), None);
    bench.write("cut.jpg", &whole[..whole.len() / 2]);
    content_refused(&bench, "cut.jpg", "is cut off");
    content_refused(&bench, ".", "is a folder");
    // A style is opened by the same code; one of them shows it.
    refused(&bench, &["content.png", "text.png", "-o", "out.png"], 1, "text.png");
    refused(&bench, &["content.png", "style.png", "-o", "out.png", "--init", "text.png"], 1, "text.png");
}

#[test]
fn pictures_of_hostile_sizes() {
    let bench = Bench::new();
    for (name, width, height) in [("point.png", 1, 1), ("line.png", 1, 5000)] {
        waves(width, height).save(bench.path(name)).unwrap();
        content_refused(&bench, name, "too small: layer relu4_2 needs at least 8 on each side");
        refused(&bench, &["content.png", name, "-o", "out.png"], 1, "the style picture is");
    }
    // The header of a picture of 60000x60000 pixels, and nothing of the picture.
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 60_000, 60_000);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, b"").unwrap();
    drop(writer);
    bench.write("huge.png", bytes);
    content_refused(&bench, "huge.png", "too many");
}

#[test]
fn settings_out_of_range() {
    let bench = Bench::new();
    for (flags, words) in [
        (&["--content-layers", "relu9_1"][..], "unknown layer 'relu9_1'"),
        (&["--style-layers", "relu1_1=x"], "'x' is no number"),
        (&["--style-weight", "nan"], "style-weight: must be 0 or more and finite"),
        (&["--style-weight", "-1"], "style-weight: must be 0 or more"),
        (&["--content-weight", "inf"], "content-weight"),
        (&["--style-weight", "1e308"], "style-weight"),
        (&["--content-weight", "0", "--style-weight", "0"], "nothing to do"),
        (&["--style-blend", "1,2"], "2 weights for 1 style picture;"),
        (&["--style-blend", "-1,2"], "style-blend: must be 0 or more and finite, got -1"),
        (&["--style-scales", "-1,2"], "style-scales: must be one factor or more"),
        (&["--betas", "0.9", "--optimizer", "adam"], "betas: say two numbers, such as 0.9 and 0.999; got 1"),
        (&["--learning-rate", "0"], "learning-rate"),
        (&["--history", "0"], "history"),
        (&["--pooling", "mean"], "[possible values: max, avg]"),
        (&["--preset", "vincent"], "possible values: default"),
        (&["--style-wieght", "3"], "a similar argument exists: '--style-weight'"),
        (&["--threads", "0"], "--threads"),
        (&["--threads", "1025"], "--threads"),
        (&["--save-every", "0"], "--save-every"),
        (&["--pixels", "rgb01"], "--weights FILE"),
        (&["--quiet", "--verbose"], "cannot be used with"),
        (&["--seed", "9223372036854775808"], "9223372036854775808"),
    ] {
        refused(&bench, &[&["content.png", "style.png", "-o", "out.png"], flags].concat(), 2, words);
    }
    // Too small for a layer, by what was asked for.
    for (flags, words) in [
        (["--scales", "9,40"], "scales: at 9 pixels: size makes a picture of 9x7 pixels, too small: layer"),
        (["--style-size", "9"], "style-size: makes a picture of 7x9 pixels, too small: layer relu5_1 needs"),
        (["--style-scales", "0.2"], "style-scales: makes a picture of 7x8 pixels"),
    ] {
        refused(&bench, &[&["content.png", "style.png", "-o", "out.png"], &flags[..]].concat(), 2, words);
    }
    refused(&bench, &["content.png"], 2, "required arguments were not provided");
    // The network in the box has no such layer.
    let deep = ["content.png", "style.png", "-o", "out.png", "--content-layers", "relu5_4"];
    refused(&bench, &deep, 2, "content-layers: vgg16 has no layer relu5_4");
}

#[test]
fn weights_that_do_not_fit() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let with = |flags: &[&str], code, words: &str| {
        refused(&bench, &[&["content.png", "style.png", "-o", "out.png"], flags].concat(), code, words);
    };
    with(
        &["--weights", &narrow, "--model", "vgg16"],
        1,
        "holds weights of vgg19, expected vgg16; say --model vgg19",
    );
    with(&["--model", "vgg19"], 1, "run `nst weights fetch vgg19`, or give --weights FILE or --model vgg16");
    with(&["--weights", "missing.pth"], 1, "missing.pth");
    with(&["--weights", "style.png"], 1, "not a weight file");
    let bytes = std::fs::read(&narrow).unwrap();
    for (name, length) in [("head.safetensors", 20), ("half.safetensors", bytes.len() / 2)] {
        bench.write(name, &bytes[..length]);
        with(&["--weights", name, "--model", "vgg19"], 1, "damaged");
    }
}

#[test]
fn paths_that_cannot_be_written() {
    let bench = Bench::new();
    let to = |output: &str, code, words: &str| {
        refused(&bench, &["content.png", "style.png", "-o", output], code, words);
    };
    to("missing/out.png", 1, "there is no folder 'missing'");
    to("out", 2, "extension");
    to("out.gif", 2, "extension");
    std::fs::create_dir(bench.path("folder.png")).unwrap();
    to("folder.png", 1, "is a folder");
    let line =
        bench.refuse(&["stylize", "content.png", "style.png", "-o", "out.png", "--trace", "missing/t"], 1);
    assert!(line.contains("there is no folder 'missing'"), "{line}");
}

#[test]
fn what_is_read_is_never_written() {
    let bench = Bench::new();
    let content = std::fs::read(bench.path("content.png")).unwrap();
    std::fs::create_dir(bench.path("folder")).unwrap();
    let mut outputs = vec!["content.png", "./content.png", "folder/../content.png"];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink("content.png", bench.path("link.png")).unwrap();
        outputs.push("link.png");
    }
    for output in outputs {
        refused(&bench, &["content.png", "style.png", "-o", output], 2, "is also an input");
    }
    refused(&bench, &["style.png", "content.png", "-o", "content.png"], 2, "is also an input");
    refused(
        &bench,
        &["style.png", "style.png", "-o", "content.png", "--init", "content.png"],
        2,
        "is also an input",
    );
    for (output, trace, words) in [
        ("out.png", "content.png", "is also an input"),
        ("out.png", "./style.png", "is also an input"),
        ("out.png", "folder/../out.png", "are both"),
    ] {
        let line = bench.refuse(&["stylize", "content.png", "style.png", "-o", output, "--trace", trace], 2);
        assert!(line.contains(words), "{line}");
    }
    std::fs::hard_link(bench.path("content.png"), bench.path("linked")).unwrap();
    let line =
        bench.refuse(&["stylize", "content.png", "style.png", "-o", "out.png", "--trace", "linked"], 2);
    assert!(line.contains("is also an input"), "{line}");
    let traced = ["stylize", "content.png", "style.png", "-o", "out.png", "--save-every", "1"];
    let line = bench.refuse(&[&traced[..], &["--trace", "out-000001.png"]].concat(), 2);
    assert!(line.contains("may overwrite the trace"), "{line}");
    std::fs::copy(bench.path("content.png"), bench.path("out-000001.png")).unwrap();
    let snapshots = ["out-000001.png", "style.png", "-o", "out.png", "--save-every", "1"];
    refused(&bench, &snapshots, 2, "--save-every may overwrite");
    assert_eq!(std::fs::read(bench.path("content.png")).unwrap(), content);
}

/// A device that takes no byte, as a full disk does.
#[test]
#[cfg(target_os = "linux")]
fn a_trace_that_cannot_be_written_costs_no_older_result() {
    let bench = Bench::new();
    bench.write("out.png", OLD);
    let run = [
        "stylize",
        "content.png",
        "style.png",
        "-o",
        "out.png",
        "--size",
        "32",
        "--quiet",
        "--trace",
        "/dev/full",
    ];
    assert!(bench.refuse(&run, 1).ends_with("'out.png' is left as it was"));
    assert_eq!(std::fs::read_to_string(bench.path("out.png")).unwrap(), OLD);
}

#[test]
#[cfg(unix)]
fn an_output_that_is_a_link_stays_one() {
    let bench = Bench::new();
    bench.write("old.png", OLD);
    std::os::unix::fs::symlink("old.png", bench.path("out.png")).unwrap();
    bench.succeed(&[
        "stylize",
        "content.png",
        "style.png",
        "-o",
        "out.png",
        "--size",
        "32",
        "--iterations",
        "1",
    ]);
    assert!(bench.path("out.png").is_symlink());
    assert_eq!(bench.size("old.png").0, 32);
}

/// Biases of the first convolution so great that its features overflow.
fn overflowing_weights() -> Vec<u8> {
    let mut file = std::fs::read(narrow_vgg19()).unwrap();
    let (length, rest) = file.split_first_chunk().unwrap();
    let header = 8 + u64::from_le_bytes(*length) as usize;
    let tensors: serde_json::Value = serde_json::from_slice(&rest[..header - 8]).unwrap();
    let [start, end] =
        [0, 1].map(|i| tensors["features.0.bias"]["data_offsets"][i].as_u64().unwrap() as usize);
    for value in file[header + start..header + end].as_chunks_mut().0 {
        *value = f32::MAX.to_le_bytes();
    }
    file
}

#[test]
fn a_loss_that_is_not_finite_from_the_start() {
    let bench = Bench::new();
    bench.write("out.png", OLD);
    bench.write("great.safetensors", overflowing_weights());
    let start =
        ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--trace", "t.jsonl"];
    let network = ["--model", "vgg19", "--weights", "great.safetensors"];
    let line = bench.refuse(&[&start[..], &network, &["--quiet"]].concat(), 1);
    assert!(line.contains("the loss of the initial picture is not finite"), "{line}");
    assert_eq!(std::fs::read_to_string(bench.path("out.png")).unwrap(), OLD);
    // JSON has no infinity.
    assert!(bench.trace("t.jsonl")[0]["total"].is_null());
}
