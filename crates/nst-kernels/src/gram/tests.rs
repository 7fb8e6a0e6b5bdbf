use super::{Update, gram, gram_backward};
use crate::reference::{self, test_values};
use crate::{Isa, Workspace};

/// Positions and channels: none and one, multiples of a tile and not, one part and several, one group and several.
const SHAPES: [[usize; 2]; 12] = [
    [0, 4],
    [0, 0],
    [1, 1],
    [1, 64],
    [5, 3],
    [600, 64],
    [1031, 37],
    [40, 130],
    [3000, 96],
    [2049, 33],
    [9000, 8],
    [20_000, 16],
];

/// One whose scratch memory holds nothing but NaN, which would be seen.
fn dirty_workspace() -> Workspace {
    let workspace = Workspace::new();
    let mut scratches: Vec<_> = (0..8).map(|_| workspace.take(1 << 17)).collect();
    for scratch in &mut scratches {
        scratch.fill(f32::NAN);
    }
    drop(scratches);
    workspace
}

/// Literally: d/dF[p, i] of the sum of gradient[a, b] F[q, a] F[q, b].
fn expected_backward(channels: usize, features: &[f32], gradient: &[f32]) -> Vec<f32> {
    let entry = |at: usize| {
        let (p, i) = (at / channels, at % channels);
        let terms = (0..channels).map(|b| {
            let both = f64::from(gradient[i * channels + b]) + f64::from(gradient[b * channels + i]);
            both * f64::from(features[p * channels + b])
        });
        terms.sum::<f64>() as f32
    };
    (0..features.len()).map(entry).collect()
}

#[test]
fn agrees_with_the_reference_and_is_symmetric() {
    for isa in Isa::available() {
        let workspace = dirty_workspace();
        for [positions, channels] in SHAPES {
            let features = test_values(positions * channels, 3);
            let mut output = vec![1.0; channels * channels];
            gram(isa, &workspace, channels, &features, &mut output);
            reference::assert_close(&output, &reference::gram(channels, &features), 1e-6);
            for i in 0..channels {
                for j in 0..channels {
                    assert_eq!(output[i * channels + j].to_bits(), output[j * channels + i].to_bits());
                }
            }
        }
    }
}

#[test]
fn long_sums_of_one_sign_stay_exact() {
    for isa in Isa::available() {
        let mut output = [0.0; 9];
        gram(isa, &Workspace::new(), 3, &vec![0.1; 3 * 300_000], &mut output);
        let expected = (300_000.0 * f64::from(0.1f32).powi(2)) as f32;
        reference::assert_close(&output, &[expected; 9], 1e-6);
    }
}

#[test]
fn the_gradient_is_that_of_the_reference() {
    for isa in Isa::available() {
        let workspace = dirty_workspace();
        for [positions, channels] in SHAPES {
            let features = test_values(positions * channels, 3);
            let (gradient, before) = (test_values(channels * channels, 4), test_values(features.len(), 5));
            let expected = expected_backward(channels, &features, &gradient);
            let mut output = vec![f32::NAN; features.len()];
            gram_backward(isa, &workspace, channels, &features, &gradient, Update::Replace, &mut output);
            reference::assert_close(&output, &expected, 1e-6);

            let sum: Vec<f32> = expected.iter().zip(&before).map(|(a, b)| a + b).collect();
            let mut output = before;
            gram_backward(isa, &workspace, channels, &features, &gradient, Update::Add, &mut output);
            reference::assert_close(&output, &sum, 1e-6);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for isa in Isa::available() {
        for [positions, channels] in [[5000, 64], [1100, 130]] {
            let features = test_values(positions * channels, 3);
            let gradient = test_values(channels * channels, 4);
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let workspace = dirty_workspace();
                let (mut forward, mut backward) = (vec![0.0; channels * channels], vec![0.5; features.len()]);
                pool.install(|| {
                    gram(isa, &workspace, channels, &features, &mut forward);
                    gram_backward(
                        isa,
                        &workspace,
                        channels,
                        &features,
                        &gradient,
                        Update::Add,
                        &mut backward,
                    );
                });
                forward.into_iter().chain(backward).map(f32::to_bits).collect::<Vec<_>>()
            };
            let one = on(1);
            assert!(one == on(2) && one == on(3));
        }
    }
}

#[test]
fn a_second_call_needs_no_more_memory() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (workspace, features, gradient) =
        (Workspace::new(), test_values(3000 * 50, 1), test_values(50 * 50, 2));
    let call = || {
        let (mut forward, mut backward) = (vec![0.0; 50 * 50], vec![0.0; features.len()]);
        gram(Isa::best(), &workspace, 50, &features, &mut forward);
        gram_backward(Isa::best(), &workspace, 50, &features, &gradient, Update::Replace, &mut backward);
        workspace.bytes()
    };
    let bytes = pool.install(call);
    assert!(bytes > 0);
    assert_eq!(pool.install(call), bytes);
}
