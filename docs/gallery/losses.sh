#!/bin/sh
# Makes the pictures of losses.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
make() {
    name=$1
    shift
    "$nst" stylize examples/chelsea.jpg examples/swirls.jpg --size 256 "$@" -o "docs/gallery/losses-$name.jpg"
}
make gram
make covariance --style-loss covariance
make moments --style-loss moments
make wasserstein --style-loss wasserstein --style-weight 20
make histogram --style-loss histogram --style-weight 100
make beside --histogram-weight 100
make energy --layer-balance energy
make cosine --content-loss cosine
