#!/bin/sh
# Makes the pictures of ../sizes.md. Run it in the repository's root, after `cargo build --release`. PICTURES names a folder with
# shipwreck.jpg (J. M. W. Turner, The Shipwreck of the Minotaur, about 1810) and starry_night.jpg (Vincent van Gogh, 1889), both in
# the public domain; OUT is a folder for the results and the losses.
set -e
nst="${NST:-target/release/nst}"
style="${PICTURES:?names the folder of pictures}/starry_night.jpg"
out="${OUT:?names the folder to write to}"
# A picture brought to one size, and its losses there.
seen() {
    "$nst" stylize "$1" "$style" --size 512 --scales 1 --iterations 0 --trace "$out/$2.jsonl" -o "docs/gallery/sizes-$2.jpg"
}
seen "$PICTURES/shipwreck.jpg" photo
for size in 256 512 1024 2048; do
    "$nst" stylize "$PICTURES/shipwreck.jpg" "$style" --size "$size" -o "$out/$size.png"
    seen "$out/$size.png" "$size"
done
