//! The document's estimate of VGG-19's convolutions: tables, and what they assume.

use anyhow::Result;

use super::evidence::Kernels;
use super::roofline::{H100, LAYERS, Layer, RTX_3090, Roofline};
use crate::markdown::table;

const ESTIMATE: &str = "\
**An estimate from data sheets and counts. Nobody has measured these times.** For a picture of 512x512 pixels, forward and
backward to the data, it says how fast the kernels could be at best; L2 misses, latencies, launches and partly filled
multiprocessors come on top.

- A layer takes the longer of its multiplications (2 x 9 x pixels x inputs x outputs, one way) at the fraction of the peak
  below, and of moving its inputs, filters and outputs once, in f32, at the full bandwidth. Where moving takes longer, the
  time is in *italics*. That a pooling right after makes outputs smaller is not counted, nor ReLU's bits.
- The fraction of the peak in f32 is the share of FFMA in the inner loop above: a scheduler issues one instruction a cycle,
  and one FFMA a cycle is the peak. In TF32 it is the share of HMMA times the cycles that a scheduler's tensor core takes
  for one of 16x8x8 (4 on the H100, 32 on the RTX 3090), at most 1. Hopper's data sheet is for its `wgmma` instructions;
  `mma.sync`, which these kernels use, does not reach it (Luo et al. 2024, *Benchmarking and Dissecting the Nvidia Hopper
  GPU Architecture*).
- H100 SXM: 66.9 TFLOP/s in f32, 494.7 in TF32 without sparsity, 3.35 TB/s (*NVIDIA H100 Tensor Core GPU Architecture*,
  white paper, 2022), with the code for sm_90. RTX 3090: 35.6 TFLOP/s in f32 and in TF32 without sparsity, 936 GB/s (*NVIDIA
  Ampere GA102 GPU Architecture*, white paper, 2020), with the code for sm_80, though it is an sm_86.
";

/// The section of the document, below its heading.
pub(super) fn section(on_sm_80: &Kernels, on_sm_90: &Kernels) -> Result<String> {
    let rooflines = [
        Roofline::f32(&H100, on_sm_90)?,
        Roofline::tf32(&H100, on_sm_90)?,
        Roofline::f32(&RTX_3090, on_sm_80)?,
        Roofline::tf32(&RTX_3090, on_sm_80)?,
    ];
    let mut columns: Vec<String> = ["layer", "pixels", "channels", "GFLOP", "MB"].map(String::from).to_vec();
    columns.extend(rooflines.iter().map(|roofline| format!("{}, ms", roofline.title)));
    let mut rows = Vec::new();
    for layer in LAYERS {
        let place = [
            layer.name.to_owned(),
            format!("{0}x{0}", layer.side),
            format!("{}->{}", layer.inputs, layer.outputs),
        ];
        let times = rooflines.iter().map(|roofline| both_ways(|way| roofline.seconds(layer, way)));
        rows.push(row(place, layer.flops(), layer.bytes(), times));
    }
    let sum = |value: fn(Layer) -> f64| LAYERS.into_iter().map(value).sum();
    let times = rooflines.iter().map(|roofline| {
        both_ways(|way| (LAYERS.iter().map(|&layer| roofline.seconds(layer, way).0).sum(), false))
    });
    rows.push(row(["all".into(), String::new(), String::new()], sum(Layer::flops), sum(Layer::bytes), times));
    let fractions: Vec<Vec<String>> = rooflines
        .iter()
        .map(|roofline| {
            let [forward, backward] = roofline.fractions.map(|fraction| format!("{:.0} %", 100.0 * fraction));
            vec![roofline.title.clone(), forward, backward]
        })
        .collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    Ok(format!(
        "{ESTIMATE}\n{}\n{}",
        table(&["fraction of peak", "forward", "backward"], &fractions),
        table(&columns, &rows)
    ))
}

/// Which layer, what it takes in one direction, and for how long.
fn row(place: [String; 3], flops: f64, bytes: f64, times: impl Iterator<Item = String>) -> Vec<String> {
    let counts = [format!("{:.2}", flops * 1e-9), format!("{:.1}", bytes * 1e-6)];
    place.into_iter().chain(counts).chain(times).collect()
}

/// Milliseconds forward and backward, from seconds and whether memory takes them.
fn both_ways(seconds: impl Fn(usize) -> (f64, bool)) -> String {
    let [forward, backward] = [0, 1].map(|way| {
        let (seconds, moves) = seconds(way);
        let mark = if moves { "*" } else { "" };
        format!("{mark}{:.3}{mark}", 1e3 * seconds)
    });
    format!("{forward} + {backward}")
}
