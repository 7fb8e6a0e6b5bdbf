//! What a scale takes over from the one before.

use crate::Config;
use crate::config::{Init, Optimizer, Steps};
use nst_tensor::{Interpolation, Result, Tensor};

/// Pixels across which a difference from the content is averaged, to be handed on in full.
const FORMS: usize = 16;
/// The share of the rest that is handed on, at a scale of twice the size.
const FINER: f64 = 0.4;

/// Whether a scale begins partly at the content, not only at what the scale before came to: if the picture began as the content and a loss
/// draws it there. A picture that is still seen at half its size keeps there what it came to, so that larger pictures look like smaller ones
/// (docs/sizes.md). Only bounded steps of L-BFGS go back; other steps are those of published systems, which enlarge and no more.
pub(crate) fn goes_back(config: &Config) -> bool {
    config.init == Init::Content
        && config.content_weight > 0.0
        && config.optimizer == Optimizer::Lbfgs
        && config.steps == Steps::Bounded
        && config.seen_smaller().next().is_none()
}

/// Where a scale begins that is `times` (above 1) as large as the one before: at the content, plus what the enlarged picture has beyond the content
/// enlarged as much. Of that, large forms are handed on in full, and the finer the less, down to a share of 0.4 at twice the size: a scale
/// soon makes fine strokes itself, while what they took from the content it wins back slowly (docs/convergence.md). In general the share is
/// 0.4 to the power of the logarithm of `times` to base 2: more of it between closer scales.
///
/// All three are images of one size.
pub(crate) fn carried_over(
    enlarged: &Tensor,
    content: &Tensor,
    blurred: &Tensor,
    times: f64,
) -> Result<Tensor> {
    let [_, height, width, _] = content.shape().nhwc("carried over")?;
    let [rows, columns] = [height, width].map(|side| side.div_ceil(FORMS));
    let change = Tensor::linear_combination(&[(1.0, enlarged), (-1.0, blurred)])?;
    let forms =
        change.resize(rows, columns, Interpolation::Linear)?.resize(height, width, Interpolation::Cubic)?;
    let share = FINER.powf(times.log2());
    Tensor::linear_combination(&[(1.0, content), (share, &change), (1.0 - share, &forms)])
}

#[cfg(test)]
mod tests {
    use super::{carried_over, goes_back};
    use crate::Config;
    use crate::config::{Init, Optimizer, Steps};
    use nst_tensor::{Device, Tensor};

    const SIDE: usize = 64;

    /// What becomes of a difference from the content, on the way from half the size or so.
    fn handed_on(difference: impl Fn(usize, usize) -> f32, times: f64) -> Vec<f32> {
        let device = Device::cpu();
        let image = |value: &dyn Fn(usize, usize) -> f32| {
            let values: Vec<f32> = (0..SIDE * SIDE * 3).map(|i| value(i / 3 / SIDE, i / 3 % SIDE)).collect();
            Tensor::new(&device, [1, SIDE, SIDE, 3], &values).unwrap()
        };
        let content = image(&|row, column| (row * column % 7) as f32);
        let blurred = image(&|row, column| (row + column) as f32);
        let enlarged = image(&|row, column| (row + column) as f32 + difference(row, column));
        let start = carried_over(&enlarged, &content, &blurred, times).unwrap();
        Tensor::linear_combination(&[(1.0, &start), (-1.0, &content)]).unwrap().to_vec().unwrap()
    }

    fn all_near(values: &[f32], expected: impl Fn(usize) -> f32) {
        for (at, value) in values.iter().enumerate() {
            assert!((value - expected(at)).abs() < 2e-2, "{at}: {value}, not {}", expected(at));
        }
    }

    #[test]
    fn what_is_large_is_handed_on_in_full() {
        all_near(&handed_on(|_, _| 3.0, 2.0), |_| 3.0);
    }

    #[test]
    fn what_is_fine_is_handed_on_in_part_and_more_of_it_the_closer_the_scales() {
        let stripes = |_, column: usize| if column.is_multiple_of(2) { 1.0 } else { -1.0 };
        let stripe = |at: usize| stripes(0, at / 3 % SIDE);
        // Beyond the reach of the edges.
        let inner = |values: Vec<f32>| values[32 * SIDE * 3 + 96..][..48].to_vec();
        for (times, share) in [(2.0, 0.4), (4.0, 0.16), (2f64.sqrt(), 0.4f32.sqrt()), (1.0, 1.0)] {
            all_near(&inner(handed_on(stripes, times)), |at| share * stripe(at + 96));
        }
    }

    #[test]
    fn only_a_picture_that_is_drawn_to_the_content_and_seen_at_one_size_goes_back() {
        let default = Config::default();
        assert!(goes_back(&default));
        assert!(goes_back(&Config { size: 2 * default.seen_from, seen_from: 0, ..default.clone() }));
        for other in [
            Config { init: Init::Noise, ..default.clone() },
            Config { content_weight: 0.0, ..default.clone() },
            Config { optimizer: Optimizer::Adam, ..default.clone() },
            Config { steps: Steps::Torch, ..default.clone() },
            Config { size: 2 * default.seen_from, ..default.clone() },
        ] {
            assert!(!goes_back(&other), "{other:?}");
        }
    }
}
