//! The weights that resize one axis of an image.

/// How values between pixels are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// The triangle: never beyond the values given.
    Linear,
    /// Keys' cubic with a = -1/2 ("Cubic convolution interpolation for digital image processing", 1981, eq. 15): sharper, and
    /// it overshoots at edges.
    Cubic,
}

impl Interpolation {
    /// Pixels to each side over which the filter reaches.
    pub(crate) fn reach(self) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Cubic => 2.0,
        }
    }

    /// The filter at a distance in pixels.
    pub(crate) fn at(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            _ if x >= self.reach() => 0.0,
            Self::Linear => 1.0 - x,
            Self::Cubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Cubic => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        }
    }
}

/// The weights that make `to` values of `from` values along one axis: value `o` is the sum of `weights[o * width + k]` times
/// the value at `first[o] + k`, over all `k` below `width`. `first[o] + width` is at most `from`, so that a kernel needs no
/// test at the edges, and nobody else makes tables; weights that a sum does not need are 0.
///
/// ```
/// use nst_kernels::{Interpolation, Taps};
///
/// // From four values to two: a triangle as wide as four of them, cut off at the edges.
/// let taps = Taps::new(4, 2, Interpolation::Linear);
/// assert_eq!((taps.first(), taps.width()), ([0, 1].as_slice(), 3));
/// assert_eq!(taps.weights()[..3], [3.0 / 7.0, 3.0 / 7.0, 1.0 / 7.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Taps {
    pub(crate) from: usize,
    pub(crate) first: Vec<u32>,
    pub(crate) weights: Vec<f32>,
    pub(crate) width: usize,
}

impl Taps {
    /// The longest axis that [`Taps::new`] and [`Taps::mirrored`] make or take: a hostile size is refused before there is a table for it.
    pub const LONGEST: usize = 1 << 20;

    /// Resizes an axis of `from` pixels to `to` pixels, both as long as each other: the centres of pixels lie at halves.
    /// When an image is made smaller, the filter becomes as much wider as the pixels do (antialiasing); at the edges it is
    /// cut off. Then the weights of each sum are divided by their sum. So do Pillow, and PyTorch's `interpolate` with
    /// `antialias=True, align_corners=False` in its modes `bilinear` and `bicubic`.
    ///
    /// Weights are computed in double precision. To the same length, each value is copied.
    ///
    /// # Panics
    /// If `from` is 0 and `to` is not, or either exceeds [`Taps::LONGEST`].
    pub fn new(from: usize, to: usize, interpolation: Interpolation) -> Self {
        Self::by_filter(from, to, interpolation, |i| Some(i).filter(|i| (0..from.cast_signed()).contains(i)))
    }

    /// As [`Taps::new`], but beyond an edge lies the axis mirrored there (the `symmetric` padding of numpy), in place of nothing. When an axis of
    /// even length is halved, all values have the same weight, summed over what is made of them, so that the transpose keeps what is
    /// constant so; at odd lengths nearly.
    ///
    /// # Panics
    /// As [`Taps::new`].
    pub fn mirrored(from: usize, to: usize, interpolation: Interpolation) -> Self {
        let length = from.cast_signed();
        Self::by_filter(from, to, interpolation, |i| {
            let within = i.rem_euclid(2 * length);
            Some(within.min(2 * length - 1 - within))
        })
    }

    /// With the filter's weight at `i`, which may lie beyond the axis, given to the value at `inside(i)`.
    fn by_filter(
        from: usize,
        to: usize,
        interpolation: Interpolation,
        inside: impl Fn(isize) -> Option<isize>,
    ) -> Self {
        assert!(from.max(to) <= Self::LONGEST, "{from} pixels to {to}");
        assert!(from > 0 || to == 0, "{to} pixels of none");
        let scale = from as f64 / to as f64;
        let wider = scale.max(1.0);
        let reach = interpolation.reach() * wider;
        Self::of_sums(from, to, |o| {
            let centre = scale * (o as f64 + 0.5);
            // Any pixel whose centre is less than `reach` away.
            let reached = (centre - reach).floor() as isize..(centre + reach).ceil() as isize;
            let reached = reached.filter_map(|i| Some((i, inside(i)?.cast_unsigned())));
            let (first, end) =
                reached.clone().fold((from, 0), |(first, end), (_, i)| (first.min(i), end.max(i + 1)));
            let mut weights = vec![0.0; end - first];
            for (i, inside) in reached {
                weights[inside - first] += interpolation.at((i as f64 + 0.5 - centre) / wider);
            }
            let sum: f64 = weights.iter().sum();
            (first, weights.into_iter().map(|weight| (weight / sum) as f32).collect())
        })
    }

