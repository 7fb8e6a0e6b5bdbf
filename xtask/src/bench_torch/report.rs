//! The document of results: a head, and sections that are replaced one by one.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// A file of results.
pub(super) struct Document {
    pub(super) file: PathBuf,
    /// What the numbers mean. Written anew each time.
    pub(super) head: &'static str,
}

/// Of the measurements on a CPU.
pub(super) const HEAD: &str = "\
# Measured

Written by `cargo xtask bench-torch`, which measures whole runs of nst, and of the same method in PyTorch, on one machine.
Name parts, networks or sizes to measure them again; a section is replaced as a whole and the others stay. Each says what
it was measured on, when, and with which command. Let nothing else run on the machine meanwhile.

- The method is the preset `neural-style`: VGG with max pooling as deep as relu5_1, L-BFGS without line search from the
  content picture, history 100, both pictures square. The programs compute the same: the task fails unless the losses of
  the initial picture agree within 0.1 %.
- Each run is a process of its own. A pair is two runs one after the other, and pairs take turns in which comes first.
  Ratios are of one pair; the table has their median, the least and greatest, and each of them.
- Times are of one evaluation with the optimizer's step: the median of a run, the first two left out.
- Memory is the most that a process held resident, as the kernel counted it. PyTorch's includes its libraries; what
  `import torch` alone holds, most of it libraries for GPUs in the published package, stands at the end of each section.
- PyTorch computes in f32 and gets no gradients of filters; the network ends at the deepest layer in use and its ReLUs
  work in place. `eager` is NCHW; `channels-last` sets the memory format; `channels-last-thp` also sets
  `THP_MEM_ALLOC_ENABLE=1` and lets malloc keep its memory (`MALLOC_MMAP_THRESHOLD_`, `MALLOC_TRIM_THRESHOLD_`,
  `MALLOC_TOP_PAD_`); `compile` is channels last through `torch.compile`, its compilation left out of the times but not
  of the memory.
";

impl Document {
    /// Replaces the section of `heading`, or adds it. The file is whole at every moment.
    pub(super) fn write_section(&self, heading: &str, body: &str) -> Result<()> {
        let Self { file, head } = self;
        let old = if file.exists() { fs::read_to_string(file)? } else { String::new() };
        let unfinished = file.with_extension("part");
        fs::write(&unfinished, with_section(head, &old, heading, body))
            .and_then(|()| fs::rename(&unfinished, file))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

/// The document with a new head and the section replaced, or added at the end. A section reaches from its heading to the
/// next one.
fn with_section(head: &str, document: &str, heading: &str, body: &str) -> String {
    let section = format!("{heading}\n\n{}\n", body.trim_end());
    let mut sections: Vec<String> =
        document.split("\n## ").skip(1).map(|section| format!("{}\n", section.trim_end())).collect();
    match sections.iter_mut().find(|old| old.lines().next() == Some(heading)) {
        Some(old) => *old = section,
        None => sections.push(section),
    }
    let mut text = head.to_owned();
    for section in sections {
        let _ = write!(text, "\n## {section}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{HEAD, with_section};

    #[test]
    fn a_section_is_added_once_and_then_replaced_in_its_place() {
        let one = with_section(HEAD, "", "One", "first\n");
        let two = with_section(HEAD, &one, "Two", "second\n\n### Inside\n\nmore");
        assert_eq!(two, format!("{HEAD}\n## One\n\nfirst\n\n## Two\n\nsecond\n\n### Inside\n\nmore\n"));
        let again = with_section(HEAD, &two, "One", "third");
        assert_eq!(again, format!("{HEAD}\n## One\n\nthird\n\n## Two\n\nsecond\n\n### Inside\n\nmore\n"));
        assert_eq!(with_section(HEAD, &again, "One", "third"), again);
    }

    #[test]
    fn headings_are_compared_whole_and_the_head_is_renewed() {
        let document = with_section(HEAD, "# An older head\n\n## One\n\nfirst\n", "One and more", "second");
        assert_eq!(document, format!("{HEAD}\n## One\n\nfirst\n\n## One and more\n\nsecond\n"));
    }
}
