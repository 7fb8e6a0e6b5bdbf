//! What has become of a batch's pictures.

use indicatif::HumanDuration;
use std::process::ExitCode;
use std::time::Instant;

/// Pictures by what has become of them.
pub(super) struct Tally {
    /// To be made, of this shard.
    all: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    /// There already.
    skipped: usize,
    start: Instant,
}

impl Tally {
    pub(super) fn new(all: usize, skipped: usize) -> Self {
        Self { all, done: 0, failed: 0, skipped, start: Instant::now() }
    }

    /// Which picture is next.
    pub(super) fn label(&self) -> String {
        format!("[{}/{}] ", self.done + self.failed + 1, self.all)
    }

    /// The end of it in a line.
    pub(super) fn line(&self, interrupted: bool) -> String {
        let pictures = if self.done == 1 { "picture" } else { "pictures" };
        let mut line =
            format!("{} {pictures} done, {} failed, {} skipped", self.done, self.failed, self.skipped);
        if interrupted {
            line = format!("interrupted: {line}, {} left", self.all - self.done - self.failed);
        }
        format!("{line}, in {}", HumanDuration(self.start.elapsed()))
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn every_picture_is_counted() {
        let mut tally = Tally::new(20, 3);
        assert_eq!(tally.label(), "[1/20] ");
        (tally.done, tally.failed) = (1, 2);
        assert_eq!(tally.label(), "[4/20] ");
        assert_eq!(tally.line(false), "1 picture done, 2 failed, 3 skipped, in 0 seconds");
        assert_eq!(
            tally.line(true),
            "interrupted: 1 picture done, 2 failed, 3 skipped, 17 left, in 0 seconds"
        );
    }
}
