//! How time and memory grow with the picture.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::bench::{Bench, script};
use super::case::Case;
use super::comparison::MEBIBYTE;
use super::measured::Run;
use super::program::{Program, name};
use super::spread::Spread;

const COLUMNS: [&str; 9] = [
    "network",
    "side",
    "s / evaluation",
    "least to greatest",
    "ns / pixel",
    "as a share",
    "peak, MiB",
    "bytes / pixel",
    "as a share",
];

/// Measures every case `bench.pairs` times in rounds, and writes the section after each round, then the plot.
pub(super) fn measure(bench: &Bench, cases: &[Case], stamp: &str) -> Result<()> {
    let program = Program::Nst { threads: bench.threads, isa: None };
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); cases.len()];
    for round in 0..bench.pairs {
        for (case, runs) in cases.iter().zip(&mut runs) {
            let run = Run::measure(bench, program, case, case.evaluations)?;
            println!("  round {}: {} px {:.3} s an evaluation", round + 1, case.size, run.seconds);
            runs.push(run);
        }
        let rows: Vec<Row> =
            cases.iter().zip(&runs).map(|(case, runs)| Row::new(case, runs)).collect::<Result<_>>()?;
        let body = format!(
            "Shares are of the network's picture of 512 px, or else its first. Median of {} runs.\n\n{}\n\
             ![time and memory for each pixel](growth.svg)\n\n{stamp}",
            round + 1,
            crate::markdown::table(&COLUMNS, &cells(&rows))
        );
        bench.output.write_section("Growth with the picture", &body)?;
        plot(bench, &rows, &program.name())?;
    }
    Ok(())
}

/// The medians of one case.
struct Row {
    network: String,
    side: u32,
    seconds: Spread,
    peak: f64,
}

impl Row {
    fn new(case: &Case, runs: &[Run]) -> Result<Self> {
        let spread = |value: fn(&Run) -> f64| Spread::of(runs.iter().map(value)).context("no runs");
        Ok(Self {
            network: name(&case.model),
            side: case.size,
            seconds: spread(|run| run.seconds)?,
            peak: spread(|run| run.peak)?.median,
        })
    }

    fn nanoseconds_per_pixel(&self) -> f64 {
        self.seconds.median * 1e9 / f64::from(self.side).powi(2)
    }

    fn bytes_per_pixel(&self) -> f64 {
        self.peak / f64::from(self.side).powi(2)
    }
}

fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let whole = |row: &Row| {
        let mut same = rows.iter().filter(|other| other.network == row.network);
        let first = same.clone().next();
        same.find(|other| other.side == 512)
            .or(first)
            .map_or((f64::NAN, f64::NAN), |whole| (whole.nanoseconds_per_pixel(), whole.bytes_per_pixel()))
    };
    rows.iter()
        .map(|row| {
            let (time, memory) = (row.nanoseconds_per_pixel(), row.bytes_per_pixel());
            let (whole_time, whole_memory) = whole(row);
            vec![
                row.network.clone(),
                row.side.to_string(),
                format!("{:.3}", row.seconds.median),
                format!("{:.3} to {:.3}", row.seconds.least, row.seconds.greatest),
                format!("{time:.0}"),
                format!("{:.0} %", 100.0 * time / whole_time),
                format!("{:.0}", row.peak / MEBIBYTE),
                format!("{memory:.0}"),
                format!("{:.0} %", 100.0 * memory / whole_memory),
            ]
        })
        .collect()
}

/// Draws `growth.svg` beside the results.
fn plot(bench: &Bench, rows: &[Row], title: &str) -> Result<()> {
    let mut child = Command::new(&bench.python)
        .arg(script("growth_plot.py"))
        .arg(bench.output.file.with_file_name("growth.svg"))
        .arg(title)
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start the plot")?;
    let mut input = child.stdin.take().context("the plot has no input")?;
    for row in rows {
        writeln!(
            input,
            "{} {} {} {}",
            row.network,
            row.side,
            row.nanoseconds_per_pixel(),
            row.bytes_per_pixel()
        )?;
    }
    drop(input);
    ensure!(child.wait()?.success(), "the plot failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, MEBIBYTE, Row, cells};
    use crate::bench_torch::spread::Spread;

    #[test]
    fn shares_are_of_512_pixels() {
        let row = |side, seconds, mebibytes: f64| Row {
            network: "vgg19".into(),
            side,
            seconds: Spread { median: seconds, least: seconds, greatest: 2.0 * seconds },
            peak: mebibytes * MEBIBYTE,
        };
        let rows = cells(&[row(256, 0.5, 100.0), row(512, 1.0, 200.0), row(1024, 3.0, 800.0)]);
        assert_eq!(
            rows[1],
            ["vgg19", "512", "1.000", "1.000 to 2.000", "3815", "100 %", "200", "800", "100 %"]
        );
        assert_eq!((&rows[0][5][..], &rows[0][8][..]), ("200 %", "200 %"));
        assert_eq!((&rows[2][5][..], &rows[2][8][..]), ("75 %", "100 %"));
        assert_eq!(rows[0].len(), COLUMNS.len());
    }
}
