#!/bin/sh
# Makes the pictures of start.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
sheet() {
    name=$1
    shift
    "$nst" sweep examples/chelsea.jpg examples/swirls.jpg --size 256 "$@" -o "docs/gallery/start-$name.jpg"
}
sheet init --vary init=content,noise,style --vary scales=auto,1
sheet seeds --init noise --vary seed=0,1,2
sheet network --vary pooling=max,avg --vary padding=zeros,replicate
