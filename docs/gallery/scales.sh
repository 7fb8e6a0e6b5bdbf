#!/bin/sh
# Makes the pictures of scales.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
for scales in auto 1; do
    name=$([ "$scales" = 1 ] && echo one || echo auto)
    "$nst" stylize examples/chelsea.jpg examples/swirls.jpg --scales "$scales" -o "docs/gallery/scales-$name.jpg"
done
