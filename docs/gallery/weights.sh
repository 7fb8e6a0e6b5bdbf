#!/bin/sh
# Makes the pictures of weights.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
sheet() {
    name=$1
    shift
    "$nst" sweep examples/chelsea.jpg examples/swirls.jpg --size 256 "$@" -o "docs/gallery/weights-$name.jpg"
}
sheet content --vary content-weight=5,20,80,320 --vary iterations=30,100,200
sheet layers --layer-balance energy --vary 'style-layers=relu1_1,relu2_1;relu3_1;relu4_1,relu5_1' \
    --vary content-layers=relu2_2,relu4_2,relu5_2
sheet smooth --vary tv-weight=0,0.3,1,3 --vary tv=absolute
sheet smooth-squared --vary tv-weight=0.003,0.01,0.03 --vary tv=squared
