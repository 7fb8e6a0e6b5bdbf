//! Each operation of VGG-19 on a picture of 256x256 pixels, and one convolution on every instruction set.
//!
//! `Gelem/s` are GFLOP/s of the plain algorithm where an operation multiplies, 10^9 values a second elsewhere.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use nst_kernels::{
    Activation, Conv2d, Epilogue, Gate, Isa, PackedFilter, Pool2d, Pooling, Transpose, Update, Variation,
    Workspace,
};
use std::time::Duration;

/// Side of the picture.
const SIDE: usize = 256;

/// The convolutions of VGG-19 that differ: name, side, channels of input and output, whether a pooling follows.
const CONVOLUTIONS: [(&str, usize, [usize; 2], bool); 10] = [
    ("conv1_1", SIDE, [3, 64], false),
    ("conv1_2", SIDE, [64, 64], true),
    ("conv2_1", SIDE / 2, [64, 128], false),
    ("conv2_2", SIDE / 2, [128, 128], true),
    ("conv3_1", SIDE / 4, [128, 256], false),
    ("conv3_2", SIDE / 4, [256, 256], false),
    ("conv3_4", SIDE / 4, [256, 256], true),
    ("conv4_1", SIDE / 8, [256, 512], false),
    ("conv4_2", SIDE / 8, [512, 512], false),
    ("conv5_1", SIDE / 16, [512, 512], false),
];

/// The style layers: name, side, channels.
const GRAMS: [(&str, usize, usize); 5] = [
    ("relu1_1", SIDE, 64),
    ("relu2_1", SIDE / 2, 128),
    ("relu3_1", SIDE / 4, 256),
    ("relu4_1", SIDE / 8, 512),
    ("relu5_1", SIDE / 16, 512),
];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .configure_from_args();
    convolutions(&mut criterion);
    instruction_sets(&mut criterion);
    grams(&mut criterion);
    poolings(&mut criterion);
    products(&mut criterion);
    images(&mut criterion);
    criterion.final_summary();
}

fn values(len: usize) -> Vec<f32> {
    nst_kernels::reference::test_values(len, 1)
}

/// A convolution forward, with bias, ReLU, pooling and gate as in the network, and backward to its data.
fn convolution(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    isa: Isa,
    (side, [in_channels, out_channels], pooled): (usize, [usize; 2], bool),
) {
    let (kernel, padding) = ([3, 3], 1);
    let conv = Conv2d { batch: 1, height: side, width: side, in_channels, out_channels, kernel, padding };
    let filter = PackedFilter::new(isa, &conv, &values(9 * in_channels * out_channels));
    let (workspace, bias) = (Workspace::new(), values(out_channels));
    let pooling = pooled.then_some(Pooling::Max);
    let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu, pooling };
    let input = values(conv.input_len());
    let mut gradient = vec![0.0; conv.input_len()];
    let (mut output, mut gate) = (vec![0.0; conv.stored_len(pooling)], vec![0; conv.gate_len()]);
    // Without the first benchmark, the second one would find a closed gate.
    conv.forward(&workspace, &input, &filter, epilogue, &mut output, Some(&mut gate));
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements((18 * side * side * in_channels * out_channels) as u64));
    group.bench_function(BenchmarkId::new("forward", name), |bencher| {
        bencher.iter(|| conv.forward(&workspace, &input, &filter, epilogue, &mut output, Some(&mut gate)));
    });
    group.bench_function(BenchmarkId::new("backward", name), |bencher| {
        let gate = Gate { pooling, bits: Some(&gate) };
        bencher.iter(|| conv.backward_data(&workspace, &output, gate, &filter, &mut gradient));
    });
}

fn convolutions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("convolution");
    for (name, side, channels, pooled) in CONVOLUTIONS {
        convolution(&mut group, name, Isa::best(), (side, channels, pooled));
    }
    group.finish();
}

/// One of VGG's convolutions by Winograd's algorithm on each instruction set that this CPU has.
fn instruction_sets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("instruction set");
    for isa in Isa::available() {
        convolution(&mut group, isa.name(), isa, (SIDE / 4, [128, 256], false));
    }
    group.finish();
}

fn grams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Gram matrix");
    let (isa, workspace) = (Isa::best(), Workspace::new());
    for (name, side, channels) in GRAMS {
        let features = values(side * side * channels);
        let mut matrix = vec![0.0; channels * channels];
        let mut sum = vec![0.0; features.len()];
        group.throughput(Throughput::Elements((2 * features.len() * channels) as u64));
        group.bench_function(BenchmarkId::new("forward", name), |bencher| {
            bencher.iter(|| nst_kernels::gram(isa, &workspace, channels, &features, &mut matrix));
        });
        let gradient = values(channels * channels);
        group.bench_function(BenchmarkId::new("backward", name), |bencher| {
            bencher.iter(|| {
                let update = Update::Replace;
                nst_kernels::gram_backward(isa, &workspace, channels, &features, &gradient, update, &mut sum);
            });
        });
    }
    group.finish();
}

/// Poolings apart from a convolution: where a loss takes the activations before them.
fn poolings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pooling");
    let pool = Pool2d { batch: 1, height: SIDE, width: SIDE, channels: 64 };
    let (input, gradient) = (values(pool.input_len()), values(pool.output_len()));
    let (mut output, mut input_gradient) = (vec![0.0; pool.output_len()], vec![0.0; pool.input_len()]);
    group.throughput(Throughput::Elements(pool.input_len() as u64));
    group.bench_function("max forward", |bencher| bencher.iter(|| pool.max(&input, &mut output)));
    group.bench_function("max backward", |bencher| {
        bencher.iter(|| pool.max_backward(&input, &gradient, &mut input_gradient));
    });
    group.bench_function("average forward", |bencher| bencher.iter(|| pool.average(&input, &mut output)));
    group.bench_function("average backward", |bencher| {
        bencher.iter(|| pool.average_backward(&gradient, &mut input_gradient));
    });
    group.finish();
}

/// Products of matrices and vectors.
fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("product");
    let side = 512;
    let (a, b, mut output) = (values(side * side), values(side * side), vec![0.0; side * side]);
    group.throughput(Throughput::Elements((2 * side * side * side) as u64));
    for (name, transpose) in [("matmul 512", Transpose::No), ("matmul 512 transposed", Transpose::Yes)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                nst_kernels::matmul(Isa::best(), [side; 3], (&a, transpose), (&b, transpose), &mut output);
            });
        });
    }
    let [x, y] = [values(SIDE * SIDE * 3), values(SIDE * SIDE * 3)];
    group.throughput(Throughput::Elements(x.len() as u64));
    group.bench_function("dot of pictures", |bencher| {
        bencher.iter(|| nst_kernels::dots(Isa::best(), &[(&x, &y)]));
    });
    group.finish();
}

/// The total variation of a picture.
fn images(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("total variation");
    let (shape, image) = ([1, SIDE, SIDE, 3], values(SIDE * SIDE * 3));
    let mut gradient = vec![0.0; image.len()];
    group.throughput(Throughput::Elements(image.len() as u64));
    for kind in [Variation::Absolute, Variation::Squared] {
        group.bench_function(format!("{kind:?} forward"), |bencher| {
            bencher.iter(|| nst_kernels::total_variation(kind, shape, &image));
        });
        group.bench_function(format!("{kind:?} backward"), |bencher| {
            bencher.iter(|| nst_kernels::total_variation_backward(kind, shape, &image, &mut gradient));
        });
    }
    group.finish();
}
