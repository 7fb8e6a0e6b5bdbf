//! `nst sweep`: one picture with several values of one or two settings, on a labelled sheet.

mod args;
mod canvas;
mod grid;
mod materials;
mod outputs;
mod sheet;
mod vary;

pub(crate) use args::SweepArgs;

use crate::failure::join_lines;
use crate::interrupt::{Interrupt, Signals};
use crate::job::Verbosity;
use crate::progress::Progress;
use crate::{console, effects, failure, settings_file, summary, transfer, weight_store};
use anyhow::{Context, Result, bail};
use grid::{Cell, Grid};
use indicatif::HumanDuration;
use materials::Materials;
use nst::config::Model;
use nst::{Config, End, Picture, Studio};
use nst_tensor::Device;
use nst_weights::Pixels;
use sheet::Sheet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

pub(crate) fn run(args: &SweepArgs) -> Result<ExitCode> {
    let signals = Signals::listen()?;
    let start = Instant::now();
    let base = args.settings.config(&args.overrides)?;
    let grid = Grid::new(&base, &args.grid.vary)?;
    let varied: Vec<&str> = args.grid.vary.iter().map(|vary| vary.name.as_str()).collect();
    let runs =
        grid.cells.iter().map(|Cell { config, .. }| effects::Run { config, styles: args.styles.len() });
    effects::check(&args.overrides, &varied, &runs.collect::<Vec<_>>())?;
    let files = outputs::cell_files(args, &grid)?;
    let pixels = args.weight_file.pixels;
    let mut materials = Materials::new(&args.content, &args.styles);
    let mut size = (0, 0);
    for cell in &grid.cells {
        let pictures = materials.pictures(&cell.config)?;
        pictures.check(&cell.config).map_err(|error| failure::about(&cell.label(), &error.into()))?;
        let content = pictures.content.as_ref().context("a content")?;
        let (width, height) = content.fitted(cell.config.size);
        size = (size.0.max(width), size.1.max(height));
    }
    check_weights(&grid, pixels)?;
    let sheet = Sheet::new(&grid, size)?;
    let device = args.talk.device.open()?;
    let settings = args.settings.write_config.as_deref();
    settings.map(|file| settings_file::write(file, &base)).transpose()?;

    let verbosity = Verbosity::of(&args.talk);
    let progress = Progress::new(verbosity)?;
    let notice = "ending after this evaluation, with the cells that are done; a second Ctrl-C or SIGTERM ends at once, without a sheet";
    let interrupt = signals.watch(progress.bar(), verbosity, notice);
    let mut sweep = Sweep {
        materials,
        pixels,
        device,
        studio: None,
        verbosity,
        progress,
        interrupt,
        sheet,
        done: 0,
        failed: 0,
    };
    for (index, cell) in grid.cells.iter().enumerate() {
        sweep.progress.begin(format!("[{}/{}] ", index + 1, grid.cells.len()));
        let file = files.as_ref().and_then(|files| files.get(index));
        if let Err(error) = sweep.fill(cell, file) {
            sweep.failed += 1;
            sweep.progress.finish();
            console::say(&format!("nst: {}: {}", cell.label(), join_lines(&error.to_string())));
        }
        if sweep.is_interrupted() {
            break;
        }
    }
    sweep.end(&args.grid.output, grid.cells.len(), start)
}

/// Opens the weights that cells ask for, to see that they are there.
fn check_weights(grid: &Grid, pixels: Option<Pixels>) -> Result<()> {
    let mut known: Vec<(Model, Option<&PathBuf>)> = Vec::new();
    for cell in &grid.cells {
        let wanted = (cell.config.model, cell.config.weights.as_ref());
        if !known.contains(&wanted) {
            weight_store::open(&cell.config, pixels)?;
            known.push(wanted);
        }
    }
    Ok(())
}

/// A sweep at work.
struct Sweep<'a> {
    materials: Materials<'a>,
    pixels: Option<Pixels>,
    device: Device,
    /// Of the last cell.
    studio: Option<Studio>,
    verbosity: Verbosity,
    progress: Progress,
    interrupt: Interrupt,
    sheet: Sheet,
    done: usize,
    failed: usize,
}

impl Sweep<'_> {
    fn is_interrupted(&self) -> bool {
        self.interrupt.is_asked()
    }

    /// Makes a cell's picture, and puts it on the sheet and into its file. One that is interrupted leaves its cell empty: it could
    /// not be compared with the others.
    fn fill(&mut self, cell: &Cell, file: Option<&PathBuf>) -> Result<()> {
        if let Some(picture) = self.paint(cell)? {
            file.map(|file| picture.save(file)).transpose()?;
            self.sheet.put(cell.column, cell.row, &picture);
            self.done += 1;
        }
        Ok(())
    }

    /// Makes a cell's picture; none if it was interrupted.
    fn paint(&mut self, cell: &Cell) -> Result<Option<Picture>> {
        let start = Instant::now();
        let pictures = self.materials.pictures(&cell.config)?;
        let studio = self.studio(&cell.config)?;
        let (progress, interrupt) = (&mut self.progress, &self.interrupt);
        let outcome = studio.stylize(pictures, &mut |event| {
            progress.observe(event);
            if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.progress.finish();
        self.studio = Some(studio);
        let outcome = outcome?;
        match &outcome.end {
            End::Interrupted => return Ok(None),
            End::Failed(reason) => bail!("{}", transfer::failure(reason, &outcome)),
            _ => {}
        }
        if self.verbosity != Verbosity::Quiet {
            let (label, gain) = (self.progress.label(), transfer::gain(&outcome, start.elapsed()));
            if let Some(reason) = transfer::early(&cell.config, &outcome.end) {
                console::say(&format!("{label}{reason}"));
            }
            console::say(&format!("{label}{}: {gain}", cell.label()));
        }
        Ok(Some(outcome.picture))
    }

    /// A studio with these settings: the network of the last one where it serves.
    fn studio(&mut self, config: &Config) -> Result<Studio> {
        if let Some(last) = &self.studio
            && let Some(studio) = last.with(config)?
        {
            return Ok(studio);
        }
        // Two networks at a time would take the memory of two.
        self.studio = None;
        let weights = weight_store::open(config, self.pixels)?;
        if self.verbosity == Verbosity::Verbose {
            summary::before(config, &weights, &self.device);
        }
        Ok(Studio::new(config, &weights, &self.device)?)
    }

    /// Writes the sheet, if there is anything on it, and says what came of the sweep.
    fn end(self, output: &Path, all: usize, start: Instant) -> Result<ExitCode> {
        let interrupted = self.is_interrupted();
        let Self { sheet, done, failed, interrupt, .. } = self;
        if done > 0 {
            sheet.into_picture()?.save(output)?;
        }
        if self.verbosity != Verbosity::Quiet {
            let interruption = if interrupted { "interrupted; " } else { "" };
            let name = output.display();
            let written =
                if done > 0 { format!("wrote {name}") } else { format!("'{name}' is left as it was") };
            let cells = if done == 1 { "cell" } else { "cells" };
            let (left, time) = (all - done - failed, HumanDuration(start.elapsed()));
            console::say(&format!(
                "{interruption}{written}: {done} {cells} done, {failed} failed, {left} left, in {time}"
            ));
        }
        Ok(match (interrupted, failed) {
            (true, _) => interrupt.exit_code(),
            (_, 0) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }
}
