"""Pictures in other sizes, by torch's antialiased interpolation, and its gradient; in f64."""

import numpy as np
import torch
from torch.nn.functional import interpolate

from store import nchw, nhwc, save_tensors

# From and to, each height and width: smaller, larger, one of both; whole and odd ratios; one pixel.
CASES = {
    "smaller": ((13, 11), (7, 5)),
    "half": ((12, 10), (6, 5)),
    "larger": ((7, 5), (13, 11)),
    "twice": ((5, 6), (10, 12)),
    "both": ((13, 4), (5, 17)),
    "to_one": ((6, 9), (1, 1)),
    "from_one": ((1, 1), (3, 4)),
    "same": ((5, 4), (5, 4)),
}
MODES = {"linear": "bilinear", "cubic": "bicubic"}


def make() -> None:
    generator = np.random.default_rng(21)
    tensors = {}
    for case, (size, new_size) in CASES.items():

        def random(height: int, width: int) -> np.ndarray:
            # Beyond 0..1 on both sides: nothing may be clamped.
            return np.float32(generator.normal(0.5, 1.0, (1, height, width, 3)))

        tensors[f"{case}.image"], tensors[f"{case}.cotangent"] = random(*size), random(*new_size)
        cotangent = nchw(tensors[f"{case}.cotangent"], torch.float64)
        for name, mode in MODES.items():
            image = nchw(tensors[f"{case}.image"], torch.float64).requires_grad_()
            resized = interpolate(image, new_size, mode=mode, antialias=True, align_corners=False)
            (gradient,) = torch.autograd.grad(resized, image, cotangent)
            tensors[f"{case}.{name}"] = nhwc(resized)
            tensors[f"{case}.{name}.gradient"] = nhwc(gradient)
    save_tensors("resize.safetensors", tensors)
