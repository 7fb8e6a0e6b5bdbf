#!/bin/sh
# Makes the picture of weights.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
"$nst" sweep examples/chelsea.jpg examples/swirls.jpg --size 256 --vary content-weight=5,20,80 --vary tv-weight=0,1,10 \
    -o docs/gallery/weights.jpg
