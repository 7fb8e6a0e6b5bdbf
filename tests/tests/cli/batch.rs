//! `nst batch`: many pictures, some of them broken, shared out, gone on with.

use nst_tests::{Bench, Ended, narrow_vgg19, stripes, waves};
use std::collections::BTreeSet;

/// A folder `photos` with so many content pictures, `00.png` and so on, and a folder `out`.
fn bench(contents: u32) -> Bench {
    let bench = Bench::new();
    for folder in ["photos", "out"] {
        std::fs::create_dir(bench.path(folder)).unwrap();
    }
    for number in 0..contents {
        waves(24 + number, 30).save(bench.path(&format!("photos/{number:02}.png"))).unwrap();
    }
    bench
}

/// Runs `nst batch` quickly on a narrow network.
fn batch(bench: &Bench, flags: &[&str]) -> Ended {
    let narrow = narrow_vgg19();
    let quick = ["--size", "32", "--iterations", "2", "--model", "vgg19", "--weights", &narrow];
    bench.run(&[&["batch"], flags, &quick].concat())
}

fn succeed(bench: &Bench, flags: &[&str]) -> String {
    let ended = batch(bench, flags);
    assert_eq!(ended.code, Some(0), "{flags:?}: {}", ended.stderr);
    ended.stderr
}

/// Expects a refusal in one line before anything is made.
fn refuse(bench: &Bench, flags: &[&str], code: i32) -> String {
    let ended = batch(bench, flags);
    assert_eq!(ended.code, Some(code), "{flags:?}: {}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert_eq!(files(bench, "out"), [""; 0]);
    ended.stderr
}

/// The names in a folder, sorted.
fn files(bench: &Bench, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(bench.path(folder)).unwrap();
    let names: BTreeSet<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.into_iter().collect()
}

fn count(text: &str, words: &str) -> usize {
    text.matches(words).count()
}

#[test]
fn broken_pictures_are_told_and_the_others_made() {
    let bench = bench(20);
    bench.write("photos/05.png", "Dear diary");
    waves(1, 1).save(bench.path("photos/11.png")).unwrap();
    let flags =
        ["--content", "photos", "--style", "style.png", "-o", "out/{content}-{style}.png", "--verbose"];
    let ended = batch(&bench, &flags);
    let said = &ended.stderr;
    assert_eq!(ended.code, Some(1), "{said}");
    let expected = (0..20).filter(|number| ![5, 11].contains(number));
    let expected: Vec<_> = expected.map(|number| format!("{number:02}-style.png")).collect();
    assert_eq!(files(&bench, "out"), expected);
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("nst: ")).collect();
    let paths =
        ["05.png", "11.png"].map(|name| std::path::Path::new("photos").join(name).display().to_string());
    assert_eq!(errors.len(), 2, "{said}");
    assert_eq!(errors[0], format!("nst: picture '{}': is no PNG, JPEG, WebP or TIFF file", paths[0]));
    assert!(errors[1].starts_with(&format!(
        "nst: '{}' in the style of 'style.png': the content picture is 1x1",
        paths[1]
    )));
    // The weights are opened once; the library's tests count what is packed.
    assert_eq!((count(said, "weights: vgg19"), count(said, "] wrote ")), (1, 18));
    assert!(said.contains("[20/20] wrote "), "{said}");
    assert!(said.lines().last().unwrap().starts_with("18 pictures done, 2 failed, 0 skipped, in "), "{said}");
    // Each is what a run of its own makes.
    let narrow = narrow_vgg19();
    let alone =
        ["stylize", "photos/07.png", "style.png", "-o", "alone.png", "--size", "32", "--iterations", "2"];
    bench.succeed(&[&alone[..], &["--model", "vgg19", "--weights", &narrow]].concat());
    let bytes = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert!(bytes("alone.png") == bytes("out/07-style.png"));
}

