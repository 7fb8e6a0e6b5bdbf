//! Checks of the repository against exact tables: who depends on whom, licences, file lengths, examples.

mod dependencies;
mod files;
mod licences;
mod tables;

use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

/// Fails with one line for each rule that is broken.
pub(crate) fn run() -> Result<()> {
    let complaints = check(crate::root())?;
    if !complaints.is_empty() {
        bail!("the repository is not tidy:\n  {}", complaints.join("\n  "));
    }
    println!("tidy: arrows, licences, file lengths and examples are as the tables say");
    Ok(())
}

/// What is wrong, and where.
fn check(root: &Path) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .exec()
        .context("cannot read the packages of the workspace")?;
    let mut complaints = dependencies::check(&metadata, tables::ROOMS, tables::FREE_ROOMS);
    complaints.extend(licences::check(&metadata, tables::LICENCES));
    complaints.extend(files::check_lengths(&source_folders(&metadata), tables::LONG_FILES)?);
    complaints.extend(files::check_libraries(&metadata, tables::FREE_ROOMS)?);
    Ok(complaints)
}

/// The folders that hold code: one for each package, and the weights with their script.
fn source_folders(metadata: &Metadata) -> files::Folders {
    let root = metadata.workspace_root.as_std_path();
    let packages = metadata.workspace_packages();
    let folders = packages.iter().filter_map(|package| package.manifest_path.parent());
    files::Folders {
        root: root.to_owned(),
        folders: folders
            .map(|folder| folder.as_std_path().to_owned())
            .chain([root.join("weights")])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let complaints = super::check(crate::root()).unwrap();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }
}
