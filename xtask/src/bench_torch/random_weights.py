"""VGG-19 of full width with random weights (He's initialisation), for machines without the trained ones.

    venv/bin/python random_weights.py vgg19.safetensors
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "golden"))
from store import write_safetensors  # noqa: E402
from vgg import BLOCKS  # noqa: E402

CHANNELS = (64, 128, 256, 512, 512)


def main(path: Path) -> None:
    generator = np.random.default_rng(19)
    tensors = {}
    position, inputs = 0, 3
    for count, outputs in zip(BLOCKS["vgg19"], CHANNELS):
        for _ in range(count):
            weight = generator.standard_normal((outputs, inputs, 3, 3), dtype=np.float32)
            tensors[f"features.{position}.weight"] = weight * np.float32(np.sqrt(2 / (9 * inputs)))
            tensors[f"features.{position}.bias"] = generator.standard_normal(outputs, dtype=np.float32) / 10
            position, inputs = position + 2, outputs
        position += 1
    metadata = {"architecture": "vgg19", "pixels": "bgr255", "source": "random numbers, random_weights.py"}
    unfinished = path.with_suffix(".part")
    write_safetensors(unfinished, tensors, metadata)
    unfinished.rename(path)


main(Path(sys.argv[1]))
