//! Damaged files of every format: an error or a network, never a panic and never a great allocation.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Cursor;

use nst_weights::{Dtype, Pixels, ReadOptions, Result, Weights};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FILES: [&str; 6] = [
    "vgg16-f16-zip.pth",
    "vgg16-f16-legacy.pth",
    "vgg16-views-zip.pth",
    "vgg16-views-legacy.pth",
    "vgg16-parameters-legacy.pth",
    "vgg16-torch01-legacy.pth",
];

fn read(bytes: &[u8]) -> Result<Weights> {
    let options = ReadOptions { pixels: Some(Pixels::Rgb01), ..ReadOptions::default() };
    Weights::from_reader(Cursor::new(bytes), "a damaged file", &options)
}

/// The greatest size of this process so far, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmPeak:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[cfg(not(target_os = "linux"))]
fn peak() -> u64 {
    0
}

// One test: its peak is that of the whole process.
#[test]
fn truncations_and_flipped_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    read(&support::golden_bytes(FILES[0])).unwrap().write(&path, Dtype::F32).unwrap();
    let files: Vec<_> =
        FILES.into_iter().map(support::golden_bytes).chain([std::fs::read(path).unwrap()]).collect();
    let before = peak();

    for file in &files {
        read(file).unwrap();
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_err(), "{length} of {} bytes", file.len());
        }
    }

    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut survived = 0;
    for round in 0..10_000 {
        let mut file = files[round % files.len()].clone();
        // Up to the start of the data mostly: a flipped value is a value.
        let end = if rng.random_bool(0.8) { 3000 } else { file.len() };
        for _ in 0..rng.random_range(1..4) {
            let place = rng.random_range(0..end.min(file.len()));
            file[place] = match rng.random_range(0..3) {
                0 => file[place] ^ 1 << rng.random_range(0..8),
                1 => *[0, 0x7f, 0xff].get(rng.random_range(0..3)).unwrap(),
                _ => rng.next_u32() as u8,
            };
        }
        survived += u32::from(read(&file).is_ok());
    }
    // Some must fail and some must live, or the flips are not where they should be.
    assert!((100..9_900).contains(&survived), "{survived} of 10000 read");
    assert!(peak() - before < 256 << 20, "grew by {} bytes", peak() - before);
}
