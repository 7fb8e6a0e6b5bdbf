//! `nst devices` and `--device`. GPUs are hidden from these runs, so that they end alike where there is one.

use nst_tests::{Bench, narrow_vgg19};
use serde_json::Value;
use std::process::Output;

/// What an older output file holds.
const OLD: &str = "an older file";

/// `nst` where the driver, if there is any, lists no GPU: its exit code, and what it printed and said.
fn run(bench: &Bench, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = bench.command(arguments);
    let Output { status, stdout, stderr } = command.env("CUDA_VISIBLE_DEVICES", "").output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Runs a command that writes `out.png`, which must refuse in one line, leave the picture alone and write no trace.
fn refused(bench: &Bench, arguments: &[&str], code: i32, words: &[&str]) {
    bench.write("out.png", OLD);
    let (ended, stdout, stderr) = run(bench, arguments);
    assert_eq!((ended, stdout.as_str(), stderr.lines().count()), (Some(code), "", 1), "{stderr}");
    for words in words {
        assert!(stderr.starts_with("nst: ") && stderr.contains(words), "{arguments:?}: {words}: {stderr}");
    }
    assert_eq!(std::fs::read_to_string(bench.path("out.png")).unwrap(), OLD);
    assert!(!bench.path("t.jsonl").exists());
}

const STYLIZE: [&str; 10] = [
    "stylize",
    "content.png",
    "style.png",
    "-o",
    "out.png",
    "--size",
    "40",
    "--trace",
    "t.jsonl",
    "--iterations=1",
];

#[test]
fn a_gpu_that_is_not_there_is_told_before_anything_is_read() {
    let bench = Bench::new();
    let advice = ["--device cuda:", "`nst devices`", "--device cpu"];
    let commands: [&[&str]; 4] = [
        &STYLIZE,
        &["reconstruct", "content", "style.png", "-o", "out.png"],
        &["reconstruct", "style", "style.png", "-o", "out.png"],
        &["bench", "--size", "32", "--repeats", "1"],
    ];
    for device in ["cuda", "cuda:9"] {
        for command in commands {
            refused(&bench, &[command, &["--device", device]].concat(), 1, &advice);
        }
    }
    refused(&bench, &[&STYLIZE[..], &["--device", "cuda", "--precision", "tf32"]].concat(), 1, &advice);
    bench.write("text.png", "Dear diary");
    let unreadable = ["stylize", "text.png", "style.png", "-o", "out.png", "--device", "cuda"];
    refused(&bench, &unreadable, 1, &advice);
}

#[test]
fn what_is_no_device_is_refused() {
    let bench = Bench::new();
    for (flags, words) in [
        (&["--device", "gpu"][..], "'gpu' for '--device <DEVICE>': say cpu, cuda or cuda:N"),
        (&["--device", "cuda:x"], "say cpu, cuda or cuda:N"),
        (&["--device", "cuda:-1"], "say cpu, cuda or cuda:N"),
        (&["--precision", "f16"], "[possible values: f32, tf32]"),
        (&["--precision", "tf32"], "--precision tf32 is for GPUs; say --device cuda"),
        (&["--precision", "tf32", "--device", "cpu"], "--precision tf32 is for GPUs"),
        (&["--threads", "1", "--device", "cuda"], "--threads is for the CPU"),
    ] {
        refused(&bench, &[&STYLIZE[..], flags].concat(), 2, &[words]);
    }
    refused(&bench, &["bench", "--size", "32", "--precision", "tf32"], 2, &["is for GPUs"]);
}

#[test]
fn the_cpu_can_be_named() {
    let bench = Bench::new();
    let narrow = narrow_vgg19();
    let network = ["--model", "vgg19", "--weights", &narrow];
    let picture = |flags: &[&str]| {
        let (code, _, said) = run(&bench, &[&STYLIZE[..], &network, flags].concat());
        assert_eq!(code, Some(0), "{said}");
        (std::fs::read(bench.path("out.png")).unwrap(), said)
    };
    let (unnamed, _) = picture(&[]);
    let (named, said) = picture(&["--device", "cpu", "--precision", "f32", "--threads", "2", "--verbose"]);
    assert_eq!(unnamed, named);
    let device = said.lines().find_map(|line| line.strip_prefix("device: ")).expect("the device");
    assert!(device.starts_with("cpu (") && device.ends_with("2 threads)"), "{device}");
    let memory = said.lines().find(|line| line.starts_with("memory of tensors: ")).expect("the memory");
    assert!(memory.ends_with(&format!(" MiB at most, on {device}")), "{memory}");
}

#[test]
fn devices_are_listed_or_the_reason_why_there_is_no_gpu() {
    let bench = Bench::new();
    let (code, table, said) = run(&bench, &["devices"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let [titles, cpu, reason] = table.lines().collect::<Vec<_>>()[..] else { panic!("{table}") };
    assert!(titles.starts_with("DEVICE ") && titles.ends_with(" PRECISION"), "{table}");
    assert!(cpu.starts_with("cpu      cpu (") && cpu.ends_with(" f32"), "{table}");
    let reason = reason.strip_prefix("no GPU: ").expect("a reason");
    assert!(reason.contains("NVIDIA driver"), "{reason}");
    let (code, json, _) = run(&bench, &["devices", "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &report["no_gpu"]), (Some(0), &reason.into()));
    let [cpu] = &report["devices"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!((&cpu["device"], &cpu["precisions"][0]), (&"cpu".into(), &"f32".into()));
    assert!(cpu["memory_bytes"].is_null());
}

/// Where there is no GPU, the stand-in for the driver's library does its work on the CPU.
#[cfg(target_os = "linux")]
#[test]
fn a_driver_is_found_and_its_gpu_computes() {
    let bench = Bench::new();
    let stand_in = nst_libcuda::StandIn::load().unwrap();
    std::os::unix::fs::symlink(stand_in.path(), bench.path("libcuda.so")).unwrap();
    let narrow = narrow_vgg19();
    let run = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("LD_LIBRARY_PATH", bench.path("")).env("NST_LIBCUDA_REPORT", bench.path("report.json"));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}: {said}");
        (String::from_utf8(stdout).unwrap(), said)
    };
    let table = run(&["devices"]).0;
    let [_, _, gpu] = table.lines().collect::<Vec<_>>()[..] else { panic!("{table}") };
    assert!(gpu.starts_with("cuda:0   ") && gpu.ends_with(" f32, tf32"), "{table}");
    assert_eq!(gpu.matches(" MiB").count(), 2, "{table}");

    let stylize = |flags: &[&str]| {
        let network = ["--model", "vgg19", "--weights", &narrow, "--verbose"];
        let (_, said) = run(&[&STYLIZE[..], &network, flags].concat());
        let totals: Vec<f64> =
            bench.trace("t.jsonl").iter().map(|line| line["total"].as_f64().unwrap()).collect();
        (totals, said)
    };
    let (expected, _) = stylize(&[]);
    for (flags, label, tolerance) in [
        (&["--device", "cuda"][..], "f32", 1e-4),
        (&["--device", "cuda:0", "--precision", "tf32"], "tf32", 1e-2),
    ] {
        let (actual, said) = stylize(flags);
        let device = said.lines().find_map(|line| line.strip_prefix("device: ")).expect("the device");
        assert!(device.starts_with("cuda:0 (") && device.ends_with(&format!(", {label})")), "{said}");
        assert!(said.contains(&format!(" MiB at most, on {device}")), "{said}");
        assert_eq!(actual.len(), expected.len());
        for (actual, expected) in actual.iter().zip(&expected) {
            assert!((actual / expected - 1.0).abs() <= tolerance, "{label}: {actual}, cpu: {expected}");
        }
    }
    assert_eq!(bench.size("out.png"), (40, 32));

    let small = ["bench", "--device", "cuda", "--size", "32", "--repeats", "1", "--model", "vgg19"];
    let (table, _) = run(&[&small[..], &["--weights", &narrow]].concat());
    assert!(table.contains("cuda:0 (") && table.contains("Each operation is waited for"), "{table}");
    let report = std::fs::read(bench.path("report.json")).unwrap();
    let report: nst_libcuda::Report = serde_json::from_slice(&report).unwrap();
    assert_eq!((report.faults.len(), report.leaks.len()), (0, 0));
    // In the one evaluation that counts and two before it, 13 convolutions and 5 Gram matrices, both ways.
    assert!(report.synchronisations >= 3 * 2 * (13 + 5), "{}", report.synchronisations);
}

/// A library of that name that is no driver, or one too old, is told in a line.
#[cfg(target_os = "linux")]
#[test]
fn a_driver_that_lacks_functions_is_refused() {
    let bench = Bench::new();
    bench.write("empty.c", "");
    let built = std::process::Command::new("cc")
        .args(["-shared", "-o", "libcuda.so", "empty.c"])
        .current_dir(bench.path(""))
        .status();
    assert!(built.expect("a C compiler").success());
    let output =
        bench.command(&["devices"]).env("LD_LIBRARY_PATH", bench.path("")).output().expect("nst runs");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        told.contains("no GPU: ") && told.contains("it has no function cu") && told.contains("525"),
        "{told}"
    );
}
