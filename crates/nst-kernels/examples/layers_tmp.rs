//! tmp
use nst_kernels::{Activation, Conv2d, Epilogue, Gate, Isa, PackedFilter, Pooling, Workspace};
use std::time::Instant;
fn main() {
    let size: usize = std::env::args().nth(1).map_or(512, |s| s.parse().unwrap());
    let layers = [
        ("1_1", 1, 3, 64, false),
        ("1_2", 1, 64, 64, true),
        ("2_1", 2, 64, 128, false),
        ("2_2", 2, 128, 128, true),
        ("3_1", 4, 128, 256, false),
        ("3_2", 4, 256, 256, false),
        ("3_4", 4, 256, 256, true),
        ("4_1", 8, 256, 512, false),
        ("4_2", 8, 512, 512, false),
        ("4_4", 8, 512, 512, true),
        ("5_1", 16, 512, 512, false),
    ];
    let ws = Workspace::new();
    let pool = rayon::ThreadPoolBuilder::new().build().unwrap();
    pool.install(|| {
        let (mut tf, mut tb) = (0.0, 0.0);
        for (name, div, ci, co, p) in layers {
            let conv = Conv2d {
                batch: 1,
                height: size / div,
                width: size / div,
                in_channels: ci,
                out_channels: co,
                kernel: [3, 3],
                padding: 1,
            };
            let ep =
                Epilogue { activation: Activation::Relu, pooling: p.then_some(Pooling::Max), bias: None };
            let f = PackedFilter::new(Isa::best(), &conv, &vec![0.01; ci * co * 9]);
            let input: Vec<f32> =
                (0..conv.input_len()).map(|i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0).collect();
            let mut out = vec![0.0; conv.stored_len(ep.pooling)];
            let mut bits = vec![0u8; conv.gate_len()];
            let mut gin = vec![0.0; conv.input_len()];
            let (mut bf, mut bb) = (f64::MAX, f64::MAX);
            for _ in 0..6 {
                let t = Instant::now();
                conv.forward(&ws, &input, &f, ep, &mut out, Some(&mut bits));
                bf = bf.min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                conv.backward_data(&ws, &out, Gate { pooling: ep.pooling, bits: Some(&bits) }, &f, &mut gin);
                bb = bb.min(t.elapsed().as_secs_f64());
            }
            let fl = 2e-9 * (conv.output_len() * ci * 9) as f64;
            let n = if name == "3_2" || name == "4_2" { 2.0 } else { 1.0 };
            tf += n * bf;
            tb += n * bb;
            println!(
                "{name}: fwd {:6.2} ms {:5.0} GF/s   bwd {:6.2} ms {:5.0} GF/s",
                bf * 1e3,
                fl / bf,
                bb * 1e3,
                fl / bb
            );
        }
        println!("total fwd {:.1} bwd {:.1} sum {:.1} ms", tf * 1e3, tb * 1e3, (tf + tb) * 1e3);
    });
}
