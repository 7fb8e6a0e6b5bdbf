//! A run's losses, evaluation by evaluation.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One evaluation, as a line of a trace has it. A run at one scale need not say its size, and one that was not timed no seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Line {
    #[serde(default)]
    scale: usize,
    #[serde(default = "one")]
    width: u32,
    #[serde(default = "one")]
    height: u32,
    total: Option<f64>,
    seconds: Option<f64>,
}

fn one() -> u32 {
    1
}

/// An evaluation at a run's last scale: losses of other scales are those of other objectives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Evaluations so far and this one, those of smaller pictures by their share of the last scale's pixels.
    pub(super) evaluations: f64,
    /// Not a number where nothing was timed.
    pub(super) seconds: f64,
    /// The least loss so far. Without a line search, every evaluation that is the best so far is an accepted one.
    pub(super) loss: f64,
}

/// What a run came to at its last scale, in order.
#[derive(Debug)]
pub(super) struct Trace(Vec<Point>);

impl Trace {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no trace", file.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let lines: Vec<Line> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let last = lines.last().context("it is empty")?;
        let pixels = |line: &Line| f64::from(line.width) * f64::from(line.height);
        let (mut evaluations, mut loss, mut points) = (0.0, f64::INFINITY, Vec::new());
        for line in &lines {
            evaluations += pixels(line) / pixels(last);
            if line.scale == last.scale {
                loss = loss.min(line.total.unwrap_or(f64::INFINITY));
                points.push(Point { evaluations, seconds: line.seconds.unwrap_or(f64::NAN), loss });
            }
        }
        ensure!(loss.is_finite(), "no loss is finite");
        Ok(Self(points))
    }

    pub(super) fn points(&self) -> &[Point] {
        &self.0
    }

    /// The state after so many evaluations' worth of work, if the run got as far.
    pub(super) fn after(&self, evaluations: f64) -> Option<Point> {
        let point = self.0.iter().rfind(|point| point.evaluations <= evaluations)?;
        let last = self.0.last()?;
        (last.evaluations >= evaluations).then_some(*point)
    }

    /// The first evaluation whose loss is no greater.
    pub(super) fn reaches(&self, loss: f64) -> Option<Point> {
        self.0.iter().find(|point| point.loss <= loss).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Point, Trace};

    const COARSE_TO_FINE: &str = r#"{"scale":0,"width":4,"height":2,"total":1.0,"seconds":1}
{"scale":0,"width":4,"height":2,"total":0.5,"seconds":2}
{"scale":1,"width":8,"height":4,"total":9.0,"seconds":3}
{"scale":1,"width":8,"height":4,"total":null,"seconds":4}
{"scale":1,"width":8,"height":4,"total":7.0,"seconds":5}
{"scale":1,"width":8,"height":4,"total":8.0,"seconds":6}"#;

    #[test]
    fn evaluations_count_by_their_pixels_and_losses_at_the_last_scale() {
        let trace = Trace::parse(COARSE_TO_FINE).unwrap();
        let at = |evaluations, seconds, loss| Point { evaluations, seconds, loss };
        assert_eq!(
            trace.points(),
            [at(1.5, 3.0, 9.0), at(2.5, 4.0, 9.0), at(3.5, 5.0, 7.0), at(4.5, 6.0, 7.0)]
        );
        assert_eq!(trace.reaches(7.5), Some(at(3.5, 5.0, 7.0)));
        assert_eq!(trace.reaches(6.9), None);
    }

    #[test]
    fn a_run_at_one_scale_needs_no_sizes() {
        let trace = Trace::parse("{\"total\":3.0,\"seconds\":1}\n{\"total\":2.0,\"seconds\":2}\n").unwrap();
        assert_eq!(trace.after(2.0).map(|point| point.loss), Some(2.0));
        assert_eq!(trace.after(1.0).map(|point| point.loss), Some(3.0));
        assert_eq!(trace.after(3.0), None);
    }

    #[test]
    fn seconds_may_be_missing() {
        let trace = Trace::parse("{\"total\":3.0,\"seconds\":1}\n{\"total\":2.0}\n").unwrap();
        assert!(trace.after(2.0).is_some_and(|point| point.seconds.is_nan()));
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        for text in ["", "{}", "{\"total\":null,\"seconds\":1}", "no JSON"] {
            assert!(Trace::parse(text).is_err(), "{text}");
        }
    }
}
