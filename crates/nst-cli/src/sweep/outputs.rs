//! The files that a sweep writes, checked against those it reads.

use super::args::SweepArgs;
use super::grid::Grid;
use crate::failure::usage;
use crate::masks;
use crate::paths::{Written, is_same};
use crate::settings_file;
use anyhow::Result;
use nst::Picture;
use std::path::{Path, PathBuf};

/// The file of each cell, if they are wanted.
///
/// # Errors
/// If a file cannot be written, or one would take the place of another or of one that is read.
pub(super) fn cell_files(args: &SweepArgs, grid: &Grid) -> Result<Option<Vec<PathBuf>>> {
    let sheet = args.grid.output.as_path();
    Picture::check_target(sheet)?;
    let settings = args.settings.write_config.as_deref();
    settings.map(settings_file::check_target).transpose()?;
    let pictures = [args.content.as_path()].into_iter().chain(args.styles.iter().map(PathBuf::as_path));
    let mut read: Vec<&Path> = pictures.chain(args.settings.config.as_deref()).collect();
    for cell in &grid.cells {
        let of_cell = cell.config.init.file().into_iter().chain(cell.config.weights.as_deref());
        read.extend(of_cell.chain(masks::files(&cell.config)));
    }
    read.sort_unstable();
    read.dedup();
    Written { output: sheet, trace: None, settings, with_snapshots: false }.check_clashes(&read)?;
    let Some(folder) = &args.grid.cell_dir else { return Ok(None) };
    let taken: Vec<&Path> = read.into_iter().chain([sheet]).chain(settings).collect();
    let mut files: Vec<PathBuf> = Vec::new();
    for cell in &grid.cells {
        let file = cell.file(folder, sheet);
        let name = file.display();
        Picture::check_target(&file)?;
        if taken.iter().any(|taken| is_same(taken, &file)) {
            return Err(usage(format!(
                "the cell '{name}' would replace another file of this sweep; name another --cell-dir"
            )));
        }
        if files.contains(&file) {
            return Err(usage(format!("two cells would be '{name}'; leave out --cell-dir, or one of them")));
        }
        files.push(file);
    }
    Ok(Some(files))
}
