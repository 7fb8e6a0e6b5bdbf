//! Masks from the command line.

use image::{Rgb, RgbImage};
use nst_tests::{Bench, narrow_vgg19};

const RED: Rgb<u8> = Rgb([255, 0, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 255]);

/// A mask whose left half is red and whose right half is blue.
fn halves(bench: &Bench, name: &str, width: u32, height: u32) {
    let mask = RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE });
    mask.save(bench.path(name)).expect("a mask");
}

fn run<'a>(narrow: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "40", "--iterations", "4"];
    [&start[..], &["--model", "vgg19", "--weights", narrow], rest].concat()
}

#[test]
fn a_region_stays_as_the_photo_is() {
    let (bench, narrow) = (Bench::new(), narrow_vgg19());
    halves(&bench, "mask.png", 80, 64);
    let flags = ["--mask", "mask.png", "--regions", "blue=keep", "--mask-softness", "0"];
    bench.succeed(&run(&narrow, &flags));
    let [content, out] =
        ["content.png", "out.png"].map(|name| image::open(bench.path(name)).expect("a picture").into_rgb8());
    let differs = |x: u32| (0..32).any(|y| content.get_pixel(x, y) != out.get_pixel(x, y));
    assert!((0..20).all(differs) && !(20..40).any(differs));
}

#[test]
fn each_content_of_a_batch_has_its_mask() {
    let (bench, narrow) = (Bench::new(), narrow_vgg19());
    halves(&bench, "content-mask.png", 40, 32);
    halves(&bench, "style-mask.png", 36, 44);
    let start =
        ["batch", "--content", "content.png", "style.png", "--style", "style.png", "-o", "o-{content}.png"];
    let network = ["--model", "vgg19", "--weights", &narrow, "--size", "40", "--iterations", "2"];
    let masks = ["--mask", "{content}-mask.png", "--style-masks", "style-mask.png"];
    bench.succeed(&[&start[..], &network, &masks].concat());
    assert_eq!((bench.size("o-content.png"), bench.size("o-style.png")), ((40, 32), (33, 40)));
    std::fs::remove_file(bench.path("content-mask.png")).expect("removed");
    let ended = bench.run(&[&start[..], &network, &masks].concat());
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("content-mask.png") && ended.stderr.contains("1 picture done, 1 failed"));
    let over = ["--mask", "o-{content}.png", "--style-masks", "style-mask.png"];
    assert!(bench.refuse(&[&start[..], &network, &over].concat(), 2).contains("is also a mask"));
}

#[test]
fn masks_that_cannot_be_are_told_in_a_line() {
    let (bench, narrow) = (Bench::new(), narrow_vgg19());
    halves(&bench, "mask.png", 40, 32);
    halves(&bench, "tall.png", 32, 40);
    for (flags, code, words) in [
        (&["--mask", "nowhere.png", "--regions", "red=1"][..], 1, "nowhere.png"),
        (&["--mask", "tall.png", "--regions", "red=1"], 2, "'tall.png' (32x40 pixels) has other proportions"),
        (&["--mask", "content.png", "--regions", "red=1"], 1, "is no mask"),
        (&["--mask", "mask.png", "--style-masks", "none,none"], 2, "2 masks for 1 style picture;"),
        (&["--mask", "mask.png", "--regions", "red=one"], 2, "counted from 1"),
        (&["--mask", "out.png", "--regions", "red=1"], 2, "also an input"),
        (&["--mask", "mask.png"], 2, "changes nothing by itself"),
        (&["--regions", "red=1"], 2, "need a mask"),
    ] {
        let line = bench.refuse(&run(&narrow, flags), code);
        assert!(line.contains(words), "{flags:?}: {line}");
    }
}
