//! Words for the user, on stderr; stdout is for results that were asked for.

use std::io::{self, ErrorKind, Write};
use std::mem;
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

/// So many of what this word names: `1 mask`, `2 masks`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
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

/// The text in lines of at most `width` characters, at least one; broken between words, and within words that are longer.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = Vec::new();
    let mut line = Vec::new();
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        if !line.is_empty() && line.len() + 1 + word.len() <= width {
            line.push(' ');
        } else if !line.is_empty() {
            lines.push(mem::take(&mut line));
        }
        for letter in word {
            if line.len() >= width.max(1) {
                lines.push(mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    lines.push(line);
    lines.into_iter().map(String::from_iter).collect()
}

#[cfg(test)]
mod tests {
    use super::{number, wrapped};

    #[test]
    fn lines_break_between_words_and_within_long_ones() {
        for (text, width, lines) in [
            ("one two  three\nfour", 9, &["one two", "three", "four"][..]),
            ("relu1_1,relu2_1=2 of", 8, &["relu1_1,", "relu2_1=", "2 of"]),
            ("äöü ß", 2, &["äö", "ü", "ß"]),
            ("ab", 0, &["a", "b"]),
            (" ", 5, &[""]),
        ] {
            assert_eq!(wrapped(text, width), lines, "{text}");
        }
    }

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