    /// The adjoint: what takes a gradient with respect to the `to` values to that with respect to the `from` values.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut sums = vec![(0, Vec::new()); self.from];
        for o in 0..self.to() {
            for (i, weight) in self.of(o).filter(|(_, weight)| *weight != 0.0) {
                let (first, weights): &mut (usize, Vec<f32>) = &mut sums[i];
                if weights.is_empty() {
                    *first = o;
                }
                // A filter that is 0 at whole distances leaves gaps.
                weights.resize(o - *first, 0.0);
                weights.push(weight);
            }
        }
        Self::of_sums(self.to(), self.from, |i| std::mem::take(&mut sums[i]))
    }

    /// How many values there are to begin with.
    pub fn from(&self) -> usize {
        self.from
    }

    /// For each new value, where its sum begins.
    pub fn first(&self) -> &[u32] {
        &self.first
    }

    /// [`Taps::width`] weights for each new value.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Terms of each sum.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many values it makes.
    pub fn to(&self) -> usize {
        self.first.len()
    }

    /// Where value `o` comes from, and with which weights.
    pub(crate) fn of(&self, o: usize) -> impl Iterator<Item = (usize, f32)> {
        let first = self.first[o] as usize;
        self.weights[o * self.width..][..self.width]
            .iter()
            .enumerate()
            .map(move |(k, &weight)| (first + k, weight))
    }

    /// From where each sum begins and its weights: without zeros at either end, all made as long as the longest.
    fn of_sums(from: usize, to: usize, mut sum: impl FnMut(usize) -> (usize, Vec<f32>)) -> Self {
        let sums: Vec<(usize, Vec<f32>)> = (0..to)
            .map(|o| {
                let (first, mut weights) = sum(o);
                weights
                    .truncate(weights.iter().rposition(|&weight| weight != 0.0).map_or(0, |last| last + 1));
                let zeros = weights.iter().take_while(|&&weight| weight == 0.0).count();
                (first + zeros, weights.split_off(zeros))
            })
            .collect();
        let width = sums.iter().map(|(_, weights)| weights.len()).max().unwrap_or(0);
        let mut taps = Self { from, first: Vec::with_capacity(to), weights: vec![0.0; to * width], width };
        for (o, (first, weights)) in sums.into_iter().enumerate() {
            let shifted = first.min(from - width);
            taps.first.push(shifted as u32);
            taps.weights[o * width + first - shifted..][..weights.len()].copy_from_slice(&weights);
        }
        taps
    }
}

#[cfg(test)]
mod tests {
    use super::{Interpolation, Taps};
    use approx::assert_abs_diff_eq;

    const BOTH: [Interpolation; 2] = [Interpolation::Linear, Interpolation::Cubic];
    const LENGTHS: [usize; 8] = [1, 2, 3, 5, 7, 16, 61, 128];

    fn each(mut check: impl FnMut(usize, usize, Interpolation, &Taps)) {
        for (from, to) in LENGTHS.into_iter().flat_map(|from| LENGTHS.map(|to| (from, to))) {
            for interpolation in BOTH {
                check(from, to, interpolation, &Taps::new(from, to, interpolation));
            }
        }
    }

