#!/bin/sh
# Makes the pictures of ../sizes.md, and measures them: prints the style loss of each at 256 and 512 pixels, that of the content first. Run it
# in the repository's root, after `cargo build --release`; it takes long. PICTURES is as in defaults.sh.
set -e
nst="${NST:-target/release/nst}"
content="${PICTURES:?names the folder of pictures}/shipwreck.jpg"
style="$PICTURES/starry_night.jpg"
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
shrink() {
    "$nst" stylize "$1" "$style" --size "$2" --scales 1 --iterations 0 --quiet --trace "$folder/trace.jsonl" -o "$3"
    echo "$1 at $2 pixels: $(grep -o '"style":[0-9.]*' "$folder/trace.jsonl")"
}
for size in 256 512; do
    shrink "$content" "$size" "$folder/content.png"
done
for size in 256 512 1024 2048; do
    "$nst" stylize "$content" "$style" --size "$size" -o "$folder/$size.png"
    shrink "$folder/$size.png" 256 "$folder/small.png"
    shrink "$folder/$size.png" 512 "docs/gallery/sizes-$size.jpg"
done
