//! `nst weights`: what is here, and fetching what is not.

use crate::args::{FetchArgs, WeightsAction, WeightsArgs};
use crate::console::{self, Throttle, say};
use crate::failure::usage;
use crate::weight_store;
use anyhow::Result;
use indicatif::{BinaryBytes, ProgressBar, ProgressStyle};
use nst_weights::{ConvertOptions, Entry, FetchOptions, Fetched, Manifest, Progress, Proxy, Weights};
use std::fmt::Write;
use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::process::ExitCode;

pub(crate) fn run(args: &WeightsArgs) -> Result<ExitCode> {
    match &args.action {
        WeightsAction::Path => console::print(&format!("{}\n", weight_store::folder()?.display()))?,
        WeightsAction::List { manifest } => {
            console::print(&list(&weight_store::folder()?, &open_manifest(manifest.as_deref())?)?)?;
        }
        WeightsAction::Fetch(args) => fetch(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn open_manifest(file: Option<&Path>) -> Result<Manifest> {
    Ok(file.map_or_else(Manifest::embedded, Manifest::read)?)
}

/// A table of the network in the box, the published ones, and what else is in the folder.
fn list(folder: &Path, manifest: &Manifest) -> Result<String> {
    let here = nst_weights::list(folder, manifest)?;
    let boxed = Weights::embedded()?;
    let mut rows = vec![[
        "(in the box)".into(),
        boxed.architecture.to_string(),
        boxed.pixels.to_string(),
        "part of this program".into(),
    ]];
    for entry in &manifest.entries {
        let found = here.iter().find(|found| found.path.ends_with(entry.converted_name()));
        rows.push([
            entry.name.clone(),
            entry.architecture.to_string(),
            entry.pixels.to_string(),
            found.map_or_else(|| "not fetched".into(), |found| found.path.display().to_string()),
        ]);
    }
    let is_published =
        |path: &Path| manifest.entries.iter().any(|entry| path.ends_with(entry.converted_name()));
    for found in here.iter().filter(|found| !is_published(&found.path)) {
        let (network, pixels) = (found.architecture.to_string(), found.pixels.to_string());
        rows.push(["(a file)".into(), network, pixels, found.path.display().to_string()]);
    }
    let mut table = format!("{:<14} {:<8} {:<7} {}\n", "NAME", "NETWORK", "PIXELS", "WHERE");
    for [name, network, pixels, place] in rows {
        writeln!(table, "{name:<14} {network:<8} {pixels:<7} {place}")?;
    }
    Ok(table)
}

/// Prints the path of each converted file; says how to use it.
fn fetch(args: &FetchArgs) -> Result<()> {
    let manifest = open_manifest(args.manifest.as_deref())?;
    let folder = args.out.clone().map_or_else(weight_store::folder, Ok)?;
    let entries = args.name.as_deref().map(|name| manifest.select(name)).transpose()?.unwrap_or_default();
    let Some(file) = &args.from else {
        for entry in entries {
            report(&fetch_entry(entry, &folder, args.quiet)?, args.quiet)?;
        }
        return Ok(());
    };
    let architecture = match entries[..] {
        [] => None,
        [entry] => Some(entry.architecture),
        _ => return Err(usage("--from takes one file, so one name or none")),
    };
    let options = ConvertOptions { architecture, pixels: args.pixels, ..ConvertOptions::default() };
    let converted = nst_weights::convert(file, &manifest, &folder, &options).map_err(weight_store::advise)?;
    report(&converted, args.quiet)
}

fn report(fetched: &Fetched, quiet: bool) -> Result<()> {
    if !quiet {
        let state = if fetched.already_there { "already there" } else { "ready" };
        say(&format!("{state}; to use it, give its path with --weights:"));
    }
    Ok(console::print(&format!("{}\n", fetched.path.display()))?)
}

/// Fetches with a bar on a terminal, lines on a pipe.
fn fetch_entry(entry: &Entry, folder: &Path, quiet: bool) -> Result<Fetched> {
    let bar = if quiet || !stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::no_length() };
    let style = "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    bar.set_message(entry.file_name().to_owned());
    let mut throttle = Throttle::new();
    let options = FetchOptions { proxy: Proxy::from_env(), ..FetchOptions::default() };
    let fetched = nst_weights::fetch(entry, folder, &options, &mut |progress| match progress {
        Progress::Download { done, total } => {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
            if bar.is_hidden() && !quiet && throttle.is_due() {
                let of = total.map_or_else(String::new, |total| format!(" of {}", BinaryBytes(total)));
                say(&format!("{}: {}{of}", entry.file_name(), BinaryBytes(done)));
            }
        }
        Progress::Retry { reason, wait } if !quiet => {
            bar.suspend(|| say(&format!("{reason}; again in {} s", wait.as_secs())));
        }
        _ => {}
    });
    bar.finish_and_clear();
    Ok(fetched?)
}
