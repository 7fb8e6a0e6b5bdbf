use super::{Activation, Conv2d, Epilogue};
use crate::reference::{self, test_values};
use crate::{Arena, Gate, Isa, PackedFilter, Pooling, Workspace};

/// Few channels, which are convolved directly, and many, by Winograd's algorithm in both of its schedules; every size
/// modulo the tiles; channels that fill no register.
fn geometries() -> impl Iterator<Item = Conv2d> {
    [
        (1, 1, 1, 1, 1, 3, 1),
        (1, 1, 50, 3, 64, 3, 1),
        (2, 5, 7, 3, 8, 3, 1),
        (1, 13, 11, 17, 33, 3, 1),
        (1, 6, 5, 4, 5, 1, 0),
        (2, 6, 5, 4, 5, 3, 0),
        (1, 7, 9, 2, 3, 5, 2),
        (1, 37, 3, 5, 6, 3, 2),
        (1, 9, 8, 64, 3, 3, 1),
        (1, 9, 8, 64, 40, 3, 1),
        (1, 1, 1, 32, 32, 3, 1),
        (2, 6, 7, 37, 45, 3, 1),
        (1, 15, 22, 32, 64, 3, 1),
        (1, 8, 31, 33, 70, 3, 0),
        (2, 4, 5, 40, 35, 3, 2),
        (1, 5, 6, 190, 180, 3, 1),
    ]
    .into_iter()
    .map(|(batch, height, width, in_channels, out_channels, side, padding)| Conv2d {
        batch,
        height,
        width,
        in_channels,
        out_channels,
        kernel: [side; 2],
        padding,
    })
}

const POOLINGS: [Option<Pooling>; 3] = [None, Some(Pooling::Max), Some(Pooling::Average)];

fn oihw(conv: &Conv2d) -> Vec<f32> {
    test_values(conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1], 2)
}

#[test]
fn forward_agrees_with_the_reference() {
    let workspace = Workspace::new();
    for conv in geometries() {
        let (input, oihw) = (test_values(conv.input_len(), 1), oihw(&conv));
        let bias = test_values(conv.out_channels, 3);
        let epilogues = [Activation::Identity, Activation::Relu].into_iter().flat_map(|activation| {
            POOLINGS.map(|pooling| Epilogue { bias: Some(&bias), activation, pooling })
        });
        for epilogue in epilogues.chain([Epilogue::default()]) {
            let expected = reference::conv2d(&conv, &input, &oihw, epilogue);
            for isa in Isa::available() {
                let filter = PackedFilter::new(isa, &conv, &oihw);
                let mut output = vec![9.0; conv.stored_len(epilogue.pooling)];
                conv.forward(&workspace, &input, &filter, epilogue, &mut output, None);
                reference::assert_close(&output, &expected, 1e-5);
            }
        }
    }
}

#[test]
fn more_tiles_than_are_shared_at_a_time() {
    let conv = Conv2d {
        batch: 1,
        height: 57,
        width: 57,
        in_channels: 182,
        out_channels: 181,
        kernel: [3; 2],
        padding: 1,
    };
    let (input, oihw) = (test_values(conv.input_len(), 1), oihw(&conv));
    let expected = reference::conv2d(&conv, &input, &oihw, Epilogue::default());
    for isa in Isa::available() {
        let filter = PackedFilter::new(isa, &conv, &oihw);
        let mut output = vec![9.0; conv.output_len()];
        conv.forward(&Workspace::new(), &input, &filter, Epilogue::default(), &mut output, None);
        reference::assert_close(&output, &expected, 1e-5);
    }
}

