#!/bin/sh
# Makes the pictures of defaults.md. Run it in the repository's root, after `cargo build --release`. FORMER names an nst built from the
# commit f781ab0, before bands were smooth. PICTURES names a folder with pictures that are not in the repository, all in the public
# domain: starry_night.jpg (Vincent van Gogh, 1889), the_scream.jpg (Edvard Munch, 1893) and shipwreck.jpg (J. M. W. Turner, The
# Shipwreck of the Minotaur, about 1810).
set -e
nst="${NST:-target/release/nst}"
former="${FORMER:?names the former nst}"
pictures="${PICTURES:?names the folder of pictures}"
both() {
    name=$1
    shift
    "$former" stylize "$@" -o "docs/gallery/defaults-$name-former.jpg"
    "$nst" stylize "$@" -o "docs/gallery/defaults-$name.jpg"
}
both cat-swirls examples/chelsea.jpg examples/swirls.jpg
both cat-facets examples/chelsea.jpg examples/facets.jpg
both cat-night examples/chelsea.jpg "$pictures/starry_night.jpg"
both ship-night "$pictures/shipwreck.jpg" "$pictures/starry_night.jpg"
both ship-scream "$pictures/shipwreck.jpg" "$pictures/the_scream.jpg"
