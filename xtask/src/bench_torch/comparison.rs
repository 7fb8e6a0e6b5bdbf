//! Two programs, run alternately.

use anyhow::{Context, Result, ensure};

use super::bench::Bench;
use super::case::Case;
use super::measured::{FEWEST, Run};
use super::program::Program;
use super::spread::Spread;

/// Runs of a program and of the one it is compared with, in pairs that are adjacent in time.
pub(super) struct Comparison {
    pairs: Vec<(Run, Run)>,
}

impl Comparison {
    /// Runs each program `bench.pairs` times, `base` first in every other pair. Before that, a short run of `program`
    /// shows whether it works here, and fills its caches.
    ///
    /// # Errors
    /// The inner one if `program` does not work on this machine, the outer one if anything else fails.
    pub(super) fn measure(
        bench: &Bench,
        case: &Case,
        program: Program,
        base: Program,
    ) -> Result<Result<Self>> {
        if let Err(error) = Run::measure(bench, program, case, FEWEST) {
            return Ok(Err(error));
        }
        let mut pairs = Vec::new();
        for index in 0..bench.pairs {
            let run = |program| Run::measure(bench, program, case, case.evaluations);
            let pair = if index % 2 == 0 {
                let first = run(base)?;
                (run(program)?, first)
            } else {
                (run(program)?, run(base)?)
            };
            let (losses, names) = ((pair.0.first_loss, pair.1.first_loss), (program.name(), base.name()));
            ensure!(
                (losses.0 / losses.1 - 1.0).abs() < program.tolerance().max(base.tolerance()),
                "{} and {} do not compute the same: the initial losses are {} and {}",
                names.0,
                names.1,
                losses.0,
                losses.1
            );
            println!(
                "  pair {}: {} {:.3} s, {} {:.3} s an evaluation: {:.2}",
                index + 1,
                names.0,
                pair.0.seconds,
                names.1,
                pair.1.seconds,
                time_ratio(&pair)
            );
            pairs.push(pair);
        }
        Ok(Ok(Self { pairs }))
    }

    /// The cells under [`COLUMNS`], after the names.
    pub(super) fn cells(&self) -> Result<Vec<String>> {
        let (peak, base_peak) =
            (self.spread(|pair| pair.0.peak)?.median, self.spread(|pair| pair.1.peak)?.median);
        let mut cells = self.time_cells()?;
        cells.extend([
            format!("{:.0}", peak / MEBIBYTE),
            format!("{:.0}", base_peak / MEBIBYTE),
            format!("**{:.2}**", peak / base_peak),
        ]);
        Ok(cells)
    }

    /// The cells under [`TIME_COLUMNS`], after the names.
    pub(super) fn time_cells(&self) -> Result<Vec<String>> {
        let ratio = self.spread(time_ratio)?;
        let each: Vec<String> = self.pairs.iter().map(|pair| format!("{:.2}", time_ratio(pair))).collect();
        let seconds =
            [self.spread(|pair| pair.0.seconds)?.median, self.spread(|pair| pair.1.seconds)?.median];
        // Three digits at least.
        let decimals = if seconds.iter().any(|&seconds| seconds < 0.1) { 5 } else { 3 };
        let [first, second] = seconds.map(|seconds| format!("{seconds:.decimals$}"));
        Ok(vec![
            format!("**{:.2}**", ratio.median),
            format!("{:.2} to {:.2}", ratio.least, ratio.greatest),
            each.join(" "),
            first,
            second,
        ])
    }

    fn spread(&self, value: fn(&(Run, Run)) -> f64) -> Result<Spread> {
        Spread::of(self.pairs.iter().map(value)).context("nothing was measured")
    }
}

pub(super) const MEBIBYTE: f64 = (1 << 20) as f64;

/// The table's head for comparisons of A with B where memory is not compared.
pub(super) const TIME_COLUMNS: [&str; 7] =
    ["A", "B", "time A / B", "least to greatest", "each pair", "A, s", "B, s"];

/// The table's head for comparisons of A with B.
pub(super) const COLUMNS: [&str; 10] = [
    "A",
    "B",
    "time A / B",
    "least to greatest",
    "each pair",
    "A, s",
    "B, s",
    "A, MiB",
    "B, MiB",
    "memory A / B",
];

fn time_ratio((program, base): &(Run, Run)) -> f64 {
    program.seconds / base.seconds
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Comparison, MEBIBYTE, Run, TIME_COLUMNS};

    #[test]
    fn ratios_are_of_pairs_and_seconds_are_medians() {
        let run = |seconds, mebibytes: f64| Run { seconds, peak: mebibytes * MEBIBYTE, first_loss: 1.0 };
        let comparison = Comparison {
            pairs: vec![
                (run(4.0, 900.0), run(1.0, 300.0)),
                (run(9.0, 910.0), run(3.0, 310.0)),
                (run(10.0, 890.0), run(2.0, 290.0)),
            ],
        };
        let cells = comparison.cells().unwrap();
        assert_eq!(
            cells,
            ["**4.00**", "3.00 to 5.00", "4.00 3.00 5.00", "9.000", "2.000", "900", "300", "**3.00**"]
        );
        assert_eq!(cells.len() + 2, COLUMNS.len());
        assert_eq!(COLUMNS[..TIME_COLUMNS.len()], TIME_COLUMNS);
        let times = Comparison { pairs: vec![(run(0.0123456, 1.0), run(0.1, 1.0))] }.time_cells().unwrap();
        assert_eq!(times, ["**0.12**", "0.12 to 0.12", "0.12", "0.01235", "0.10000"]);
    }
}
