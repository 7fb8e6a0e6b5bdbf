//! `nst sweep`: a sheet of one picture with several values of one or two settings.

use image::RgbImage;
use nst_tests::{Bench, Ended, narrow_vgg19};

const START: [&str; 3] = ["sweep", "content.png", "style.png"];

/// Runs `nst sweep` quickly on a narrow network.
fn sweep(bench: &Bench, flags: &[&str]) -> Ended {
    let narrow = narrow_vgg19();
    let quick = ["--size", "40", "--model", "vgg19", "--weights", &narrow];
    let is_told = flags.iter().any(|flag| flag.starts_with("scale-iterations"));
    let iterations: &[&str] = if is_told { &[] } else { &["--iterations", "2"] };
    bench.run(&[&START[..], &quick, iterations, flags].concat())
}

fn succeed(bench: &Bench, flags: &[&str]) -> String {
    let ended = sweep(bench, flags);
    assert_eq!(ended.code, Some(0), "{flags:?}: {}", ended.stderr);
    ended.stderr
}

fn picture(bench: &Bench, name: &str) -> RgbImage {
    image::open(bench.path(name)).unwrap().into_rgb8()
}

/// Where a cell lies on a sheet: its left upper corner.
fn place(sheet: &RgbImage, cell: &RgbImage) -> Option<(u32, u32)> {
    let row = |picture: &RgbImage, x: u32, y: u32| {
        let start = 3 * (y * picture.width() + x) as usize;
        picture.as_raw()[start..start + 3 * cell.width() as usize].to_vec()
    };
    let is_at = |x: u32, y: u32| (0..cell.height()).all(|line| row(sheet, x, y + line) == row(cell, 0, line));
    let (xs, ys) = (0..=sheet.width() - cell.width(), 0..=sheet.height() - cell.height());
    ys.flat_map(|y| xs.clone().map(move |x| (x, y))).find(|&(x, y)| is_at(x, y))
}

#[test]
fn each_cell_is_what_a_run_of_its_own_makes() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("cells")).unwrap();
    let said = succeed(
        &bench,
        &["--vary", "seed=3,4", "--vary", "style-weight=50,5e2", "--init", "noise", "-o", "sheet.png"]
            .into_iter()
            .chain(["--cell-dir", "cells", "--verbose"])
            .collect::<Vec<_>>(),
    );
    assert_eq!(said.matches("weights: vgg19").count(), 1, "{said}");
    assert!(said.contains("[4/4] seed 4, style-weight 5e2: loss "), "{said}");
    assert!(
        said.lines().last().unwrap().starts_with("wrote sheet.png: 4 cells done, 0 failed, 0 left"),
        "{said}"
    );
    let sheet = picture(&bench, "sheet.png");
    let narrow = narrow_vgg19();
    let mut places = Vec::new();
    for (seed, weight) in [("3", "50"), ("4", "50"), ("3", "5e2"), ("4", "5e2")] {
        let file = format!("cells/seed={seed},style-weight={weight}.png");
        let network = ["--size", "40", "--iterations", "2", "--model", "vgg19", "--weights", &narrow];
        let own = ["--seed", seed, "--style-weight", weight, "--init", "noise", "-o", "own.png"];
        bench.succeed(&[&["stylize", "content.png", "style.png"], &network[..], &own].concat());
        let bytes = |name: &str| std::fs::read(bench.path(name)).unwrap();
        assert!(bytes("own.png") == bytes(&file), "{file}");
        places.push(place(&sheet, &picture(&bench, &file)).expect("the cell is on the sheet"));
    }
    // Seeds along, weights down.
    let [a, b, c, d] = places[..] else { panic!("{places:?}") };
    assert!(a.1 == b.1 && c.1 == d.1 && a.0 == c.0 && b.0 == d.0, "{places:?}");
    assert!(b.0 >= a.0 + 40 + 4 && c.1 >= a.1 + 32 + 4, "{places:?}");
    // Without --cell-dir, nothing but the sheet; the same bytes.
    let flags = ["--vary", "seed=3,4", "--vary", "style-weight=50,5e2", "--init", "noise", "-o", "again.png"];
    assert!(succeed(&bench, &[&flags[..], &["--quiet"]].concat()).is_empty());
    assert!(picture(&bench, "again.png") == sheet);
}

