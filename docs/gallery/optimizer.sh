#!/bin/sh
# Makes the pictures of optimizer.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
sheet() {
    name=$1
    shift
    "$nst" sweep examples/chelsea.jpg examples/swirls.jpg --size 256 "$@" -o "docs/gallery/optimizer-$name.jpg"
}
sheet lbfgs --scales 1 --vary iterations=25,50,100 --vary steps=bounded,torch
sheet adam --scales 1 --optimizer adam --learning-rate 5 --vary iterations=25,50,100 --vary average=0,0.9
sheet stops --iterations 400 --vary min-decrease=0.3,0.1,0.03,0.01
