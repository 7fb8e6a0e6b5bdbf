//! The comparison as a document.

use super::trace::Trace;
use crate::markdown;

/// After how many evaluations torch's losses are taken.
const MARKS: [u32; 2] = [100, 300];

const COLUMNS: [&str; 8] = [
    "pair",
    "torch's loss",
    "evaluations: torch",
    "nst",
    "torch / nst",
    "seconds: torch",
    "nst",
    "torch / nst",
];

/// Two runs that bring down the same objective.
pub(super) struct Comparison {
    pub(super) pair: String,
    pub(super) torch: Trace,
    pub(super) nst: Trace,
}

/// How soon each program reaches the loss that torch has at a mark.
struct Race {
    loss: f64,
    evaluations: f64,
    seconds: f64,
    /// nst's evaluations and seconds, if it gets there.
    nst: Option<(f64, f64)>,
}

impl Comparison {
    /// None if torch's run was shorter.
    fn race(&self, mark: u32) -> Option<Race> {
        let evaluations = f64::from(mark);
        let torch = self.torch.after(evaluations)?;
        let nst = self.nst.reaches(torch.loss).map(|point| (point.evaluations, point.seconds));
        Some(Race { loss: torch.loss, evaluations, seconds: torch.seconds, nst })
    }
}

impl Race {
    /// How many times fewer evaluations nst takes, and how many times less time; 0 if it does not get there.
    fn ratios(&self) -> [f64; 2] {
        self.nst.map_or([0.0; 2], |(evaluations, seconds)| {
            [self.evaluations / evaluations, self.seconds / seconds]
        })
    }
}

/// The lower of the middle two of an even number: no ratio that was not measured. NaN if any value is.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    if sorted.iter().any(|value| value.is_nan()) {
        return Some(f64::NAN);
    }
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

fn medians(compared: &[Comparison], mark: u32) -> Option<[f64; 2]> {
    let ratios: Vec<_> =
        compared.iter().filter_map(|comparison| comparison.race(mark)).map(|race| race.ratios()).collect();
    Some([
        median(ratios.iter().map(|[evaluations, _]| *evaluations))?,
        median(ratios.iter().map(|[_, seconds]| *seconds))?,
    ])
}

/// A ratio; `-` for that of a run that does not get there.
fn written(ratio: f64) -> String {
    if ratio > 0.0 { format!("{ratio:.2}") } else { "-".into() }
}

/// A line for each mark.
pub(super) fn summary(compared: &[Comparison]) -> String {
    let lines = MARKS.iter().filter_map(|&mark| {
        let [evaluations, seconds] = medians(compared, mark)?.map(written);
        Some(format!(
            "to torch's loss at {mark} evaluations: {evaluations} times fewer evaluations, {seconds} times less time, in the median"
        ))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The whole document. `plot`: the name of the picture beside it. `settings`: nst's.
pub(super) fn document(compared: &[Comparison], plot: &str, settings: &str) -> String {
    let sections: String = MARKS.iter().map(|&mark| section(compared, mark)).collect();
    format!(
        "# How soon the loss comes down\n\n\
         Written by `cargo xtask convergence`, from traces of nst and of `tests/golden/reference_run.py` (PyTorch's L-BFGS at one \
         scale, without line search, history 100) with the same pictures and the same objective at the last scale. Both count \
         the initial picture; an evaluation of a smaller picture counts by its pixels. nst is there when an evaluation at its last \
         scale has a loss no greater; nothing is interpolated, and `-` says that the run ended before or was not timed. Other settings of nst's \
         runs: {settings}.\n\n\
         {sections}![loss against evaluations]({plot})\n"
    )
}

fn timed(seconds: f64) -> Option<String> {
    seconds.is_finite().then(|| format!("{seconds:.0}"))
}

fn section(compared: &[Comparison], mark: u32) -> String {
    let bold = |ratio| format!("**{}**", written(ratio));
    let mut rows: Vec<Vec<String>> = compared
        .iter()
        .filter_map(|comparison| {
            let race = comparison.race(mark)?;
            let [fewer, sooner] = race.ratios();
            let measured = |number: Option<String>| number.unwrap_or_else(|| "-".into());
            Some(vec![
                comparison.pair.clone(),
                format!("{:.0}", race.loss),
                format!("{:.0}", race.evaluations),
                measured(race.nst.map(|(evaluations, _)| format!("{evaluations:.1}"))),
                bold(fewer),
                measured(timed(race.seconds)),
                measured(race.nst.and_then(|(_, seconds)| timed(seconds))),
                bold(sooner),
            ])
        })
        .collect();
    let Some([fewer, sooner]) = medians(compared, mark) else { return String::new() };
    let mut last = vec![String::new(); COLUMNS.len()];
    last[0] = "median".into();
    last[4] = bold(fewer);
    last[7] = bold(sooner);
    rows.push(last);
    format!("## To torch's loss at {mark} evaluations\n\n{}\n", markdown::table(&COLUMNS, &rows))
}

#[cfg(test)]
mod tests {
    use super::{Comparison, document, median, medians};
    use crate::convergence::trace::Trace;

    /// A run whose loss falls to `1 / n` at evaluation `n * every`, a second each.
    fn falling(every: u32, evaluations: u32) -> Trace {
        let lines = (1..=evaluations)
            .map(|n| format!("{{\"total\":{},\"seconds\":{n}}}\n", 1.0 / f64::from((n / every).max(1))));
        Trace::parse(&lines.collect::<String>()).unwrap()
    }

    fn compared(pair: &str, every: u32, evaluations: u32) -> Comparison {
        Comparison { pair: pair.into(), torch: falling(4, 300), nst: falling(every, evaluations) }
    }

    #[test]
    fn ratios_are_of_evaluations_to_the_same_loss() {
        let pairs = [compared("a", 2, 300), compared("b", 1, 300), compared("c", 2, 60)];
        // The third gets to the first mark only.
        assert_eq!(medians(&pairs, 100), Some([2.0, 2.0]));
        assert_eq!(medians(&pairs[1..], 300), Some([0.0, 0.0]));
        assert_eq!(medians(&pairs[..2], 300), Some([2.0, 2.0]));
        let text = document(&pairs, "plot.svg", "none");
        assert!(text.contains("| a | 0 | 100 | 50.0 | **2.00** | 100 | 50 | **2.00** |"), "{text}");
        assert!(text.contains("| c | 0 | 300 | - | **-** | 300 | - | **-** |"), "{text}");
    }

    #[test]
    fn marks_that_torch_did_not_reach_are_left_out() {
        let pairs = [Comparison { torch: falling(4, 200), ..compared("a", 2, 300) }];
        assert_eq!(medians(&pairs, 300), None);
        assert!(!document(&pairs, "plot.svg", "none").contains("at 300"));
    }

    #[test]
    fn a_median_was_measured() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.0));
        assert_eq!(median(std::iter::empty()), None);
        assert!(median([1.0, f64::NAN, 2.0].into_iter()).is_some_and(f64::is_nan));
    }
}
