"""A whole neural-style transfer with torch.optim.LBFGS, to compare nst with.

    venv/bin/python tests/golden/reference_run.py content.png style.png -o out.png \
        --size 256 --evaluations 250 --trace trace.jsonl

The preset is neural-style's: VGG-16 with max pooling, content 5 on relu4_2,
style 100 on each of relu1_1 to relu5_1, total variation 0.001, the pixels in the
network's space (BGR, 0..255 minus the mean), L-BFGS with a history of 100 and no
line search. `--content-weight 20 --tv-weight 0` makes it nst's default objective at one scale. A picture whose longest side is `--size`
already is taken as it is, so that both programs can be given the very same
pixels. Evaluation 0 belongs to the initial image; `--evaluations 250` computes
numbers 0 to 249. The picture written is the one with the least total.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from objective import PRESETS, Objective
from store import VGG16, nchw, nhwc
from vgg import Vgg


def load(path: Path, size: int) -> torch.Tensor:
    """NCHW, RGB, f32 in 0..1, the longest side `size` pixels."""
    image = Image.open(path).convert("RGB")
    longest = max(image.size)
    if longest != size:
        width, height = (max(1, round(side * size / longest)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, dtype=np.float32)[np.newaxis] / np.float32(255)
    return nchw(pixels, torch.float32)


def save(path: Path, image: torch.Tensor) -> None:
    values = np.rint(np.clip(nhwc(image)[0], 0, 1) * 255).astype(np.uint8)
    Image.fromarray(values).save(path)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Neural style transfer with torch's L-BFGS.")
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="PNG to write")
    parser.add_argument("--size", type=int, default=512, help="longest side of both pictures")
    parser.add_argument("--evaluations", type=int, default=250)
    parser.add_argument("--init", choices=["content", "noise"], default="content")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    parser.add_argument("--content-weight", type=float, default=5)
    parser.add_argument("--tv-weight", type=float, default=1e-3)
    parser.add_argument("--trace", type=Path, help="JSON lines, one for each evaluation")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    preset = replace(
        PRESETS["neural-style"],
        content_layers={"relu4_2": args.content_weight},
        tv_weight=args.tv_weight,
    )
    vgg = Vgg(VGG16, torch.float32, preset.pooling)
    content = load(args.content, args.size)
    objective = Objective(preset, vgg, content, load(args.style, args.size))
    variable = vgg.to_network(content)
    if args.init == "noise":
        generator = torch.Generator().manual_seed(args.seed)
        variable = torch.randn(variable.shape, generator=generator) * 0.001
    variable.requires_grad_()
    optimizer = torch.optim.LBFGS(
        [variable],
        max_iter=args.evaluations,
        history_size=100,
        tolerance_change=-1,
        tolerance_grad=-1,
    )
    records: list[dict[str, float]] = []
    best = variable.detach().clone()
    least = float("inf")
    start = time.perf_counter()

    def closure() -> torch.Tensor:
        nonlocal best, least
        optimizer.zero_grad()
        terms = objective.terms(variable)
        terms["total"].backward()
        values = {name: value.item() for name, value in terms.items()}
        if values["total"] < least:
            best, least = variable.detach().clone(), values["total"]
        seconds = round(time.perf_counter() - start, 3)
        records.append({"evaluation": len(records), **values, "seconds": seconds})
        return terms["total"]

    optimizer.step(closure)
    save(args.output, vgg.from_network(best))
    if args.trace:
        args.trace.write_text("".join(json.dumps(record) + "\n" for record in records))
    first, last = records[0], records[-1]
    print(
        f"{len(records)} evaluations, {last['seconds']} s: first total {first['total']:.6g}, "
        f"last {last['total']:.6g}, least {least:.6g}"
    )


if __name__ == "__main__":
    main()
