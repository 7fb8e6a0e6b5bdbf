#!/bin/sh
# Makes the pictures of color.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
for color in style content luminance match match-cholesky match-reverse; do
    "$nst" stylize examples/chelsea.jpg examples/swirls.jpg --size 256 --scales 1 --iterations 60 --color "$color" \
        -o "docs/gallery/color-$color.jpg"
done
