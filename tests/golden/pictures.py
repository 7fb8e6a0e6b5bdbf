"""The pictures the goldens are made from: NHWC, RGB, f32 in 0..1.

Both come in scikit-image's wheel: `astronaut` (NASA, public domain) and
`chelsea` (Stefan van der Walt, CC0). Pixels are 8-bit values over 255, so that
the PNG files beside the goldens hold the very same pictures.
"""

from pathlib import Path

import numpy as np
import skimage
from PIL import Image

# Left, upper, right, lower in the source; width and height wanted.
CONTENT = ("astronaut.png", (96, 0, 416, 240), (64, 48))
STYLE = ("chelsea.png", (30, 0, 450, 300), (56, 40))
ODD = ("astronaut.png", (130, 40, 352, 214), (37, 29))


def load(source: tuple[str, tuple[int, int, int, int], tuple[int, int]]) -> np.ndarray:
    name, box, size = source
    image = Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")
    image = image.resize(size, Image.Resampling.LANCZOS, box=box)
    return np.asarray(image, dtype=np.float32)[np.newaxis] / np.float32(255)


def save_png(path: Path, pixels: np.ndarray) -> None:
    """Write NHWC RGB 0..1, rounded to 8 bits."""
    values = np.rint(np.clip(pixels[0], 0, 1) * 255).astype(np.uint8)
    Image.fromarray(values, "RGB").save(path)