    #[test]
    fn weights_are_those_of_the_definition_and_lie_within_the_axis() {
        each(|from, to, interpolation, taps| {
            assert_eq!((taps.from, taps.to(), taps.weights.len()), (from, to, to * taps.width));
            let scale = from as f64 / to as f64;
            for o in 0..to {
                assert!(taps.first[o] as usize + taps.width <= from, "{from} to {to}");
                let literal: Vec<f64> = (0..from)
                    .map(|i| i as f64 + 0.5 - scale * (o as f64 + 0.5))
                    .map(|distance| interpolation.at(distance / scale.max(1.0)))
                    .collect();
                let mut weights = vec![0.0; from];
                taps.of(o).for_each(|(i, weight)| weights[i] += f64::from(weight));
                for (weight, literal_weight) in weights.iter().zip(&literal) {
                    let expected = literal_weight / literal.iter().sum::<f64>();
                    assert_abs_diff_eq!(*weight, expected, epsilon = 1e-7);
                }
                assert_abs_diff_eq!(weights.iter().sum::<f64>(), 1.0, epsilon = 1e-6);
            }
        });
    }

    #[test]
    fn mirrored_at_the_edges_each_value_counts_the_same() {
        let taps = Taps::mirrored(6, 3, Interpolation::Linear);
        let weights = |taps: &Taps, o| taps.of(o).filter(|(_, weight)| *weight != 0.0).collect::<Vec<_>>();
        assert_eq!(weights(&taps, 0), [(0, 0.5), (1, 0.375), (2, 0.125)]);
        for from in LENGTHS {
            let taps = Taps::mirrored(from, from.div_ceil(2), Interpolation::Linear);
            for o in 0..taps.to() {
                let sum: f32 = taps.of(o).map(|(_, weight)| weight).sum();
                assert_abs_diff_eq!(sum, 1.0, epsilon = 1e-6);
            }
            let mut counts = vec![0.0; from];
            (0..taps.to()).flat_map(|o| taps.of(o)).for_each(|(i, weight)| counts[i] += weight);
            let each = taps.to() as f32 / from as f32;
            let tolerance = if from % 2 == 0 { 1e-6 } else { 0.1 };
            for count in counts {
                assert!((count / each - 1.0).abs() <= tolerance, "{from}: {count}, not {each}");
            }
        }
        // Far from the edges, it is as ever.
        let [mirrored, cut] = [Taps::mirrored, Taps::new].map(|taps| taps(61, 128, Interpolation::Cubic));
        assert_eq!(weights(&mirrored, 60), weights(&cut, 60));
    }

    #[test]
    fn to_the_same_length_each_value_is_copied() {
        for (length, interpolation) in LENGTHS.into_iter().flat_map(|length| BOTH.map(|both| (length, both)))
        {
            let taps = Taps::new(length, length, interpolation);
            assert_eq!((taps.width, taps.weights), (1, vec![1.0; length]));
            assert!(taps.first.iter().enumerate().all(|(o, &first)| o == first as usize));
        }
    }

    #[test]
    fn the_transposed_map_has_the_same_weights_the_other_way_round() {
        each(|from, to, _, taps| {
            let transposed = taps.transposed();
            assert_eq!((transposed.from, transposed.to()), (to, from));
            let entries = |taps: &Taps, swap: bool| {
                let mut entries: Vec<(usize, usize, u32)> = (0..taps.to())
                    .flat_map(|o| taps.of(o).map(move |(i, weight)| (o, i, weight)))
                    .filter(|(_, _, weight)| *weight != 0.0)
                    .map(
                        |(o, i, weight)| {
                            if swap { (i, o, weight.to_bits()) } else { (o, i, weight.to_bits()) }
                        },
                    )
                    .collect();
                entries.sort_unstable();
                entries
            };
            assert_eq!(entries(&transposed, true), entries(taps, false), "{from} to {to}");
            assert_eq!(&transposed.transposed(), taps, "{from} to {to}");
        });
    }

    #[test]
    fn no_values_of_any_or_of_none() {
        for from in [0, 3] {
            let taps = Taps::new(from, 0, Interpolation::Cubic);
            assert_eq!((taps.to(), taps.weights.len()), (0, 0));
            assert_eq!(taps.transposed().to(), from);
        }
    }
}
