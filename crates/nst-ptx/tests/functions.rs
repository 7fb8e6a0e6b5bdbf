//! Mathematical functions as NVRTC writes them out (fixtures/functions.cu; NVRTC 12.0, `compute_75`), against the host's.

use nst_ptx::{Checks, Launch, Memory, Module, Result, run};

const PTX: &str = include_str!("fixtures/functions.ptx");

/// Twelve values for each x.
fn values(x: &[f32]) -> Result<Vec<f64>> {
    let module = Module::parse(PTX)?;
    let memory = Memory::new(1 << 20);
    let data: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
    let (input, output) = (memory.allocate(data.len() as u64)?, memory.allocate(96 * x.len() as u64)?);
    memory.write(input, &data)?;
    let mut parameters: Vec<u8> = [input, output].iter().flat_map(|address| address.to_le_bytes()).collect();
    parameters.extend((x.len() as u32).to_le_bytes());
    let launch = Launch {
        kernel: module.kernel("functions").expect("it is there"),
        grid: [x.len().div_ceil(96) as u32, 1, 1],
        block: [96, 1, 1],
        dynamic_shared: 0,
        parameters: &parameters,
    };
    run(&launch, &memory, Checks::ALL)?;
    let mut data = vec![0; 96 * x.len()];
    memory.read(output, &mut data)?;
    Ok(data.chunks_exact(8).map(|x| f64::from_le_bytes(x.try_into().expect("eight"))).collect())
}

#[test]
fn they_agree_with_the_hosts() {
    let mut x: Vec<f32> = (1..500).map(|i| (i as f32 - 250.3) * 0.0371).collect();
    x.extend([1e5, -3e6, 87.0, -80.0, 1e-6, 0.5]);
    let found = values(&x).unwrap();
    for (x, found) in x.iter().zip(found.chunks_exact(12)) {
        let (v, a) = (f64::from(*x), f64::from(x.abs()));
        // A few units in the last place, as CUDA's manual allows; f64 functions are within one or two.
        let single = 4e-7;
        for (j, expected, tolerance) in [
            (0, v.exp(), single),
            (1, a.ln(), single),
            (2, v.sin(), single),
            (3, v.tanh(), single),
            (4, a.powf(f64::from(1.7_f32)), 2e-6),
            (5, f64::from(x % 0.7), 0.0),
            (6, v.exp(), 1e-15),
            (7, a.ln(), 1e-15),
            (8, f64::from(x.round() + 0.25 * x.floor()), 0.0),
            (9, f64::from((x * 1000.0) as i32 / 7 % 11), 0.0),
            (10, ((x * 1e6) as i64 / 13 % 1009) as f64, 0.0),
            (11, 1.0 / a.sqrt() + v.cbrt() + v / f64::from(3.7_f32), 1e-6),
        ] {
            let overflows = j == 0 && expected > f64::from(f32::MAX) || expected.is_infinite();
            let error = (found[j] - expected).abs();
            assert!(
                if overflows {
                    found[j] == f64::INFINITY
                } else {
                    error <= tolerance * expected.abs().max(0.2)
                },
                "{j} of {x}: {}, not {expected}",
                found[j]
            );
        }
    }
}
