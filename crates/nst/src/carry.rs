//! What a scale takes over from the one before.

use crate::Config;
use crate::config::{Init, Optimizer, Steps};
use nst_tensor::{Interpolation, Result, Tensor};

/// Pixels across which a difference from the content is averaged, to be handed on in full.
const FORMS: usize = 16;
/// The share of the rest that is handed on to a scale of twice the size.
const FINER: f64 = 0.4;

/// Whether a scale begins at the content plus what the scale before made of it, not only at that: if the picture began as the content and a loss
/// draws it there. Only bounded steps of L-BFGS do so; other steps are those of published systems, which enlarge and no more.
pub(crate) fn goes_back(config: &Config) -> bool {
    config.init == Init::Content
        && config.content_weight > 0.0
        && config.optimizer == Optimizer::Lbfgs
        && config.steps == Steps::Bounded
}

/// How much of what is fine is handed on to a scale that is `times` (above 1) as large as the one before: 0.4 at twice the size, since a scale
/// soon makes fine strokes itself, while what they took from the content it wins back slowly (docs/convergence.md). In general it is
/// 0.4 to the power of the logarithm of `times` to base 2: more of it between closer scales. To one that is seen smaller too, all
/// is handed on: there is where the strokes have been made, and larger pictures are to look like smaller ones (docs/sizes.md).
pub(crate) fn share(times: f64, seen_smaller: bool) -> f64 {
    if seen_smaller { 1.0 } else { FINER.powf(times.log2()) }
}

/// Where a scale begins: at the content, plus what the enlarged picture has beyond the content enlarged as much. Of that, large
/// forms are handed on in full, and a share of the rest. The content's own detail, which only this size shows, is there in any case.
///
/// All three are images of one size.
pub(crate) fn carried_over(
    enlarged: &Tensor,
    content: &Tensor,
    blurred: &Tensor,
    share: f64,
) -> Result<Tensor> {
    let [_, height, width, _] = content.shape().nhwc("carried over")?;
    let [rows, columns] = [height, width].map(|side| side.div_ceil(FORMS));
    let change = Tensor::linear_combination(&[(1.0, enlarged), (-1.0, blurred)])?;
    let forms =
        change.resize(rows, columns, Interpolation::Linear)?.resize(height, width, Interpolation::Cubic)?;
    Tensor::linear_combination(&[(1.0, content), (share, &change), (1.0 - share, &forms)])
}

#[cfg(test)]
mod tests {
    use super::{carried_over, goes_back, share};
    use crate::Config;
    use crate::config::{Init, Optimizer, Steps};
    use nst_tensor::{Device, Tensor};

    const SIDE: usize = 64;

    /// What becomes of a difference from the content.
    fn handed_on(difference: impl Fn(usize, usize) -> f32, share: f64) -> Vec<f32> {
        let device = Device::cpu();
        let image = |value: &dyn Fn(usize, usize) -> f32| {
            let values: Vec<f32> = (0..SIDE * SIDE * 3).map(|i| value(i / 3 / SIDE, i / 3 % SIDE)).collect();
            Tensor::new(&device, [1, SIDE, SIDE, 3], &values).unwrap()
        };
        let content = image(&|row, column| (row * column % 7) as f32);
        let blurred = image(&|row, column| (row + column) as f32);
        let enlarged = image(&|row, column| (row + column) as f32 + difference(row, column));
        let start = carried_over(&enlarged, &content, &blurred, share).unwrap();
        Tensor::linear_combination(&[(1.0, &start), (-1.0, &content)]).unwrap().to_vec().unwrap()
    }

    fn all_near(values: &[f32], expected: impl Fn(usize) -> f32) {
        for (at, value) in values.iter().enumerate() {
            assert!((value - expected(at)).abs() < 2e-2, "{at}: {value}, not {}", expected(at));
        }
    }

    #[test]
    fn what_is_large_is_handed_on_in_full() {
        all_near(&handed_on(|_, _| 3.0, 0.4), |_| 3.0);
    }

    #[test]
    fn what_is_fine_is_handed_on_in_part() {
        let stripes = |_, column: usize| if column.is_multiple_of(2) { 1.0 } else { -1.0 };
        let stripe = |at: usize| stripes(0, at / 3 % SIDE);
        // Beyond the reach of the edges.
        let inner = |values: Vec<f32>| values[32 * SIDE * 3 + 96..][..48].to_vec();
        for share in [0.16, 0.4, 1.0] {
            all_near(&inner(handed_on(stripes, share)), |at| share as f32 * stripe(at + 96));
        }
    }

    #[test]
    fn more_is_handed_on_the_closer_the_scales_and_all_to_one_that_is_seen_smaller() {
        for (times, expected) in [(2.0, 0.4), (4.0, 0.16), (2f64.sqrt(), 0.4f64.sqrt()), (1.0, 1.0)] {
            assert!((share(times, false) - expected).abs() < 1e-12, "{times}");
            assert_eq!(share(times, true), 1.0);
        }
    }

    #[test]
    fn only_a_picture_that_is_drawn_to_the_content_goes_back_to_it() {
        let default = Config::default();
        assert!(goes_back(&default));
        for other in [
            Config { init: Init::Noise, ..default.clone() },
            Config { content_weight: 0.0, ..default.clone() },
            Config { optimizer: Optimizer::Adam, ..default.clone() },
            Config { steps: Steps::Torch, ..default.clone() },
        ] {
            assert!(!goes_back(&other), "{other:?}");
        }
    }
}