#[test]
fn contents_and_styles_come_by_file_folder_and_glob() {
    let bench = bench(3);
    std::fs::create_dir(bench.path("photos/more")).unwrap();
    waves(30, 30).save(bench.path("photos/more/03.PNG")).unwrap();
    bench.write("photos/notes.txt", "no picture");
    bench.write("photos/.hidden.png", "no picture");
    let made = |flags: &[&str]| {
        succeed(&bench, &[&["--style", "style.png", "-o", "out/{content}.png", "--quiet"], flags].concat());
        let made = files(&bench, "out");
        for name in &made {
            std::fs::remove_file(bench.path("out").join(name)).unwrap();
        }
        made.iter().map(|name| name.trim_end_matches(".png").to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(made(&["--content", "photos"]), "00 01 02");
    assert_eq!(made(&["--content", "photos/", "--recursive"]), "00 01 02 03");
    assert_eq!(made(&["--content", "photos/*[12]*"]), "01 02");
    assert_eq!(
        made(&["--content", "photos/02.png", "content.png", "--content", "photos/**/03.*"]),
        "02 03 content"
    );
    // Named twice, made once.
    assert_eq!(made(&["--content", "photos/01.png", "photos/0*", "./photos/01.png"]), "00 01 02");
}

#[test]
fn every_style_makes_a_picture_or_all_are_blended() {
    let bench = bench(2);
    stripes(20, 20).save(bench.path("other.png")).unwrap();
    let start = ["--content", "photos", "--style", "style.png", "other.png"];
    succeed(&bench, &[&start[..], &["-o", "out/{index}-{style}-{content}.png"]].concat());
    let expected = ["1-style-00.png", "2-style-01.png", "3-other-00.png", "4-other-01.png"];
    assert_eq!(files(&bench, "out"), expected);
    let blended = ["-o", "out/{content}.{style}.png", "--style-blend", "3,1"];
    succeed(&bench, &[&start[..], &blended].concat());
    assert_eq!(files(&bench, "out")[..2], ["00.style+other.png", "01.style+other.png"]);
    let one_too_few = [&start[..], &["-o", "none/{content}.png", "--style-blend", "1"]].concat();
    let ended = batch(&bench, &one_too_few);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("1 weight for 2 style pictures"), "{}", ended.stderr);
}

#[test]
fn a_broken_style_fails_its_pictures_alone() {
    let bench = bench(2);
    bench.write("broken.png", "Dear diary");
    let ended = batch(
        &bench,
        &["--content", "photos", "--style", "broken.png", "style.png", "-o", "out/{content}-{style}.png"],
    );
    assert_eq!(ended.code, Some(1));
    assert_eq!(files(&bench, "out"), ["00-style.png", "01-style.png"]);
    assert_eq!(count(&ended.stderr, "nst: "), 1);
    assert!(
        ended
            .stderr
            .contains("'broken.png': is no PNG, JPEG, WebP or TIFF file; pictures left out for it: 2")
    );
    assert!(ended.stderr.contains("2 pictures done, 2 failed, 0 skipped"), "{}", ended.stderr);
}

#[test]
fn shards_make_every_picture_once() {
    let bench = bench(5);
    let mut lines = Vec::new();
    for index in 1..=7 {
        let shard = format!("{index}/7");
        let flags = ["--content", "photos", "--style", "style.png", "content.png", "-o", "out/{index}.png"];
        let said = succeed(&bench, &[&flags[..], &["--shard", &shard]].concat());
        lines.push(said.lines().last().unwrap().to_owned());
    }
    let expected: Vec<_> = (1..=10).map(|index| format!("{index:02}.png")).collect();
    assert_eq!(files(&bench, "out"), expected);
    let made = |line: &String| line.split(' ').next().unwrap().parse::<usize>().unwrap();
    assert_eq!(lines.iter().map(made).collect::<Vec<_>>(), [2, 2, 2, 1, 1, 1, 1]);
    // One that has nothing to do is content with it.
    let none =
        ["--content", "content.png", "--style", "style.png", "-o", "out/{content}.png", "--shard", "2/2"];
    assert!(succeed(&bench, &none).starts_with("0 pictures done"));
}

#[test]
fn what_is_there_may_be_skipped() {
    let bench = bench(3);
    let flags = ["--content", "photos", "--style", "style.png", "-o", "out/{content}.png"];
    bench.write("out/01.png", "an older file");
    let again = [&flags[..], &["--skip-existing"]].concat();
    assert!(succeed(&bench, &again).contains("2 pictures done, 0 failed, 1 skipped"));
    assert_eq!(std::fs::read_to_string(bench.path("out/01.png")).unwrap(), "an older file");
    // With nothing left, nothing is loaded: not even weights that are not there.
    let all = [&["batch"], &again[..], &["--weights", "missing.pth"]].concat();
    assert!(bench.succeed(&all).stderr.starts_with("0 pictures done, 0 failed, 3 skipped"));
    assert!(succeed(&bench, &flags).contains("3 pictures done"));
    assert_eq!(bench.size("out/01.png"), (27, 32));
}

#[test]
fn what_cannot_be_written_or_read_is_refused_before_any_work() {
    let bench = bench(2);
    std::fs::create_dir(bench.path("empty")).unwrap();
    waves(30, 30).save(bench.path("00.jpg")).unwrap();
    let start = ["--content", "photos", "--style", "style.png"];
    for (flags, code, words) in [
        (&["-o", "out/same.png"][..], 2, "tell them apart"),
        (&["--content", "00.jpg", "-o", "out/{content}.png"], 2, "'out/00.png' would be both"),
        (&["-o", "photos/{content}.png"], 2, "is also an input"),
        (&["-o", "out/../{style}.png"], 2, "is also an input"),
        (
            &["--init", "content.png", "-o", "content{index}.png", "--content", "content1.png"],
            1,
            "content1.png",
        ),
        (&["-o", "new/{content}.png"], 1, "there is no folder 'new'; make it first"),
        (&["-o", "out/{content}.gif"], 2, "the extension must be"),
        (&["-o", "out/{contents}.png"], 2, "there is no field {contents}"),
        (
            &["--content", "missing/", "-o", "out/{content}.png"],
            1,
            "'missing/': there is no such file or folder",
        ),
        (&["--content", "empty", "-o", "out/{content}.png"], 1, "'empty': there is no picture"),
        (&["--content", "empty/*.png", "-o", "out/{content}.png"], 1, "'empty/*.png': there is no picture"),
        (&["--shard", "3/2", "-o", "out/{content}.png"], 2, "from 1 to N"),
        (&["--content-weight", "0", "--style-weight", "0", "-o", "out/{content}.png"], 2, "nothing to do"),
        (&["--init", "missing.png", "-o", "out/{content}.png"], 1, "missing.png"),
        (&["--history", "0", "-o", "out/{content}.png"], 2, "history"),
    ] {
        let line = refuse(&bench, &[&start[..], flags].concat(), code);
        assert!(line.starts_with("nst: ") && line.contains(words), "{flags:?}: {line}");
    }
    assert!(refuse(&bench, &["--content", "photos", "-o", "out/{content}.png"], 2).contains("--style"));
}

#[test]
fn a_time_limit_holds_for_each_picture() {
    let bench = bench(2);
    let flags =
        ["--content", "photos", "--style", "style.png", "-o", "out/{content}.png", "--time-limit", "1ms"];
    let said = succeed(&bench, &flags);
    assert_eq!(count(&said, "the time limit of 1ms is over"), 2, "{said}");
    assert_eq!(files(&bench, "out"), ["00.png", "01.png"]);
}
