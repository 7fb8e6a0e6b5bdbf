//! Words for the user, on stderr; stdout is for results that were asked for.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

/// Says a line on stderr. That nobody listens is no failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints a requested result on stdout. A reader that has left, as `head` does, has what it wanted.
///
/// # Errors
/// If stdout cannot be written.
pub(crate) fn print(lines: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(lines.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Lets something through now and then.
pub(crate) struct Throttle {
    last: Option<Instant>,
}

impl Throttle {
    /// Between two lines on a pipe: a log of an hour stays readable.
    const PAUSE: Duration = Duration::from_secs(5);

    pub(crate) fn new() -> Self {
        Self { last: None }
    }

    /// True at first, and then whenever the pause has passed.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= Self::PAUSE);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}

/// A number with five significant digits.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    if value == 0.0 {
        "0".into()
    } else if (-4.0..7.0).contains(&magnitude) {
        format!("{value:.*}", (4.0 - magnitude).max(0.0) as usize)
    } else {
        format!("{value:.4e}")
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_five_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1234567.8, "1234568"),
            (12.345678, "12.346"),
            (-0.00123456, "-0.0012346"),
            (1.5e9, "1.5000e9"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
