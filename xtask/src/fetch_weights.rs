//! Fetches published weights, or converts those on disk: the library's work, with a progress bar.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use nst_weights::{ConvertOptions, Entry, FetchOptions, Fetched, Manifest, Pixels, Progress, Proxy};

/// Fetch VGG weights from their publishers, verify and convert them; or convert a file on disk
///
/// Goes through the proxy that the environment names, if any (`ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY`).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// An entry of the manifest, such as vgg16, vgg19, vgg19-caffe; `all` is vgg16 and vgg19 [default: all, or with
    /// --from whatever the file holds]
    weights: Option<String>,
    /// Convert this file instead of fetching one: .pth or .safetensors
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// With --from: take a file that is not in the manifest, whose network expects these pixels (bgr255 or rgb01)
    #[arg(long, requires = "from")]
    pixels: Option<Pixels>,
    /// Folder for the converted weights [default: weights/ of the repository]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Another manifest, such as a mirror's
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let manifest = match &args.manifest {
        Some(file) => Manifest::read(file)?,
        None => Manifest::embedded()?,
    };
    let folder = args.out.clone().unwrap_or_else(|| crate::root().join("weights"));
    let entries = manifest.select(args.weights.as_deref().unwrap_or("all"))?;
    let Some(file) = &args.from else {
        for entry in entries {
            report(&fetch(entry, &folder)?);
        }
        return Ok(());
    };
    let architecture = match (args.weights.as_deref(), &entries[..]) {
        (None, _) => None,
        (Some(_), [entry]) => Some(entry.architecture),
        (Some(_), _) => bail!("--from takes one file, for one entry of the manifest"),
    };
    let options = ConvertOptions { architecture, pixels: args.pixels, ..ConvertOptions::default() };
    report(&nst_weights::convert(file, &manifest, &folder, &options)?);
    Ok(())
}

fn fetch(entry: &Entry, folder: &Path) -> Result<Fetched> {
    let bar = ProgressBar::no_length().with_message(entry.file_name().to_owned());
    let style = "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let options = FetchOptions { proxy: Proxy::from_env(), ..FetchOptions::default() };
    let fetched = nst_weights::fetch(entry, folder, &options, &mut |progress| match progress {
        Progress::Download { done, total } => {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
        Progress::Retry { reason, wait } => bar.suspend(|| eprintln!("{reason}; again in {wait:?}")),
        _ => {}
    });
    bar.finish_and_clear();
    Ok(fetched?)
}

fn report(fetched: &Fetched) {
    let how = if fetched.already_there { "already there" } else { "written" };
    println!("{} {how}", fetched.path.display());
}
