"""The pictures the goldens are made from: NHWC, RGB, 8-bit values over 255 in f32.

All come in scikit-image's wheel: `astronaut` (NASA, public domain); `chelsea`
(Stefan van der Walt), `coffee` (Rachel Michetti), `grass` (linolafett), `brick`
and `gravel` (CC0Textures), all CC0. `grass`, `brick` and `gravel` are grey.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
from PIL import Image


@dataclass(frozen=True)
class Crop:
    """A part of a picture, resampled: left, upper, right, lower; width, height."""

    name: str
    box: tuple[int, int, int, int]
    size: tuple[int, int]

    def load(self) -> np.ndarray:
        folder = Path(skimage.__file__).parent / "data"
        image = Image.open(folder / f"{self.name}.png").convert("RGB")
        image = image.resize(self.size, Image.Resampling.LANCZOS, box=self.box)
        return np.asarray(image, dtype=np.float32)[np.newaxis] / np.float32(255)


CONTENT = Crop("astronaut", (96, 0, 416, 240), (64, 48))
STYLE = Crop("chelsea", (30, 0, 450, 300), (56, 40))
ODD = Crop("astronaut", (130, 40, 352, 214), (37, 29))
