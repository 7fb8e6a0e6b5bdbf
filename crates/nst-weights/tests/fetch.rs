//! Fetching over HTTP from a server that misbehaves.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use nst_weights::{Architecture, Error, FetchOptions, Manifest, Proxy, fetch, find};
use support::run::{CONVERTED, FILE, PART, Run, entry, files, from, manifest, options};
use support::server::{Reply, Server};
use support::{golden_bytes, sha256};

#[test]
fn a_good_server_is_asked_once() {
    let run = Run::new(vec![Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [String::new()]);
    assert_eq!(run.server.requests()[0].line, format!("GET /models/{FILE} HTTP/1.1"));
    let total = golden_bytes(FILE).len();
    assert_eq!(run.seen[0], format!("Download {{ done: 0, total: Some({total}) }}"));
    assert_eq!(
        run.seen[run.seen.len() - 3..],
        [format!("Download {{ done: {total}, total: Some({total}) }}"), "Verify".into(), "Convert".into()]
    );
}

#[test]
fn a_file_that_is_there_is_not_fetched_again() {
    let run = Run::new(vec![Reply::Serve]);
    let entry = entry(&run.server);
    let again = fetch(&entry, run.folder.path(), &options(), &mut |_| panic!("nothing to do")).unwrap();
    assert_eq!((again.already_there, &again.path), (true, &run.result.as_ref().unwrap().path));
    assert_eq!(run.server.requests().len(), 1);
    let found = find(run.folder.path(), &Manifest::embedded().unwrap(), Architecture::Vgg19).unwrap();
    assert_eq!(found, Some(again.path));
}

#[test]
fn another_file_in_the_way_is_left_alone() {
    let server = Server::start(golden_bytes(FILE), vec![]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(CONVERTED);
    fs::write(&path, "precious").unwrap();
    let error = fetch(&entry(&server), folder.path(), &options(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Occupied { .. }), "{error}");
    assert_eq!(fs::read_to_string(path).unwrap(), "precious");
    assert_eq!(server.requests(), []);
}

#[test]
fn a_body_cut_at_60_percent_is_resumed() {
    let run = Run::new(vec![Reply::CutAt(60), Reply::Serve]);
    run.succeeded();
    let cut = golden_bytes(FILE).len() * 60 / 100;
    assert_eq!(run.ranges(), [String::new(), from(cut)]);
    // Only if the file is still the same version.
    assert_eq!(run.server.requests()[1].if_range.as_deref(), Some("\"golden\""));
    assert_eq!(run.retries(), 1);
}

#[test]
fn a_weak_version_is_not_compared() {
    let run = Run::new(vec![Reply::WeakCutAt(10), Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [String::new(), from(golden_bytes(FILE).len() / 10)]);
    assert_eq!(run.server.requests()[1].if_range, None);
}

#[test]
fn a_partial_file_of_an_earlier_run_is_continued() {
    let run = Run::continuing(&golden_bytes(FILE)[..5000], vec![Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [from(5000)]);
    assert!(run.seen[0].starts_with("Download { done: 5000,"), "{}", run.seen[0]);
}

#[test]
fn a_server_without_ranges_makes_it_start_over() {
    let run = Run::new(vec![Reply::CutAt(60), Reply::ServeWhole]);
    run.succeeded();
    let cut = golden_bytes(FILE).len() * 60 / 100;
    assert_eq!(run.ranges(), [String::new(), from(cut)]);
}

#[test]
fn a_server_that_continues_elsewhere_makes_it_start_over() {
    let run = Run::continuing(&golden_bytes(FILE)[..5000], vec![Reply::WrongRange, Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [from(5000), String::new()]);
}

#[test]
fn a_transfer_that_gets_further_may_be_cut_any_number_of_times() {
    let cuts = (1..=9).map(|tenth| Reply::CutAt(10 * tenth)).chain([Reply::Serve]).collect();
    let run = Run::new(cuts);
    run.succeeded();
    assert_eq!(run.server.requests().len(), 10);
}

#[test]
fn a_transfer_cut_at_the_same_place_again_and_again_is_given_up() {
    let run = Run::new(vec![Reply::CutAt(60); 9]);
    let message = run.failed(&[PART]);
    assert!(message.contains("attempt 3") && message.contains("after 5778 of 9630 bytes"), "{message}");
    assert_eq!(run.ranges(), [String::new(), from(5778), from(5778)]);
}

#[test]
fn a_corrupted_file_is_removed_and_told() {
    let run = Run::new(vec![Reply::Corrupt]);
    let message = run.failed(&[]);
    assert!(matches!(run.result, Err(Error::Checksum { .. })), "{message}");
    assert!(
        message.contains("corrupted") && message.contains(&sha256(&golden_bytes(FILE))[..8]),
        "{message}"
    );
    assert_eq!(run.server.requests().len(), 1);
}

#[test]
fn a_corrupted_beginning_is_found_out_too() {
    let mut part = golden_bytes(FILE)[..5000].to_vec();
    part[100] ^= 1;
    let run = Run::continuing(&part, vec![Reply::Serve]);
    assert!(run.failed(&[]).contains("corrupted"));
}

#[test]
fn redirects_are_followed_with_the_range() {
    let run = Run::continuing(&golden_bytes(FILE)[..5000], vec![Reply::Redirect("/elsewhere"), Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [from(5000), from(5000)]);
    assert_eq!(run.server.requests()[1].line, "GET /elsewhere HTTP/1.1");
}

#[test]
fn a_redirect_without_end_is_given_up() {
    let run = Run::new(vec![Reply::Redirect("/round"); 50]);
    let message = run.failed(&[]);
    assert!(message.contains("redirects"), "{message}");
    assert_eq!(run.retries(), 0);
}

#[test]
fn not_found_and_forbidden_are_not_retried() {
    for (status, says) in [(404, "--from"), (410, "moved"), (403, "denied"), (400, "--from")] {
        let run = Run::new(vec![Reply::Status(status), Reply::Serve]);
        let message = run.failed(&[]);
        assert!(matches!(run.result, Err(Error::Status { status: s, .. }) if s == status), "{message}");
        assert!(message.contains(says), "{message}");
        assert_eq!(run.server.requests().len(), 1);
    }
}

#[test]
fn a_busy_server_is_asked_again_after_a_longer_wait() {
    let run = Run::new(vec![Reply::Status(503), Reply::Status(429), Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), ["", "", ""]);
    assert!(run.seen[0].contains("503") && run.seen[0].contains("wait: 1ms"), "{}", run.seen[0]);
    assert!(run.seen[1].contains("429") && run.seen[1].contains("wait: 2ms"), "{}", run.seen[1]);
}

#[test]
fn a_server_that_stays_busy_is_given_up_and_the_partial_file_kept() {
    let run = Run::continuing(&golden_bytes(FILE)[..5000], vec![Reply::Status(503); 9]);
    let message = run.failed(&[PART]);
    assert!(matches!(run.result, Err(Error::Network { attempts: 3, .. })), "{message}");
    assert!(message.contains("503"), "{message}");
    assert_eq!(fs::read(run.folder.path().join(PART)).unwrap(), golden_bytes(FILE)[..5000]);
}

#[test]
fn a_server_that_hangs_up_is_asked_again() {
    let run = Run::new(vec![Reply::HangUp, Reply::Serve]);
    run.succeeded();
    assert_eq!(run.retries(), 1);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let server = Server::start(Vec::new(), vec![]);
    let gone = entry(&server);
    drop(server);
    let folder = tempfile::tempdir().unwrap();
    let error = fetch(&gone, folder.path(), &options(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Network { attempts: 3, .. }), "{error}");
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn a_silent_server_is_left_and_the_file_resumed() {
    let run = Run::new(vec![Reply::StallAt(30), Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [String::new(), from(golden_bytes(FILE).len() * 30 / 100)]);
}

#[test]
fn a_slow_server_is_waited_for() {
    let start = Instant::now();
    let run = Run::new(vec![Reply::Slowly(Duration::from_millis(70))]);
    run.succeeded();
    assert_eq!(run.server.requests().len(), 1);
    assert!(start.elapsed() > options().stall_timeout, "slower as a whole than any one silence allowed");
}

#[test]
fn a_file_of_another_length_is_refused_before_it_is_fetched() {
    let run = Run::new(vec![Reply::Longer(1)]);
    let message = run.failed(&[]);
    assert!(matches!(run.result, Err(Error::WrongLength { found: 9631, .. })), "{message}");
    assert_eq!(run.server.requests().len(), 1);
}

#[test]
fn a_file_without_a_known_length_has_a_limit() {
    for (reply, says) in [(Reply::Serve, "offers 9630 bytes"), (Reply::Endless, "at most 9000")] {
        let server = Server::start(golden_bytes(FILE), vec![reply]);
        let entry = manifest(&server.url(&format!("/{FILE}")), None).entries.remove(0);
        let run = Run::with(server, &[], &entry, &FetchOptions { max_bytes: 9000, ..options() });
        let message = run.result.as_ref().unwrap_err().to_string();
        assert!(matches!(run.result, Err(Error::WrongLength { .. })) && message.contains(says), "{message}");
    }
}

#[test]
fn a_complete_partial_file_is_only_verified() {
    let file = golden_bytes(FILE);
    let run = Run::continuing(&file, vec![]);
    run.succeeded();
    assert_eq!(run.server.requests(), []);

    // Without a length in the manifest the server has to say so.
    let server = Server::start(file.clone(), vec![Reply::Serve]);
    let entry = manifest(&server.url(&format!("/{FILE}")), None).entries.remove(0);
    let run = Run::with(server, &file, &entry, &options());
    run.succeeded();
    assert_eq!(run.ranges(), [from(file.len())]);
}

#[test]
fn a_partial_file_that_is_too_long_is_dropped() {
    let mut file = golden_bytes(FILE);
    file.push(0);
    let run = Run::continuing(&file, vec![Reply::Serve]);
    run.succeeded();
    assert_eq!(run.ranges(), [String::new()]);

    let server = Server::start(golden_bytes(FILE), vec![Reply::Serve, Reply::Serve]);
    let entry = manifest(&server.url(&format!("/{FILE}")), None).entries.remove(0);
    let run = Run::with(server, &file, &entry, &options());
    run.succeeded();
    assert_eq!(run.ranges(), [from(file.len()), String::new()]);
}

#[test]
fn two_processes_do_not_write_the_same_partial_file() {
    let server = Server::start(golden_bytes(FILE), vec![]);
    let folder = tempfile::tempdir().unwrap();
    let other = fs::File::create(folder.path().join(PART)).unwrap();
    other.lock().unwrap();
    let error = fetch(&entry(&server), folder.path(), &options(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
    assert_eq!(server.requests(), []);
}

#[test]
fn a_proxy_is_asked_for_a_connection() {
    let proxy = Server::start(Vec::new(), vec![Reply::Status(407)]);
    let entry = manifest("http://models.invalid/vgg19.pth", None).entries.remove(0);
    let options = FetchOptions { proxy: Some(Proxy::new(&proxy.url("")).unwrap()), attempts: 1, ..options() };
    let folder = tempfile::tempdir().unwrap();
    fetch(&entry, folder.path(), &options, &mut |_| {}).unwrap_err();
    assert_eq!(proxy.requests()[0].line, "CONNECT models.invalid:80 HTTP/1.1");
}
