//! Ctrl-C and SIGTERM.
#![cfg(unix)]

use nst_tests::{Bench, narrow_vgg19};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What Ctrl-C sends, and what systems send that shut down, or want a job's machine: with the exit code.
const SIGNALS: [(&str, i32); 2] = [("-INT", 130), ("-TERM", 143)];

fn send(signal: &str, Running(child): &Running) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// A process that does not outlive a failed test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails if it has ended already, as it should have.
        let _ = self.0.kill();
    }
}

/// A run that would take hours, past its first evaluation, and what it says from there on.
fn long_run(bench: &Bench, flags: &[&str]) -> (Running, BufReader<ChildStderr>) {
    let start = ["stylize", "content.png", "style.png", "-o", "out.png", "--iterations", "1000000"];
    let (child, mut said) = started(bench, &[&start, flags].concat());
    read_until(&mut said, "iteration 0 of 1000000");
    (child, said)
}

/// `nst` at work, and what it says.
fn started(bench: &Bench, arguments: &[&str]) -> (Running, BufReader<ChildStderr>) {
    let mut child = bench.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap());
    (Running(child), said)
}

fn read_until(said: &mut BufReader<ChildStderr>, words: &str) {
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "never said: {words}");
    }
}

/// Waits until the trace has so many lines, or more; how many it has.
fn wait_for_evaluations(bench: &Bench, count: usize) -> usize {
    for _ in 0..6000 {
        let lines = std::fs::read_to_string(bench.path("t.jsonl")).unwrap_or_default().lines().count();
        if lines >= count {
            return lines;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no {count} evaluations")
}

#[test]
fn once_saves_the_best_picture() {
    for (signal, code) in SIGNALS {
        let bench = Bench::new();
        let narrow = narrow_vgg19();
        let flags = ["--size", "40", "--model", "vgg19", "--weights", &narrow, "--trace", "t.jsonl"];
        let (mut child, mut said) = long_run(&bench, &flags);
        // Past its first step, before which there is nothing to save.
        wait_for_evaluations(&bench, 5);
        send(signal, &child);
        read_until(&mut said, "a second Ctrl-C or SIGTERM ends at once");
        read_until(&mut said, "interrupted; wrote out.png");
        assert_eq!(child.0.wait().unwrap().code(), Some(code));
        assert_eq!(bench.size("out.png"), (40, 32));
        // The trace ends with a whole line.
        assert!(!bench.trace("t.jsonl").is_empty());
    }
}

#[test]
fn twice_ends_at_once() {
    for (first, second, code) in [("-INT", "-INT", 130), ("-INT", "-TERM", 143), ("-TERM", "-TERM", 143)] {
        let bench = Bench::new();
        // Evaluations of some tenths of a second, so that the second one comes before the end of the first.
        let (mut child, mut said) = long_run(&bench, &["--size", "200", "--threads", "1"]);
        send(first, &child);
        read_until(&mut said, "a second Ctrl-C or SIGTERM ends at once");
        send(second, &child);
        assert_eq!(child.0.wait().unwrap().code(), Some(code));
        assert!(!bench.path("out.png").exists());
    }
}

/// Here while it waits for a picture that nobody writes.
#[test]
fn signals_end_what_has_not_begun() {
    for (signal, code) in SIGNALS {
        ends_what_has_not_begun(signal, code);
    }
}

fn ends_what_has_not_begun(signal: &str, code: i32) {
    let bench = Bench::new();
    let pipe = bench.path("content.pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (mut child, _said) = started(&bench, &["stylize", "content.pipe", "style.png", "-o", "out.png"]);
    // Opened as soon as `nst` opens it, which is later than it begins to listen.
    let (sender, opened) = mpsc::channel();
    std::thread::spawn(move || sender.send(File::options().write(true).open(pipe)));
    let _held = opened.recv_timeout(Duration::from_mins(1)).unwrap().unwrap();
    send(signal, &child);
    let ended = (0..6000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        child.0.try_wait().unwrap()
    });
    assert_eq!(ended.expect("an end").code(), Some(code), "{signal}");
}

/// `nohup` has told it to.
#[test]
fn a_hangup_is_ignored_where_it_was() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let nst = nst_tests::nst().to_str().unwrap();
    let run = ["stylize", "content.png", "style.png", "-o", "out.png", "--iterations", "1000000"];
    let flags = ["--size", "40", "--model", "vgg19", "--weights", &narrow, "--trace", "t.jsonl"];
    let mut nohup = Command::new("nohup");
    nohup.arg(nst).args(run).args(flags).current_dir(bench.path(".")).stderr(Stdio::piped());
    let mut child = Running(nohup.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
    let mut said = BufReader::new(child.0.stderr.take().unwrap());
    read_until(&mut said, "iteration 0 of 1000000");
    send("-HUP", &child);
    let done = wait_for_evaluations(&bench, 5);
    wait_for_evaluations(&bench, done + 20);
    assert!(child.0.try_wait().unwrap().is_none());
}

#[test]
fn a_batch_ends_when_the_picture_in_work_is_done() {
    for (signal, code) in SIGNALS {
        let bench = Bench::new();
        // The second picture would be refused; it is not begun.
        bench.write("z.png", "no picture");
        let contents = ["batch", "--content", "content.png", "z.png"];
        let flags = ["--style", "style.png", "-o", "{content}-{style}.png"];
        // A second's work: the interruption comes in the middle of it.
        let work = ["--size", "128", "--iterations", "12"];
        let (mut child, mut said) = started(&bench, &[&contents[..], &flags, &work].concat());
        read_until(&mut said, "[1/2] iteration 0 of 12");
        send(signal, &child);
        read_until(&mut said, "ending after this picture; a second Ctrl-C or SIGTERM ends at once");
        read_until(&mut said, "[1/2] wrote content-style.png");
        read_until(&mut said, "interrupted: 1 picture done, 0 failed, 0 skipped, 1 left");
        assert_eq!(child.0.wait().unwrap().code(), Some(code));
        assert_eq!(bench.size("content-style.png"), (128, 102));
        assert!(!bench.path("z-style.png").exists());
    }
}

#[test]
fn a_sweep_ends_with_a_sheet_of_what_is_done() {
    for (signal, code) in SIGNALS {
        let bench = Bench::new();
        let narrow = narrow_vgg19();
        let sheet = ["sweep", "content.png", "style.png", "-o", "sheet.png"];
        let cells = ["--vary", "iterations=1,1000000,2"];
        let network = ["--size", "40", "--model", "vgg19", "--weights", &narrow];
        let (mut child, mut said) = started(&bench, &[&sheet[..], &cells, &network].concat());
        read_until(&mut said, "[1/3] iterations 1: loss");
        // Lines of a run come some seconds apart; this one is in the second cell for hours.
        read_until(&mut said, "[2/3] iteration ");
        send(signal, &child);
        read_until(&mut said, "with the cells that are done; a second Ctrl-C or SIGTERM ends at once");
        read_until(&mut said, "interrupted; wrote sheet.png: 1 cell done, 0 failed, 2 left");
        assert_eq!(child.0.wait().unwrap().code(), Some(code));
        assert!(bench.size("sheet.png").0 > 3 * 40);
    }
}
