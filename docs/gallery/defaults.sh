#!/bin/sh
# Makes the sheets of defaults.md. Run it in the repository's root, after `cargo build --release`. PICTURES names a folder with
# pictures that are not in the repository, all in the public domain: starry_night.jpg (Vincent van Gogh, 1889), the_scream.jpg (Edvard
# Munch, 1893) and shipwreck.jpg (J. M. W. Turner, The Shipwreck of the Minotaur, about 1810).
set -e
nst="${NST:-target/release/nst}"
pictures="${PICTURES:?names the folder of pictures}"
sheet() {
    name=$1
    shift
    "$nst" sweep "$@" --size 512 --vary 'scale-iterations=102,61,37;90,45,45' -o "docs/gallery/defaults-$name.jpg"
}
sheet cat-swirls examples/chelsea.jpg examples/swirls.jpg
sheet cat-facets examples/chelsea.jpg examples/facets.jpg
sheet cat-night examples/chelsea.jpg "$pictures/starry_night.jpg"
sheet ship-night "$pictures/shipwreck.jpg" "$pictures/starry_night.jpg"
sheet ship-scream "$pictures/shipwreck.jpg" "$pictures/the_scream.jpg"
