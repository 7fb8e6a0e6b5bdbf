#!/bin/sh
# Makes the pictures of ../sizes.md, and measures them: prints the style loss of each at 256 and, from 512 on, 512 pixels, that of the content
# first. Run it in the repository's root, after `cargo build --release`; it takes long. PICTURES is as in defaults.sh.
set -e
nst="${NST:-target/release/nst}"
content="${PICTURES:?names the folder of pictures}/shipwreck.jpg"
style="$PICTURES/starry_night.jpg"
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
trap 'exit 1' INT TERM
shrink() {
    "$nst" stylize "$1" "$style" --size "$2" --scales 1 --iterations 0 --quiet --trace "$folder/trace.jsonl" -o "$3"
    echo "$1 at $2 pixels: $(sed -n 's/.*"style":\([0-9.]*\).*/\1/p' "$folder/trace.jsonl")"
}
for size in 256 512; do
    shrink "$content" "$size" "$folder/content.png"
done
for size in 256 512 1024 2048; do
    "$nst" stylize "$content" "$style" --size "$size" -o "$folder/$size.png"
    for seen in 256 512; do
        if [ "$seen" -le "$size" ]; then
            # The larger one stays.
            shrink "$folder/$size.png" "$seen" "docs/gallery/sizes-$size.jpg"
        fi
    done
done
