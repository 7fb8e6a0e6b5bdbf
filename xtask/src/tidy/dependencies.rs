//! The arrows between the packages of the workspace, and the crates that each of them uses.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, Package};

/// A package of the workspace, with everything that it depends on.
pub(super) struct Room {
    pub(super) name: &'static str,
    /// Packages of the workspace.
    pub(super) workspace: &'static [&'static str],
    /// Crates from elsewhere.
    pub(super) external: &'static [&'static str],
    /// What its tests, examples and benches use besides, from the workspace or from elsewhere.
    pub(super) dev: &'static [&'static str],
}

/// Compares the manifests with the table; `free` packages are not held to it.
pub(super) fn check(metadata: &Metadata, rooms: &[Room], free: &[&str]) -> Vec<String> {
    let packages = metadata.workspace_packages();
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let listed: BTreeSet<&str> = rooms.iter().map(|room| room.name).chain(free.iter().copied()).collect();
    let mut complaints = differences("the workspace", "package", &names, &listed);
    for room in rooms {
        let Some(package) = packages.iter().find(|package| package.name.as_str() == room.name) else {
            continue;
        };
        let (inside, outside): (BTreeSet<&str>, BTreeSet<&str>) =
            uses(package, DependencyKind::Normal).partition(|name| names.contains(name));
        for (what, found, table) in [
            ("arrow to", inside, room.workspace),
            ("dependency on", outside, room.external),
            ("dev-dependency on", uses(package, DependencyKind::Development).collect(), room.dev),
            ("build-dependency on", uses(package, DependencyKind::Build).collect(), &[]),
        ] {
            complaints.extend(differences(room.name, what, &found, &table.iter().copied().collect()));
        }
    }
    complaints
}

fn uses(package: &Package, kind: DependencyKind) -> impl Iterator<Item = &str> {
    package.dependencies.iter().filter(move |used| used.kind == kind).map(|used| used.name.as_str())
}

fn differences(place: &str, what: &str, found: &BTreeSet<&str>, table: &BTreeSet<&str>) -> Vec<String> {
    let unlisted = found.difference(table).map(|name| format!("{place}: {what} {name} is not in the table"));
    let missing = table.difference(found).map(|name| format!("{place}: {what} {name} is only in the table"));
    unlisted.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use cargo_metadata::MetadataCommand;

    use super::{Room, check};

    /// This package's own manifest, against a table with one crate too few and one too many.
    #[test]
    fn tells_what_is_unlisted_and_what_is_gone() {
        let metadata = MetadataCommand::new().manifest_path(crate::root().join("Cargo.toml")).exec().unwrap();
        let packages = metadata.workspace_packages();
        let others: Vec<&str> = packages.iter().map(|p| p.name.as_str()).filter(|&n| n != "xtask").collect();
        let listed = crate::tidy::tables::ROOMS.iter().find(|room| room.name == "xtask").unwrap();
        let external: Vec<&str> =
            listed.external.iter().copied().filter(|&name| name != "image").chain(["left-pad"]).collect();
        let room = Room { name: "xtask", workspace: &[], external: external.leak(), dev: listed.dev };
        assert_eq!(
            check(&metadata, &[room], &others),
            [
                "xtask: arrow to nst-weights is not in the table",
                "xtask: dependency on image is not in the table",
                "xtask: dependency on left-pad is only in the table",
            ]
        );
        let complaints = check(&metadata, &[], &others);
        assert_eq!(complaints, ["the workspace: package xtask is not in the table"]);
    }
}