#[test]
fn choices_lists_and_files_are_varied_as_numbers_are() {
    let bench = Bench::new();
    let said = succeed(
        &bench,
        &[
            "--vary",
            "pooling=max,avg",
            "--vary",
            "tv=absolute,squared",
            "--tv-weight",
            "0.1",
            "-o",
            "a.png",
            "-v",
        ],
    );
    // Two networks, each loaded once.
    assert_eq!(said.matches("weights: vgg19").count(), 2, "{said}");
    for (vary, cells) in [
        ("style-layers=relu1_1;relu2_1,relu3_1=0.5", 2),
        ("color=style,content,match", 3),
        ("init=content,style,style.png", 3),
        ("time-limit=1h,90s", 2),
        ("scales=1;20,30", 2),
        ("scale-iterations=1;1,1", 2),
        ("size=24,40", 2),
    ] {
        let said = succeed(&bench, &["--vary", vary, "-o", "a.png"]);
        assert!(said.contains(&format!("{cells} cells done")), "{vary}: {said}");
    }
    // Cells of 24 and of 40 pixels have the same room.
    let (width, height) = bench.size("a.png");
    assert!(width > 80 && height > 32, "{width}x{height}");
}

#[test]
fn what_cannot_be_swept_is_refused_before_any_work() {
    let bench = Bench::new();
    bench.write("mine.toml", "seed = 1\n");
    std::fs::create_dir(bench.path("seed=1.png")).unwrap();
    for (flags, code, words) in [
        (&["--vary", "sise=1,2"][..], 2, "there is no setting 'sise'"),
        (&["--vary", "history=3,none"], 2, "history=none: "),
        (&["--vary", "history=3,0"], 2, "history 0: history: must be 1 or more"),
        (&["--vary", "style-loss=gram,grams"], 2, "style-loss=grams: "),
        (&["--vary", "seed=1,1"], 2, "the same settings"),
        (&["--vary", "seed"], 2, "say which setting"),
        (&["--vary", "seed=1", "--vary", "seed=2"], 2, "both columns and rows"),
        (&["--vary", "seed=1", "--vary", "noise=2", "--vary", "history=3"], 2, "once or twice"),
        (&["--vary", "seed=1", "-o", "style.png"], 2, "is also an input"),
        (&["--vary", "init=content,sheet.png"], 2, "is also an input"),
        (&["--vary", "seed=1", "--config", "mine.toml", "-o", "mine.toml"], 2, "extension"),
        (&["--vary", "seed=1", "--write-config", "sheet.png"], 2, "output and settings are both"),
        (&["--vary", "seed=1", "-o", "sheet.gif"], 2, "extension"),
        (&["--vary", "seed=2", "--cell-dir", "new"], 1, "there is no folder 'new'; make it first"),
        (&["--vary", "seed=1", "--cell-dir", "."], 1, "is a folder"),
        (&["--vary", "seed=2", "--cell-dir", ".", "-o", "seed=2.png"], 2, "would replace another file"),
        (&["--vary", "init=a/b,a_b", "--cell-dir", "."], 2, "two cells would be"),
        (&["--vary", "init=content,missing.png"], 1, "missing.png"),
        (&["--vary", "model=vgg16,vgg19"], 1, "nst weights fetch vgg19"),
        (&["--vary", "seed=1,2,3", "--size", "10000"], 2, "too many"),
        (&["--vary", "iterations=1,2", "--scale-iterations", "2"], 2, "no effect beside scale-iterations"),
        (
            &["--vary", "iterations=1,2", "--vary", "scale-iterations=3,4"],
            2,
            "no effect beside scale-iterations",
        ),
        (
            &["--vary", "style-size=40,5,36"],
            2,
            "style-size 5: style-size: makes a picture of 4x5 pixels, too small: layer relu5_1 needs at least 16",
        ),
        (&["--vary", "size=40,9"], 2, "size 9: size: makes a picture of 9x7 pixels"),
        (&["--vary", "scales=1;9,40", "--size", "40"], 2, "scales 9,40: scales: at 9 pixels: size makes"),
        (&["--vary", "style-weight=1,0", "--content-weight", "0"], 2, "style-weight 0: content-weight, "),
        (&["--vary", "style-blend=1;1,2"], 2, "style-blend 1,2: style-blend: 2 weights for 1 style picture;"),
        (&["--vary", "regions=red=1;blue=keep"], 2, "regions red=1: regions: need a mask"),
        (&["--vary", "content-layers=relu4_2,relu5_4"], 2, "content-layers: vgg16 has no layer relu5_4"),
    ] {
        let output = ["-o", "sheet.png"];
        let output = if flags.contains(&"-o") { &[] } else { &output[..] };
        let line = bench.refuse(&[&START[..], output, flags].concat(), code);
        assert!(line.contains(words), "{flags:?}: {line}");
    }
    assert!(!bench.path("sheet.png").exists());
}

