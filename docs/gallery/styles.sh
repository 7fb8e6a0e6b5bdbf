#!/bin/sh
# Makes the pictures of styles.md. Run it in the repository's root, after `cargo build --release`.
set -e
nst="${NST:-target/release/nst}"
make() {
    name=$1
    shift
    "$nst" stylize "$@" --size 256 -o "docs/gallery/styles-$name.jpg"
}
cat=examples/chelsea.jpg
swirls=examples/swirls.jpg
facets=examples/facets.jpg
make swirls "$cat" "$swirls"
make facets "$cat" "$facets"
make both "$cat" "$swirls" "$facets"
make mostly-facets "$cat" "$swirls" "$facets" --style-blend 1,3
make energy-statistics "$cat" "$swirls" "$facets" --layer-balance energy
make energy-losses "$cat" "$swirls" "$facets" --layer-balance energy --style-mix losses
make regions "$cat" "$swirls" "$facets" --mask examples/chelsea-regions.png --regions blue=1,red=2,black=keep
make size-128 "$cat" "$swirls" --style-size 128
make size-512 "$cat" "$swirls" --style-size 512
make scales "$cat" "$swirls" --style-scales 0.5,1,2
