//! `nst weights`.

use nst_tests::Bench;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

/// A `.pth` file of nst-weights' own tests: a narrow network that torch wrote.
fn pth(name: &str) -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/nst-weights/tests/golden/").to_owned() + name
}

#[test]
fn a_file_from_disk_is_converted_listed_and_used() {
    let bench = Bench::new();
    let folder = bench.succeed(&["weights", "path"]).stdout;
    assert_eq!(Path::new(folder.trim_end()), bench.path("weights"));

    let listed = bench.succeed(&["weights", "list"]).stdout;
    assert!(listed.contains("(in the box)   vgg16    bgr255"), "{listed}");
    assert!(listed.contains("vgg19          vgg19    rgb01   not fetched"), "{listed}");

    let file = pth("vgg19-f32-zip.pth");
    let line = bench.refuse(&["weights", "fetch", "--from", &file], 1);
    assert!(line.contains("does not say which pixels its network expects"), "{line}");
    let fetched = bench.succeed(&["weights", "fetch", "--from", &file, "--pixels", "bgr255"]).stdout;
    let converted = bench.path("weights").join("vgg19-f32-zip.safetensors");
    assert_eq!(Path::new(fetched.trim_end()), converted);

    let listed = bench.succeed(&["weights", "list"]).stdout;
    assert!(listed.contains(&format!("(a file)       vgg19    bgr255  {}", converted.display())), "{listed}");
    let run = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "32", "--iterations", "1"];
    bench.succeed(&[&run[..], &["--model", "vgg19"]].concat());

    // The .pth itself, without the detour.
    let with_file = [&run[..], &["--model", "vgg19", "--weights", &file]].concat();
    assert!(bench.refuse(&with_file, 1).ends_with("with --pixels"));
    bench.succeed(&[&with_file[..], &["--pixels", "bgr255"]].concat());
}

#[test]
fn converts_into_another_folder() {
    let bench = Bench::new();
    let file = pth("vgg16-f16-legacy.pth");
    let fetch = ["weights", "fetch", "vgg16", "--from", &file, "--pixels", "rgb01", "--out", "elsewhere"];
    let first = bench.succeed(&fetch);
    assert_eq!(
        (first.stdout.as_str(), first.stderr.as_str()),
        ("elsewhere/vgg16-f16-legacy.safetensors\n", "ready; to use it, give its path with --weights:\n")
    );
    assert!(bench.path("elsewhere/vgg16-f16-legacy.safetensors").exists());
    assert!(bench.succeed(&fetch).stderr.starts_with("already there"));
    assert!(!bench.path("weights").exists());
}

#[test]
fn a_damaged_file_is_reported_and_no_other_taken_for_it() {
    let bench = Bench::new();
    bench.succeed(&["weights", "fetch", "--from", &pth("vgg19-f32-zip.pth"), "--pixels", "bgr255"]);
    bench.write("weights/vgg19-dcbb9e9d.safetensors", "cut off");
    let run = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "32", "--model", "vgg19"];
    assert!(bench.refuse(&run, 1).contains("vgg19-dcbb9e9d.safetensors"));
}

#[test]
fn pixels_that_contradict_the_file_are_refused() {
    let bench = Bench::new();
    let narrow = nst_tests::narrow_vgg19();
    let run =
        ["stylize", "content.png", "style.png", "-o", "out.png", "--model", "vgg19", "--weights", &narrow];
    let line = bench.refuse(&[&run[..], &["--pixels", "bgr255"]].concat(), 1);
    assert!(line.contains("expects rgb01 pixels, not bgr255"), "{line}");
}

#[test]
fn what_cannot_be_fetched_is_told_in_one_line() {
    let bench = Bench::new();
    let file = pth("vgg16-f32-zip.pth");
    for (arguments, code, words) in [
        (&["fetch", "vgg11"][..], 1, "known are vgg19, vgg16"),
        (&["fetch", "all", "--from", &file], 2, "one name or none"),
        (
            &["fetch", "vgg19", "--from", &file, "--pixels", "rgb01"],
            1,
            "holds weights of vgg16, expected vgg19",
        ),
        (&["fetch", "--from", "missing.pth"], 1, "missing.pth"),
        (&["fetch", "--from", "content.png"], 1, "content.png"),
        (&["fetch", "vgg19", "--manifest", "missing.toml"], 1, "missing.toml"),
        (&["list", "--manifest", "content.png"], 1, "content.png"),
    ] {
        let line = bench.refuse(&[&["weights"], arguments].concat(), code);
        assert!(line.contains(words), "{arguments:?}: {line}");
    }
    assert!(!bench.path("weights").exists());
}

/// Fetches `vgg19` from a server on loopback that gives `answer` to one request.
fn fetch_from_server(bench: &Bench, answer: Vec<u8>) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        stream.write_all(&answer).unwrap();
    });
    bench.write(
        "mirror.toml",
        format!(
            "[[weights]]\nname = \"vgg19\"\narchitecture = \"vgg19\"\npixels = \"rgb01\"\nlicence = \"\"\n\
             attribution = \"\"\nurl = \"http://{address}/narrow.pth\"\nsha256 = \"{SHA256}\"\n"
        ),
    );
    let mut command = bench.command(&["weights", "fetch", "vgg19", "--manifest", "mirror.toml"]);
    for variable in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    server.join().unwrap();
    output
}

/// Of `vgg19-f32-zip.pth`.
const SHA256: &str = "5a25d4e5967a18f517a5c06a261b1649800596f34520d93cd90a79e874613df2";

#[test]
fn what_a_server_has_is_fetched_listed_and_used() {
    let bench = Bench::new();
    let file = std::fs::read(pth("vgg19-f32-zip.pth")).unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", file.len());
    let output = fetch_from_server(&bench, [head.as_bytes(), &file].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let fetched = bench.path("weights").join("narrow.safetensors");
    assert_eq!(Path::new(String::from_utf8(output.stdout).unwrap().trim_end()), fetched);
    let listed = bench.succeed(&["weights", "list", "--manifest", "mirror.toml"]).stdout;
    assert!(listed.contains(&format!("vgg19          vgg19    rgb01   {}", fetched.display())), "{listed}");
    let run = ["stylize", "content.png", "style.png", "-o", "out.png", "--size", "32", "--iterations", "1"];
    bench.succeed(&[&run[..], &["--model", "vgg19"]].concat());
}

#[test]
fn a_server_without_the_file() {
    let bench = Bench::new();
    let output = fetch_from_server(&bench, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let line = said.lines().last().unwrap();
    assert!(line.starts_with("nst: cannot fetch http://") && line.contains("404"), "{said}");
}
