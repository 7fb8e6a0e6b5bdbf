//! Operations on single elements.

use crate::devices::present;
use crate::numbers::{SPECIAL, assert_close, assert_same, random, shapes, tensor};
use nst_kernels::reference::test_values;
use nst_tensor::{Device, Map, Shape, Tensor, Zip};

operations!(map, zip, linear_combination);

/// What a [`Map`] does.
type Function = fn(f64) -> f64;
/// What a [`Zip`] does.
type FunctionOfTwo = fn(f64, f64) -> f64;

const MAPS: [(Map, Function); 5] = [
    (Map::Affine { scale: -2.5, offset: 0.375 }, |x| -2.5 * x + 0.375),
    (Map::Square, |x| x * x),
    (Map::Sqrt, f64::sqrt),
    (Map::Abs, f64::abs),
    (Map::Relu, |x| if x < 0.0 { 0.0 } else { x }),
];

const ZIPS: [(Zip, FunctionOfTwo); 5] = [
    (Zip::Add, |a, b| a + b),
    (Zip::Sub, |a, b| a - b),
    (Zip::Mul, |a, b| a * b),
    (Zip::Div, |a, b| a / b),
    (Zip::Mask, |a, b| if b > 0.0 { a } else { 0.0 }),
];

fn map(device: &Device) {
    for (op, function) in MAPS {
        let check = |shape: &Shape, values: &[f32]| {
            let actual = tensor(device, shape, values).map(op).expect("a result");
            let expected: Vec<f32> = values.iter().map(|&x| function(f64::from(x)) as f32).collect();
            assert_close(&format!("map {op:?} of {shape}"), &actual, shape, &expected);
        };
        for shape in shapes() {
            check(&shape, &test_values(shape.len(), 1));
        }
        // One by one: beside the greatest number, any error would be a small one.
        for x in SPECIAL {
            check(&Shape::from([1]), &[x]);
        }
    }
    let halves = tensor(device, [3], &[1.0, -2.0, 4.0]).scale(0.5).expect("a result");
    assert_same("scale of [3]", &halves, [3], &[0.5, -1.0, 2.0]);
}

/// Shapes of the two operands: equal, or the second repeated along the outer axes.
fn pairs() -> Vec<(Shape, Shape)> {
    let mut pairs: Vec<_> = shapes().into_iter().map(|shape| (shape.clone(), shape)).collect();
    pairs.extend(shapes().into_iter().map(|shape| (shape, Shape::from([]))));
    pairs.extend([
        (Shape::from([7, 13, 5]), Shape::from([13, 5])),
        (Shape::from([7, 13, 5]), Shape::from([5])),
        (Shape::from([2, 61, 67, 3]), Shape::from([3])),
        (Shape::from([5000, 1]), Shape::from([1])),
        (Shape::from([0, 3]), Shape::from([3])),
        (Shape::from([3, 0]), Shape::from([0])),
    ]);
    pairs
}

/// Fails unless `a op b` is what `function` says, `b` being repeated.
fn check_zip((op, function): (Zip, FunctionOfTwo), a: (&Tensor, &[f32]), b: (&Tensor, &[f32])) {
    let expected: Vec<f32> =
        a.1.iter().zip(b.1.iter().cycle()).map(|(&a, &b)| function(a.into(), b.into()) as f32).collect();
    let what = format!("zip {op:?} of {} and {}", a.0.shape(), b.0.shape());
    let actual = a.0.zip(b.0, op).expect("a result");
    let assert = if op == Zip::Mask { assert_same } else { assert_close };
    assert(&what, &actual, a.0.shape(), &expected);
}

fn zip(device: &Device) {
    for pair in ZIPS {
        for (shape, suffix) in pairs() {
            let (a, a_values) = random(device, &shape, 1);
            let mut b_values = test_values(suffix.len(), 2);
            if pair.0 == Zip::Div {
                // Away from zero: the greatest quotient would hide the errors of the others.
                for x in &mut b_values {
                    *x += 2.0;
                }
            }
            let b = tensor(device, &suffix, &b_values);
            check_zip(pair, (&a, &a_values), (&b, &b_values));
        }
        for (a, b) in SPECIAL.into_iter().flat_map(|a| SPECIAL.map(|b| (a, b))) {
            check_zip(pair, (&tensor(device, [1], &[a]), &[a]), (&tensor(device, [1], &[b]), &[b]));
        }
    }
}

fn linear_combination(device: &Device) {
    for shape in shapes() {
        for terms in [1, 2, 5, 45] {
            let (tensors, values): (Vec<_>, Vec<_>) =
                (1..=terms).map(|seed| random(device, &shape, seed)).unzip();
            let factors: Vec<f64> = (0..terms).map(|i| 1.0 / f64::from(i + 1) - 0.3).collect();
            let expected: Vec<f32> = (0..shape.len())
                .map(|at| factors.iter().zip(&values).map(|(f, x)| f * f64::from(x[at])).sum::<f64>() as f32)
                .collect();
            let terms: Vec<_> = factors.into_iter().zip(&tensors).collect();
            let actual = Tensor::linear_combination(&terms).expect("a result");
            let what = format!("linear_combination of {} times {shape}", terms.len());
            assert_close(&what, &actual, &shape, &expected);
        }
    }
    let (a, values) = random(device, &Shape::from([7, 13]), 1);
    let difference = Tensor::linear_combination(&[(1.0 + 1e-9, &a), (-1.0, &a)]).expect("a result");
    let expected: Vec<f32> = values.iter().map(|x| x * 1e-9).collect();
    assert_close("linear_combination of [7, 13] in double precision", &difference, [7, 13], &expected);
}

/// Two tensors of different shapes may share a buffer: each operand must be taken in its own shape.
#[test]
fn reshaped_operands() {
    for device in present() {
        let (a, a_values) = random(&device, &Shape::from([6, 7, 10]), 1);
        let (b, b_values) = random(&device, &Shape::from([2, 5]), 2);
        let reshaped = |tensor: &Tensor, shape: Shape| tensor.reshape(&shape).expect("as many");
        let flat_b = reshaped(&b, Shape::from([10]));
        let matrix = reshaped(&a, Shape::from([42, 10]));
        for pair in ZIPS.into_iter().filter(|(op, _)| *op != Zip::Div) {
            for a in [&a, &matrix] {
                check_zip(pair, (a, &a_values), (&flat_b, &b_values));
            }
            let other = reshaped(&a, Shape::from([21, 2, 10]));
            let same = reshaped(&other, a.shape().clone());
            check_zip(pair, (&a, &a_values), (&same, &a_values));
            check_zip(pair, (&reshaped(&other, Shape::from([42, 2, 5])), &a_values), (&b, &b_values));
        }
        let flat = reshaped(&a, Shape::from([420]));
        let sum = Tensor::linear_combination(&[(1.0, &flat), (1.0, &reshaped(&matrix, Shape::from([420])))]);
        let doubled: Vec<f32> = a_values.iter().map(|x| 2.0 * x).collect();
        assert_same("linear_combination of reshaped", &sum.expect("a result"), [420], &doubled);
        let sums = matrix.channel_sums().expect("a result");
        let expected: Vec<f32> = (0..10)
            .map(|c| a_values.iter().skip(c).step_by(10).map(|&x| f64::from(x)).sum::<f64>() as f32)
            .collect();
        assert_close("channel_sums of reshaped", &sums, [10], &expected);
    }
}
