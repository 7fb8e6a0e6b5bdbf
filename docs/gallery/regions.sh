#!/bin/sh
# Makes the pictures of regions.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
make() {
    name=$1
    shift
    "$nst" stylize examples/chelsea.jpg examples/swirls.jpg --size 384 "$@" -o "docs/gallery/regions-$name.jpg"
}
make none
make pairs --mask examples/chelsea-regions.png --style-masks examples/swirls-regions.png --regions black=keep
make eyes --mask examples/chelsea-regions.png --regions black=keep
make sharp --mask examples/chelsea-regions.png --regions black=keep --mask-softness 0
make background --mask examples/chelsea-regions.png --regions red=keep,black=keep
