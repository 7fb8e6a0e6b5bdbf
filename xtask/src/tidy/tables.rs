//! The tables that `cargo xtask tidy` compares the repository with. A change here is a decision: say why in the commit.

use super::dependencies::Room;

/// What each package uses, exactly: an arrow or a crate that is not in its row does not exist.
pub(super) const ROOMS: &[Room] = &[
    Room {
        name: "nst-kernels",
        workspace: &[],
        external: &["memmap2", "rayon"],
        dev: &["approx", "criterion"],
    },
    Room {
        name: "nst-tensor",
        workspace: &["nst-kernels"],
        external: &["ndarray", "rayon", "thiserror"],
        dev: &[],
    },
    Room { name: "nst-cuda", workspace: &["nst-tensor"], external: &["cudarc", "thiserror"], dev: &[] },
    Room { name: "nst-ptx", workspace: &[], external: &["rayon", "thiserror"], dev: &[] },
    Room { name: "nst-autodiff", workspace: &["nst-tensor"], external: &["thiserror"], dev: &[] },
    Room {
        name: "nst-vgg",
        workspace: &["nst-autodiff", "nst-tensor", "nst-weights"],
        external: &["thiserror"],
        dev: &["approx"],
    },
    Room {
        name: "nst-loss",
        workspace: &["nst-autodiff", "nst-tensor"],
        external: &["thiserror"],
        dev: &["approx"],
    },
    Room {
        name: "nst-optim",
        workspace: &["nst-tensor"],
        external: &["thiserror"],
        dev: &["approx", "criterion", "serde", "serde_json"],
    },
    Room {
        name: "nst-weights",
        workspace: &[],
        external: &[
            "half",
            "safetensors",
            "serde",
            "serde_json",
            "sha2",
            "tempfile",
            "thiserror",
            "toml",
            "ureq",
            "zip",
        ],
        dev: &["approx", "rand", "rand_chacha"],
    },
    Room {
        name: "nst",
        workspace: &["nst-autodiff", "nst-loss", "nst-optim", "nst-tensor", "nst-vgg", "nst-weights"],
        external: &[
            "humantime",
            "image",
            "palette",
            "rand",
            "rand_chacha",
            "rand_distr",
            "serde",
            "tempfile",
            "thiserror",
            "toml",
        ],
        dev: &["criterion"],
    },
    Room {
        name: "nst-cli",
        workspace: &["nst", "nst-cuda", "nst-tensor", "nst-weights"],
        external: &[
            "anyhow",
            "clap",
            "ctrlc",
            "etcetera",
            "glob",
            "indicatif",
            "nix",
            "noto-sans-mono-bitmap",
            "rayon",
            "same-file",
            "serde",
            "serde_json",
            "toml",
        ],
        dev: &[],
    },
    // Tests alone stand on it: it is in no product's graph.
    Room {
        name: "nst-libcuda",
        workspace: &["nst-ptx"],
        external: &["libloading", "serde", "serde_json", "tempfile", "thiserror"],
        dev: &["cudarc"],
    },
    Room {
        name: "xtask",
        workspace: &["nst-weights"],
        external: &[
            "anyhow",
            "cargo_metadata",
            "clap",
            "etcetera",
            "image",
            "indicatif",
            "plotters",
            "rand",
            "rand_chacha",
            "serde",
            "serde_json",
            "spdx",
        ],
        dev: &["tempfile"],
    },
];

/// Packages that may use whatever they test.
pub(super) const FREE_ROOMS: &[&str] = &["nst-tests"];

/// Licences that every package of the dependency graph can be used under, as SPDX names them.
pub(super) const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0", // the root certificates of webpki-roots
    "ISC",
    "MIT",
    "Unicode-3.0", // the character tables of unicode-ident
    "Unlicense",
    "Zlib",
];

/// Every file of more than [`super::files::LONG`] lines.
pub(super) const LONG_FILES: &[&str] = &[];
