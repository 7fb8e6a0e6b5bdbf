//! The nine-point total variation against its formula, pixel by pixel in f64.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use approx::assert_relative_eq;
use nst_autodiff::Var;
use nst_loss::{Loss, NinePointLoss};
use nst_tensor::{Device, Tensor};

fn of(image: &Tensor) -> f64 {
    let statistic = NinePointLoss.statistic(&Var::constant(image.clone()), None).unwrap();
    f64::from(NinePointLoss.value(&statistic).unwrap().value().item().unwrap())
}

#[test]
fn is_the_published_formula() {
    let device = Device::cpu();
    for [height, width, channels] in [[4, 5, 3], [1, 6, 3], [7, 1, 1], [1, 1, 2]] {
        let values: Vec<f32> =
            (0..height * width * channels).map(|i| ((i * 41 + 29) % 97) as f32 / 97.0).collect();
        let image = Tensor::new(&device, [1, height, width, channels], &values).unwrap();
        // The image with its edge repeated, from row and column -1 on.
        let at = |row: isize, column: isize, channel: usize| {
            let row = row.clamp(0, height.cast_signed() - 1) as usize;
            let column = column.clamp(0, width.cast_signed() - 1) as usize;
            f64::from(values[(row * width + column) * channels + channel])
        };
        let mean =
            |rows: std::ops::Range<isize>, columns: std::ops::Range<isize>, [a, b]: [[isize; 2]; 2]| {
                let (mut sum, mut count) = (0.0, 0.0);
                for (row, column) in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
                    for channel in 0..channels {
                        let difference =
                            at(row + a[0], column + a[1], channel) - at(row + b[0], column + b[1], channel);
                        sum += difference * difference;
                        count += 1.0;
                    }
                }
                sum / count
            };
        let (rows, columns) = (height.cast_signed(), width.cast_signed());
        let expected = 2.0 / 3.0 * mean(0..rows, 0..columns, [[0, 1], [0, 0]])
            + 2.0 / 3.0 * mean(0..rows, 0..columns, [[1, 0], [0, 0]])
            + 1.0 / 6.0 * mean(-1..rows, -1..columns, [[1, 1], [0, 0]])
            + 1.0 / 6.0 * mean(-1..rows, -1..columns, [[1, 0], [0, 1]]);
        assert_relative_eq!(of(&image), expected, max_relative = 1e-6);
    }
}

/// Values 255 times as large make it 255² times as large: what a weight for 0..1 has to be divided by for 0..255.
#[test]
fn is_in_squared_pixels() {
    let device = Device::cpu();
    let values: Vec<f32> = (0..60).map(|i| ((i * 41 + 29) % 97) as f32 / 97.0).collect();
    let image = Tensor::new(&device, [1, 4, 5, 3], &values).unwrap();
    assert_relative_eq!(of(&image.scale(255.0).unwrap()), of(&image) * 255.0 * 255.0, max_relative = 1e-5);
}
