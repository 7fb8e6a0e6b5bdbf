#!/bin/sh
# Makes the pictures of optimizer.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
make() {
    name=$1
    shift
    "$nst" stylize examples/chelsea.jpg examples/swirls.jpg --size 256 "$@" -o "docs/gallery/optimizer-$name.jpg"
}
make lbfgs
make adam --optimizer adam --learning-rate 5
make averaged --optimizer adam --learning-rate 5 --average 0.95 --clamp true
make settled --min-decrease 0.02
make noise --init noise --scales 1
make style --init style --scales 1
