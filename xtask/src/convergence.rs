//! How soon nst reaches the losses of PyTorch's L-BFGS.

mod plot;
mod table;
mod trace;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use table::Comparison;
use trace::Trace;

/// Compare how soon nst and PyTorch's L-BFGS bring the same loss down: a table and a plot from traces
///
/// FOLDER holds pairs.txt, with the names of a content and a style on each line, and the traces torch-CONTENT-STYLE.jsonl
/// (of `tests/golden/reference_run.py --trace`) and nst-CONTENT-STYLE.jsonl (of `nst stylize --trace`).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of pairs.txt and the traces
    folder: PathBuf,
    /// Markdown file to write; the plot goes beside it, as .svg
    #[arg(long, default_value = "benches/CONVERGENCE.md")]
    output: PathBuf,
    /// Make nst's traces first, with this binary, from CONTENT.png and STYLE.png in FOLDER
    #[arg(long)]
    nst: Option<PathBuf>,
    /// What else `nst stylize` is given or, of traces that are there, was
    #[arg(last = true)]
    settings: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let list = args.folder.join("pairs.txt");
    let pairs =
        pairs(&fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?)?;
    if let Some(nst) = &args.nst {
        for pair in &pairs {
            println!("{} in the style of {}", pair.content, pair.style);
            stylize(nst, &args.folder, pair, &args.settings)?;
        }
    }
    let compared: Vec<Comparison> =
        pairs.iter().map(|pair| compare(&args.folder, pair)).collect::<Result<_>>()?;
    let plot = args.output.with_extension("svg");
    plot::draw(&compared, &plot)?;
    let picture = plot.file_name().context("no file to write")?.to_string_lossy().into_owned();
    let settings = if args.settings.is_empty() { "none".to_owned() } else { args.settings.join(" ") };
    fs::write(&args.output, table::document(&compared, &picture, &settings))
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    println!("{}", table::summary(&compared));
    Ok(())
}

/// A content and a style, by the names of their pictures.
#[derive(Debug, PartialEq)]
struct Pair {
    content: String,
    style: String,
}

impl Pair {
    fn file(&self, program: &str, extension: &str) -> String {
        format!("{program}-{}-{}.{extension}", self.content, self.style)
    }
}

fn pairs(list: &str) -> Result<Vec<Pair>> {
    let lines = list.lines().filter(|line| !line.trim().is_empty());
    let pairs: Vec<_> = lines
        .map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [content, style] => Ok(Pair { content: content.to_owned(), style: style.to_owned() }),
            _ => anyhow::bail!("'{line}' in pairs.txt is not a content and a style"),
        })
        .collect::<Result<_>>()?;
    ensure!(!pairs.is_empty(), "pairs.txt names no pair");
    Ok(pairs)
}

fn compare(folder: &Path, pair: &Pair) -> Result<Comparison> {
    let trace = |program| Trace::read(&folder.join(pair.file(program, "jsonl")));
    Ok(Comparison {
        pair: format!("{}, {}", pair.content, pair.style),
        torch: trace("torch")?,
        nst: trace("nst")?,
    })
}

fn stylize(nst: &Path, folder: &Path, pair: &Pair, settings: &[String]) -> Result<()> {
    crate::command::run(
        Command::new(nst)
            .arg("stylize")
            .args([&pair.content, &pair.style].map(|name| folder.join(format!("{name}.png"))))
            .arg("-o")
            .arg(folder.join(pair.file("nst", "png")))
            .arg("--trace")
            .arg(folder.join(pair.file("nst", "jsonl")))
            .arg("--quiet")
            .args(settings),
    )
}

#[cfg(test)]
mod tests {
    use super::{Pair, pairs};

    #[test]
    fn a_list_of_pairs_is_read() {
        let pair = |content: &str, style: &str| Pair { content: content.into(), style: style.into() };
        assert_eq!(
            pairs("cat swirls\n\ntown  night\n").unwrap(),
            [pair("cat", "swirls"), pair("town", "night")]
        );
        assert!(pairs("cat\n").is_err());
        assert!(pairs("\n").is_err());
        assert_eq!(pair("cat", "swirls").file("nst", "jsonl"), "nst-cat-swirls.jsonl");
    }
}
