//! How far masses on equal bins are from a distribution on the line: the squared 2-Wasserstein distance, on the host and in
//! double precision.

/// A distribution by its *quantile function* T, which gives for a level u in 0..1 the value that the share u lies below. It is
/// known by its means over equal slabs of levels, each the mean of as many values, and goes in straight lines between the
/// middles of the slabs; in the outer halves of the first and last it is flat. So its mean is that of the means.
#[derive(Clone, Debug)]
pub(crate) struct Quantiles {
    means: Vec<f64>,
    /// The integral of T from 0 to the middle of each slab.
    integrals: Vec<f64>,
    /// The integral of T² over all levels.
    square: f64,
}

impl Quantiles {
    /// From the means of slabs, of which there is one at least.
    pub(crate) fn new(means: Vec<f64>) -> Self {
        let slabs = means.len() as f64;
        let (first, last) = (means.first().copied().unwrap_or(0.0), means.last().copied().unwrap_or(0.0));
        let mut integral = 0.5 * first / slabs;
        let mut square = 0.5 * (first * first + last * last);
        let mut integrals = vec![integral];
        for pair in means.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            integral += 0.5 * (a + b) / slabs;
            integrals.push(integral);
            square += (a * a + a * b + b * b) / 3.0;
        }
        Self { means, integrals, square: square / slabs }
    }

    /// T at a level, and its integral from 0 to there. Beyond 0 and 1, T is what it is there.
    fn at(&self, level: f64) -> (f64, f64) {
        let slabs = self.means.len();
        // In slabs, from the middle of the first.
        let place = level * slabs as f64 - 0.5;
        let below = (place.max(0.0) as usize).min(slabs - 1);
        let (value, integral, beyond) = (self.means[below], self.integrals[below], place - below as f64);
        match self.means.get(below + 1) {
            Some(&next) if place >= 0.0 => {
                let rise = (next - value) * beyond;
                (value + rise, integral + beyond * (value + 0.5 * rise) / slabs as f64)
            }
            _ => (value, integral + beyond * value / slabs as f64),
        }
    }
}

/// Equal bins as points of a line, the masses on them being shares that add up to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Where the first bin lies.
    pub(crate) first: f64,
    /// The distance of two neighbours.
    pub(crate) width: f64,
}

impl Line {
    /// The squared 2-Wasserstein distance between these masses and a distribution, and in place of the masses its derivatives.
    ///
    /// Of sorted values the cheapest transport keeps the order, so it is `∫ (x(u) - T(u))² du` over the levels, where x is the
    /// masses' own quantile function: bin `x_k` from the cumulated mass `F_(k-1)` to `F_k`. With the integral A of T that is
    ///
    /// `x_n² - 2 x_n A(1) + ∫ T² - 2 w sum over k < n of (m_k F_k - A(F_k))`
    ///
    /// for the last bin n, the bins' distance w and the middles `m_k` between bins k and k + 1. T grows, so each term is convex in
    /// `F_k`, with the derivative `-2 w (m_k - T(F_k))`: a value between the two bins is drawn by `2 (m_k - T(F_k))`, to where
    /// the distribution has its equal in rank. The last mass is taken for what the others leave of 1.
    pub(crate) fn transport(&self, masses: &mut [f64], to: &Quantiles) -> f64 {
        let Some(last) = masses.len().checked_sub(1) else { return 0.0 };
        let end = self.first + self.width * last as f64;
        let mut value = end * (end - 2.0 * to.at(1.0).1) + to.square;
        let mut cumulated = 0.0;
        for (bin, mass) in masses[..last].iter_mut().enumerate() {
            cumulated += *mass;
            let middle = self.first + self.width * (bin as f64 + 0.5);
            let (target, integral) = to.at(cumulated);
            value -= 2.0 * self.width * (middle * cumulated - integral);
            *mass = -2.0 * self.width * (middle - target);
        }
        // A mass counts for its own and all later cumulated masses.
        masses[last] = 0.0;
        for bin in (0..last).rev() {
            masses[bin] += masses[bin + 1];
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Quantiles};
    use approx::assert_relative_eq;

    /// Levels in fine steps, literally.
    fn literal(line: Line, masses: &[f64], to: &Quantiles) -> f64 {
        const STEPS: usize = 200_000;
        let (mut bin, mut cumulated, mut sum) = (0, masses[0], 0.0);
        for step in 0..STEPS {
            let level = (step as f64 + 0.5) / STEPS as f64;
            while cumulated < level && bin + 1 < masses.len() {
                bin += 1;
                cumulated += masses[bin];
            }
            sum += (line.first + line.width * bin as f64 - to.at(level).0).powi(2);
        }
        sum / STEPS as f64
    }

    fn masses(count: usize, seed: usize) -> Vec<f64> {
        let masses: Vec<f64> = (0..count).map(|i| ((i * 37 + seed * 11) % 17) as f64).collect();
        let sum: f64 = masses.iter().sum();
        masses.iter().map(|mass| mass / sum).collect()
    }

    fn quantiles(slabs: usize) -> Quantiles {
        Quantiles::new((0..slabs).map(|i| (i as f64 / slabs as f64).powi(3) * 2.0 - 0.3).collect())
    }

    const LINE: Line = Line { first: -1.0, width: 0.2 };

    #[test]
    fn the_value_is_the_integral_over_levels() {
        for slabs in [1, 2, 7, 64] {
            let (to, masses) = (quantiles(slabs), masses(20, slabs));
            let expected = literal(LINE, &masses, &to);
            assert_relative_eq!(
                LINE.transport(&mut masses.clone(), &to),
                expected,
                epsilon = 1e-5,
                max_relative = 1e-5
            );
        }
    }

    /// Cubic between kinks of second order, so that central differences are as good as the step's square.
    #[test]
    fn the_derivatives_agree_with_finite_differences() {
        for slabs in [1, 3, 64] {
            let (to, masses) = (quantiles(slabs), masses(20, slabs));
            let mut gradient = masses.clone();
            LINE.transport(&mut gradient, &to);
            for bin in 0..masses.len() {
                let moved = |step: f64| {
                    let mut masses = masses.clone();
                    masses[bin] += step;
                    LINE.transport(&mut masses, &to)
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert_relative_eq!(gradient[bin], slope, epsilon = 1e-8, max_relative = 1e-8);
            }
        }
    }

    #[test]
    fn one_point_moves_to_another() {
        let to = Quantiles::new(vec![0.5; 8]);
        let mut point = vec![0.0; 11];
        point[2] = 1.0;
        assert_relative_eq!(LINE.transport(&mut point, &to), 1.1 * 1.1, max_relative = 1e-12);
        // Between bins 2 and 3 it is drawn by twice the distance of their middle.
        assert_relative_eq!((point[3] - point[2]) / LINE.width, 2.0 * (-0.5 - 0.5), max_relative = 1e-12);
    }

    #[test]
    fn what_is_no_number_is_not_lost() {
        let mut masses = [0.5, f64::NAN, 0.5];
        assert!(LINE.transport(&mut masses, &quantiles(4)).is_nan());
    }
}
