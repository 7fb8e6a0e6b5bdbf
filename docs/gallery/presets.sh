#!/bin/sh
# Makes the pictures of presets.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
for preset in default draft best subtle bold texture; do
    "$nst" stylize examples/chelsea.jpg examples/swirls.jpg --size 256 --preset "$preset" -o "docs/gallery/presets-$preset.jpg"
done