#[test]
fn gradients_agree_with_the_reference_through_every_gate() {
    let workspace = Workspace::new();
    for conv in geometries() {
        let (input, oihw) = (test_values(conv.input_len(), 1), oihw(&conv));
        let weights = reference::conv2d_backward_filter(&conv, &input, &test_values(conv.output_len(), 4));
        for pooling in POOLINGS {
            let gradient = test_values(conv.stored_len(pooling), 4);
            for activation in [Activation::Identity, Activation::Relu] {
                let epilogue = Epilogue { bias: None, activation, pooling };
                for isa in Isa::available() {
                    let filter = PackedFilter::new(isa, &conv, &oihw);
                    let mut output = vec![9.0; gradient.len()];
                    let mut bits = vec![0; conv.gate_len()];
                    conv.forward(&workspace, &input, &filter, epilogue, &mut output, Some(&mut bits));
                    for bits in [None, Some(bits.as_slice())] {
                        if bits.is_none() && pooling == Some(Pooling::Max) {
                            continue;
                        }
                        let gate = Gate { pooling, bits };
                        let data = reference::conv2d_backward_data(&conv, &gradient, gate, &oihw);
                        let mut output = vec![9.0; conv.input_len()];
                        conv.backward_data(&workspace, &gradient, gate, &filter, &mut output);
                        reference::assert_close(&output, &data, 1e-5);
                    }
                    if pooling.is_none() {
                        let mut output = vec![9.0; oihw.len()];
                        conv.backward_filter(isa, &input, &gradient, &mut output);
                        reference::assert_close(&output, &weights, 1e-5);
                    }
                }
            }
        }
    }
}

#[test]
fn gates_pass_what_was_stored() {
    let workspace = Workspace::new();
    for conv in geometries() {
        let (input, oihw) = (test_values(conv.input_len(), 1), oihw(&conv));
        let products = reference::conv2d(&conv, &input, &oihw, Epilogue::default());
        let scale = products.iter().fold(0.0f32, |scale, x| scale.max(x.abs()));
        for pooling in POOLINGS {
            for activation in [Activation::Identity, Activation::Relu] {
                for isa in Isa::available() {
                    let epilogue = Epilogue { bias: None, activation, pooling };
                    let filter = PackedFilter::new(isa, &conv, &oihw);
                    let mut output = vec![9.0; conv.stored_len(pooling)];
                    let mut bits = vec![0; conv.gate_len()];
                    conv.forward(&workspace, &input, &filter, epilogue, &mut output, Some(&mut bits));
                    // Of a gradient of ones, what passes back to the convolution's output.
                    let ones = vec![1.0; output.len()];
                    let gate = Gate { pooling, bits: Some(&bits) };
                    let passed = reference::through_gate(&conv, &ones, gate);
                    if pooling == Some(Pooling::Max) {
                        // The output is the sum of what passed.
                        let chosen: Vec<f32> = products.iter().zip(&passed).map(|(x, p)| x * p).collect();
                        let sums = window_sums(&conv, &chosen);
                        reference::assert_close(&output, &sums, 1e-5);
                    } else if activation == Activation::Relu {
                        for (x, passed) in
                            products.iter().zip(&passed).filter(|(x, _)| x.abs() > 1e-5 * scale)
                        {
                            assert!(*passed == 0.0 || *x > 0.0, "{conv:?}: {x} passes");
                            let left_out = pooling.is_some()
                                && (conv.out_height() % 2 == 1 || conv.out_width() % 2 == 1);
                            assert!(*passed > 0.0 || *x < 0.0 || left_out, "{conv:?}: {x} does not pass");
                        }
                    }
                }
            }
        }
    }
}

