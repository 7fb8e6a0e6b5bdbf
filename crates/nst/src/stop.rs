//! Rules that end a run before its iterations are done.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Evaluations over which the decrease of the loss is measured: far more than the ups and downs of single steps.
const WINDOW: usize = 20;

/// How long a run may take. Written with units, such as `90s`, `10m` or `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeLimit(Duration);

impl TimeLimit {
    /// A limit above zero; none for zero, which no run could keep.
    pub fn new(limit: Duration) -> Option<Self> {
        (!limit.is_zero()).then_some(Self(limit))
    }

    /// Whether a run that has taken this long has to end.
    pub(crate) fn has_passed(self, seconds: f64) -> bool {
        seconds >= self.0.as_secs_f64()
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let limit = humantime::parse_duration(text).ok().and_then(Self::new);
        limit.ok_or_else(|| format!("'{text}' is no time above 0 with its unit, such as 90s, 10m or 1h30m"))
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl TryFrom<String> for TimeLimit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeLimit> for String {
    fn from(limit: TimeLimit) -> Self {
        limit.to_string()
    }
}

/// The loss of the best picture over the last evaluations.
pub(crate) struct Window {
    min_decrease: f64,
    /// Evaluations up to then, and the loss: the newest last, and before it all that are less than [`WINDOW`] back, and one that
    /// is not.
    losses: VecDeque<(usize, f64)>,
}

impl Window {
    /// A rule that stops when less than this share of the loss is gained, 0 for never; and the loss after the first evaluation.
    pub(crate) fn new(min_decrease: f64, loss: f64) -> Self {
        Self { min_decrease, losses: [(1, loss)].into() }
    }

    /// Takes the best loss after a step, with the number of evaluations so far, and says whether it fell too little over the
    /// last [`WINDOW`] of them. It needs as many to say so.
    pub(crate) fn has_settled(&mut self, evaluations: usize, loss: f64) -> bool {
        self.losses.push_back((evaluations, loss));
        let is_old = |&(at, _): &(usize, f64)| at + WINDOW <= evaluations;
        while self.losses.get(1).is_some_and(is_old) {
            self.losses.pop_front();
        }
        match self.losses.front() {
            Some(oldest) if is_old(oldest) => oldest.1 - loss < self.min_decrease * oldest.1.abs(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TimeLimit, WINDOW, Window};
    use std::time::Duration;

    #[test]
    fn times_have_units() {
        for (text, seconds, written) in
            [("90s", 90, "1m 30s"), ("10m", 600, "10m"), ("1h30m", 5400, "1h 30m")]
        {
            let limit: TimeLimit = text.parse().unwrap();
            assert_eq!(Some(limit), TimeLimit::new(Duration::from_secs(seconds)));
            assert_eq!(limit.to_string(), written);
            assert_eq!(written.parse(), Ok(limit));
        }
        for text in ["", "10", "0s", "-3s", "soon", "1.5 parsecs"] {
            assert!(text.parse::<TimeLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_is_passed_when_it_is_reached() {
        let limit: TimeLimit = "1500ms".parse().unwrap();
        assert_eq!([1.4, 1.5, 9.0].map(|seconds| limit.has_passed(seconds)), [false, true, true]);
    }

    /// After how many evaluations the rule stops, with steps of `stride` evaluations.
    fn stops(min_decrease: f64, stride: usize, loss: impl Fn(usize) -> f64) -> Option<usize> {
        let mut window = Window::new(min_decrease, loss(1));
        (1..=1000).map(|step| 1 + step * stride).find(|&at| window.has_settled(at, loss(at)))
    }

    #[test]
    fn a_window_measures_the_share_of_its_first_loss() {
        // In 20 evaluations this one falls by 1 - 0.999^20 = 1.98 %.
        let falling = |at: usize| 0.999f64.powf(at as f64);
        assert_eq!(stops(0.0199, 1, falling), Some(1 + WINDOW));
        assert_eq!(stops(0.0197, 1, falling), None);
        // From `at - 20` evaluations to `at`, this one falls by 20 / at of itself.
        let slowing = |at: usize| 1e6 / at as f64;
        assert_eq!(stops(0.1, 1, slowing), Some(201));
        assert_eq!(stops(0.1, 1, |_| 3.0), Some(1 + WINDOW));
        // Steps of three evaluations: seven of them are the first to span twenty.
        assert_eq!(stops(0.1, 3, |_| 3.0), Some(1 + 21));
    }

    #[test]
    fn zero_is_never() {
        assert_eq!(stops(0.0, 1, |_| 3.0), None);
    }
}
