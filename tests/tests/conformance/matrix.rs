//! Products of matrices and Gram matrices.

use crate::numbers::{assert_close, assert_same, random};
use nst_kernels::reference;
use nst_tensor::{Device, Shape, Transpose};

operations!(matmul, gram, gram_backward);

const TRANSPOSES: [Transpose; 2] = [Transpose::No, Transpose::Yes];

/// A matrix as it lies in memory if it is to be `rows x columns` after transposition.
fn lying(rows: usize, columns: usize, transpose: Transpose) -> Shape {
    Shape::from(if transpose == Transpose::Yes { [columns, rows] } else { [rows, columns] })
}

fn matmul(device: &Device) {
    for [m, k, n] in
        [[1, 1, 1], [1, 5000, 1], [5000, 1, 3], [7, 13, 5], [17, 64, 130], [131, 257, 67], [7, 0, 4]]
            .into_iter()
            .chain([[0, 3, 4], [3, 4, 0]])
    {
        for (ta, tb) in TRANSPOSES.into_iter().flat_map(|ta| TRANSPOSES.map(|tb| (ta, tb))) {
            let (a, a_values) = random(device, &lying(m, k, ta), 1);
            let (b, b_values) = random(device, &lying(k, n, tb), 2);
            let actual = a.matmul(ta, &b, tb).expect("a product");
            let expected = reference::matmul([m, k, n], (&a_values, ta), (&b_values, tb));
            let what = format!("matmul of {} ({ta:?}) and {} ({tb:?})", a.shape(), b.shape());
            assert_close(&what, &actual, [m, n], &expected);
        }
    }
}

/// Feature maps of any rank, small and large, and without elements.
fn feature_maps() -> Vec<Shape> {
    vec![
        Shape::from([1]),
        Shape::from([17]),
        Shape::from([5000, 1]),
        Shape::from([7, 13, 5]),
        Shape::from([1, 1, 1, 130]),
        Shape::from([2, 13, 19, 64]),
        Shape::from([1, 61, 67, 3]),
        Shape::from([1, 31, 37, 130]),
        Shape::from([0, 3]),
        Shape::from([3, 0]),
    ]
}

fn gram(device: &Device) {
    for shape in feature_maps() {
        let (features, values) = random(device, &shape, 1);
        let channels = shape.channels();
        let actual = features.gram().expect("a Gram matrix");
        let what = format!("gram of {shape}");
        assert_close(&what, &actual, [channels; 2], &reference::gram(channels, &values));
        let entries = actual.to_vec().expect("values");
        let transposed: Vec<f32> =
            (0..entries.len()).map(|at| entries[at % channels * channels + at / channels]).collect();
        assert_same(&format!("{what} is not symmetric"), &actual, [channels; 2], &transposed);
    }
}

fn gram_backward(device: &Device) {
    for shape in feature_maps() {
        let channels = shape.channels();
        let (features, values) = random(device, &shape, 1);
        let (gradient, entries) = random(device, &Shape::from([channels; 2]), 2);
        let symmetric: Vec<f32> = (0..entries.len())
            .map(|at| entries[at] + entries[at % channels * channels + at / channels])
            .collect();
        let extents = [shape.positions(), channels, channels];
        let expected = reference::matmul(extents, (&values, Transpose::No), (&symmetric, Transpose::No));
        let actual = gradient.gram_backward(&features, None).expect("a gradient");
        assert_close(&format!("gram_backward of {shape}"), &actual, &shape, &expected);
        // Added to a sum, which is written in place if nobody else holds it.
        let (sum, terms) = random(device, &shape, 3);
        let expected: Vec<f32> = expected.iter().zip(&terms).map(|(a, b)| a + b).collect();
        for held in [Some(sum.clone()), None] {
            let sum = if held.is_some() { sum.clone() } else { random(device, &shape, 3).0 };
            let actual = gradient.gram_backward(&features, Some(sum)).expect("a gradient");
            assert_close(&format!("gram_backward of {shape} with a sum"), &actual, &shape, &expected);
            if let Some(held) = held {
                assert_eq!(held.to_vec().expect("values"), terms);
            }
        }
    }
}