/// The sum of each 2x2 window.
fn window_sums(conv: &Conv2d, values: &[f32]) -> Vec<f32> {
    let (height, width, channels) = (conv.out_height(), conv.out_width(), conv.out_channels);
    let pool = crate::Pool2d { batch: conv.batch, height, width, channels };
    reference::average_pool(&pool, values).into_iter().map(|mean| 4.0 * mean).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (conv, isa) in geometries().flat_map(|conv| Isa::available().into_iter().map(move |isa| (conv, isa)))
    {
        let (input, oihw) = (test_values(conv.input_len(), 1), oihw(&conv));
        let filter = PackedFilter::new(isa, &conv, &oihw);
        let pooling = Some(Pooling::Max);
        let epilogue = Epilogue { bias: None, activation: Activation::Relu, pooling };
        let results = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut output = vec![9.0; conv.stored_len(pooling)];
            let (mut bits, mut gradient) = (vec![0; conv.gate_len()], vec![9.0; conv.input_len()]);
            let workspace = Workspace::new();
            pool.install(|| {
                conv.forward(&workspace, &input, &filter, epilogue, &mut output, Some(&mut bits));
                let gate = Gate { pooling, bits: Some(&bits) };
                conv.backward_data(&workspace, &output, gate, &filter, &mut gradient);
            });
            (output, gradient)
        });
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{conv:?}");
    }
}

/// Outputs too large for the caches are stored past them, if they lie on lines.
#[test]
fn large_outputs_are_the_same_wherever_they_lie() {
    let conv = Conv2d {
        batch: 1,
        height: 185,
        width: 190,
        in_channels: 4,
        out_channels: 64,
        kernel: [3; 2],
        padding: 1,
    };
    let len = conv.output_len();
    assert!(len * size_of::<f32>() > 8 << 20);
    let (input, oihw, workspace) = (test_values(conv.input_len(), 1), oihw(&conv), Workspace::new());
    for isa in Isa::available() {
        let filter = PackedFilter::new(isa, &conv, &oihw);
        let mut block = Arena::new(len * size_of::<f32>()).unwrap().lend(0, len * size_of::<f32>()).unwrap();
        conv.forward(&workspace, &input, &filter, Epilogue::default(), block.floats_mut(), None);
        let mut values = vec![9.0; len + 16];
        let start = (values.as_ptr().align_offset(64) + 1) % 16;
        let elsewhere = &mut values[start..][..len];
        conv.forward(&workspace, &input, &filter, Epilogue::default(), elsewhere, None);
        assert!(block.floats() == elsewhere, "{}", isa.name());
    }
}

#[test]
#[should_panic(expected = "more values than can be counted")]
fn extents_beside_a_zero_are_counted() {
    let kernel = [3; 2];
    let conv =
        Conv2d { batch: 1 << 60, height: 0, width: 4, in_channels: 16, out_channels: 16, kernel, padding: 2 };
    conv.output_len();
}

#[test]
fn nan_comes_through_relu_and_pooling() {
    let (relu, workspace) = (Activation::Relu, Workspace::new());
    for channels in [1, 32] {
        let conv = Conv2d {
            batch: 1,
            height: 2,
            width: 2,
            in_channels: channels,
            out_channels: channels,
            kernel: [3; 2],
            padding: 1,
        };
        let mut input = vec![1.0; conv.input_len()];
        input[0] = f32::NAN;
        for isa in Isa::available() {
            let filter = PackedFilter::new(isa, &conv, &oihw(&conv));
            for pooling in POOLINGS {
                let epilogue = Epilogue { bias: None, activation: relu, pooling };
                let mut output = vec![0.0; conv.stored_len(pooling)];
                conv.forward(&workspace, &input, &filter, epilogue, &mut output, None);
                assert!(output[0].is_nan(), "{} {pooling:?}", isa.name());
            }
        }
    }
}

#[test]
#[should_panic(expected = "filter of")]
fn a_filter_of_another_shape_with_as_many_taps_is_refused() {
    let conv = Conv2d {
        batch: 1,
        height: 9,
        width: 9,
        in_channels: 16,
        out_channels: 16,
        kernel: [3, 3],
        padding: 0,
    };
    let long = Conv2d { kernel: [9, 1], ..conv };
    let filter = PackedFilter::new(Isa::best(), &long, &oihw(&long));
    let mut output = vec![0.0; conv.output_len()];
    let input = vec![0.0; conv.input_len()];
    conv.forward(&Workspace::new(), &input, &filter, Epilogue::default(), &mut output, None);
}
