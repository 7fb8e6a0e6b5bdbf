"""The histogram loss as Risser, Wilmot and Barnes 2017 write it, with its gradient, on random features; in f64.

O are the features of the picture, and R(O) those values of the style that have the same rank in their channel: picture
and style have as many positions, so that this brings each channel to the style's histogram exactly. Of equal values the
first in reading order has the lower rank.
"""

import numpy as np
import torch
from torch import Tensor

from store import nchw, nhwc, save_tensors

# Height, width, channels.
SIZE = (32, 32, 4)


def matched(features: Tensor, style: Tensor) -> Tensor:
    """R(O)."""
    rank = features.flatten(2).argsort(dim=2, stable=True).argsort(dim=2)
    return style.flatten(2).sort(dim=2).values.gather(2, rank).reshape(features.shape)


def loss(features: Tensor, style: Tensor) -> Tensor:
    """The mean of (O - R(O))^2, R(O) held constant."""
    return (features - matched(features.detach(), style)).square().mean()


def channels(generator: np.random.Generator, scale: float) -> np.ndarray:
    """Of four kinds: normal, after a ReLU, after a ReLU with few values left, and with a long tail."""
    shape = (1, *SIZE[:2])
    normal = generator.normal(0.4, scale, shape)
    relu = np.maximum(generator.normal(0.2, scale, shape), 0)
    sparse = np.maximum(generator.normal(-1.4, scale, shape), 0)
    tail = generator.exponential(scale, shape)
    return np.float32(np.stack([normal, relu, sparse, tail], axis=3))


def make() -> None:
    generator = np.random.default_rng(16)
    arrays = {"features": channels(generator, 1.0), "style": channels(generator, 1.6)}
    features, style = (nchw(array, torch.float64) for array in arrays.values())
    features.requires_grad_()
    value = loss(features, style)
    (gradient,) = torch.autograd.grad(value, features)
    arrays |= {"value": value.detach().reshape(1).numpy(), "gradient": nhwc(gradient)}
    save_tensors("histogram.safetensors", arrays)
