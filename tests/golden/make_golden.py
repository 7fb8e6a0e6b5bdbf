"""Makes every golden file in `data/` again.

    python3 -m venv venv
    venv/bin/pip install -r tests/golden/requirements.txt
    venv/bin/python tests/golden/make_golden.py

Names of what to make (features, losses, gradient, runs, optimizers, resize,
crowsonkb, histogram) may follow; without any, all are made. README.md says what each file holds.
"""

import sys

import torch

import golden_crowsonkb
import golden_features
import golden_gradient
import golden_histogram
import golden_losses
import golden_optimizers
import golden_resize
import golden_runs
from store import DATA

MAKERS = {
    "features": golden_features.make,
    "losses": golden_losses.make,
    "gradient": golden_gradient.make,
    "runs": golden_runs.make,
    "optimizers": golden_optimizers.make,
    "resize": golden_resize.make,
    "crowsonkb": golden_crowsonkb.make,
    "histogram": golden_histogram.make,
}


def main() -> None:
    wanted = sys.argv[1:] or list(MAKERS)
    if unknown := set(wanted) - set(MAKERS):
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MAKERS)}")
    DATA.mkdir(exist_ok=True)
    # One thread: the order of additions, and so the f32 traces, stay the same.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in wanted:
        print(f"making {name}", flush=True)
        MAKERS[name]()


if __name__ == "__main__":
    main()