#[test]
fn a_cell_that_fails_is_empty() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("cells")).unwrap();
    // Beyond single precision, in one of three cells.
    let flags = ["--vary", "learning-rate=1,1e30,4", "--optimizer", "adam", "-o", "sheet.png"];
    let ended = sweep(&bench, &[&flags[..], &["--cell-dir", "cells"]].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let errors: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("nst: ")).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("nst: learning-rate 1e30: failed: the loss or its gradient"), "{errors:?}");
    assert!(
        ended.stderr.contains("[3/3] learning-rate 4: ")
            && ended.stderr.contains("2 cells done, 1 failed, 0 left")
    );
    let sheet = picture(&bench, "sheet.png");
    let places = ["1", "4"]
        .map(|rate| place(&sheet, &picture(&bench, &format!("cells/learning-rate={rate}.png"))).unwrap());
    assert!(!bench.path("cells/learning-rate=1e30.png").exists());
    // Between the two, one grey.
    let middle = u32::midpoint(places[0].0, places[1].0);
    let color = sheet.get_pixel(middle, places[0].1);
    assert!(color.0[0] == color.0[1] && color.0[0] < sheet.get_pixel(0, 0).0[0], "{color:?}");
    let is_empty = |x: u32, y: u32| sheet.get_pixel(middle + x, places[0].1 + y) == color;
    assert!((0..40).all(|x| (0..32).all(|y| is_empty(x, y))));
    // With nothing to show, an older sheet is left alone.
    bench.write("sheet.png", "an older file");
    let ended =
        sweep(&bench, &["--vary", "learning-rate=1e30,2e30", "--optimizer", "adam", "-o", "sheet.png"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("'sheet.png' is left as it was: 0 cells done, 2 failed"),
        "{}",
        ended.stderr
    );
    assert_eq!(std::fs::read_to_string(bench.path("sheet.png")).unwrap(), "an older file");
}

#[test]
fn a_sweep_is_repeated_by_its_written_settings() {
    let bench = Bench::new();
    let vary = ["--vary", "style-weight=10,100"];
    let first = ["--init", "noise", "--seed", "5", "--write-config", "s.toml", "-o", "first.png"];
    succeed(&bench, &[&vary[..], &first].concat());
    bench.succeed(&[&START[..], &vary, &["--config", "s.toml", "-o", "again.png"]].concat());
    assert!(picture(&bench, "first.png") == picture(&bench, "again.png"));
}
