"""VGG-16 and VGG-19 (Simonyan and Zisserman 2014, columns D and E), every layer by name.

`conv4_2` is a convolution's output before its ReLU, `relu4_2` after it and
`pool4` the pool that ends the block, as in Gatys, Ecker and Bethge. Pools are
2x2 with stride 2 and drop the odd row or column, in Caffe as in torch.
"""

from collections.abc import Collection
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor

BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
BGR_MEAN = (103.939, 116.779, 123.68)
RGB_MEAN = (0.485, 0.456, 0.406)
RGB_DEVIATION = (0.229, 0.224, 0.225)


def layer_names(architecture: str) -> list[str]:
    """All layers in the order in which they are computed."""
    names = []
    for block, count in enumerate(BLOCKS[architecture], start=1):
        for index in range(1, count + 1):
            names += [f"conv{block}_{index}", f"relu{block}_{index}"]
        names.append(f"pool{block}")
    return names


def _channels(values: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype).view(1, 3, 1, 1)


class Vgg:
    """The network on the weights in `path`, computing in `dtype`."""

    def __init__(self, path: Path, dtype: torch.dtype, pooling: str = "max") -> None:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            # torchvision numbers convolutions, ReLUs and pools alike: `features.N`.
            self.weights = {name: file.get_tensor(name).to(dtype) for name in file.keys()}
        self.pixels = metadata["pixels"]
        self.names = layer_names(metadata["architecture"])
        self.dtype = dtype
        self.pool = {"max": F.max_pool2d, "avg": F.avg_pool2d}[pooling]

    def to_network(self, image: Tensor) -> Tensor:
        """RGB 0..1 (NCHW) to the pixels that these weights were trained on."""
        if self.pixels == "bgr255":
            return image.flip(1) * 255 - _channels(BGR_MEAN, image)
        return (image - _channels(RGB_MEAN, image)) / _channels(RGB_DEVIATION, image)

    def from_network(self, pixels: Tensor) -> Tensor:
        """The inverse of `to_network`."""
        if self.pixels == "bgr255":
            return ((pixels + _channels(BGR_MEAN, pixels)) / 255).flip(1)
        return pixels * _channels(RGB_DEVIATION, pixels) + _channels(RGB_MEAN, pixels)

    def convolve(self, x: Tensor, position: int) -> Tensor:
        weight = self.weights[f"features.{position}.weight"]
        return F.conv2d(x, weight, self.weights[f"features.{position}.bias"], padding=1)

    def relu(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def features(self, pixels: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """The named layers' outputs (NCHW) for network pixels, as deep as they need."""
        found = {}
        x = pixels
        for position, name in enumerate(self.names):
            if len(found) == len(layers):
                break
            if name.startswith("conv"):
                x = self.convolve(x, position)
            elif name.startswith("relu"):
                x = self.relu(x)
            else:
                x = self.pool(x, 2)
            if name in layers:
                found[name] = x
        return found
