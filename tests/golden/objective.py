"""Losses in the conventions of the known programs, and the objective they add up to.

C is a layer's channels, M its positions, F its features as a C x M matrix,
G = F F^T its Gram matrix, and d the generated value minus the target's. The
generated picture and the style picture have different sizes, so that each Gram
matrix is divided by its own M.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vgg import Vgg


def content_mse(features: Tensor, target: Tensor) -> Tensor:
    """Mean of dF^2 (neural-style, PyTorch's tutorial)."""
    return F.mse_loss(features, target)


def content_half_sum(features: Tensor, target: Tensor) -> Tensor:
    """1/2 sum dF^2 (Gatys et al. 2015, eq. 1)."""
    return (features - target).square().sum() / 2


def gram(features: Tensor) -> Tensor:
    """G / M."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def covariance(features: Tensor) -> Tensor:
    """(F - mu) (F - mu)^T / M, mu being each channel's mean over the positions."""
    flat = features.flatten(2)[0]
    centred = flat - flat.mean(1, keepdim=True)
    return centred @ centred.T / flat.shape[1]


def style_mse(statistic: Tensor, target: Tensor) -> Tensor:
    """Mean over the C^2 elements of d(G / (C M))^2 (neural-style, PyTorch's tutorial)."""
    channels = statistic.shape[0]
    return F.mse_loss(statistic / channels, target / channels)


def style_gatys(statistic: Tensor, target: Tensor) -> Tensor:
    """sum d(G / M)^2 / (4 C^2) (Gatys et al. 2015, eq. 4, with M inside the difference)."""
    return (statistic - target).square().sum() / (4 * statistic.shape[0] ** 2)


def moments(features: Tensor, target: Tensor) -> Tensor:
    """Mean over the channels of d mu^2 + d sigma^2, 1e-5 added to variances (Li et al. 2017)."""

    def of(features: Tensor) -> Tensor:
        flat = features.flatten(2)[0]
        return torch.stack((flat.mean(1), (flat.var(1, correction=0) + 1e-5).sqrt()))

    return (of(features) - of(target)).square().sum() / features.shape[1]


def wasserstein(features: Tensor, target: Tensor) -> Tensor:
    """Mean of d mu^2 plus mean of diag(Ct + Cg - 2 (Ct^1/2 Cg Ct^1/2)^1/2), 1e-4 I added to
    both covariances (crowsonkb's style-transfer-pytorch), by eigen decompositions."""

    def of(features: Tensor) -> tuple[Tensor, Tensor]:
        ridge = 1e-4 * torch.eye(features.shape[1], dtype=features.dtype)
        return features.flatten(2)[0].mean(1), covariance(features) + ridge

    (mean, cov), (target_mean, target_cov) = of(features), of(target)
    values, vectors = torch.linalg.eigh(target_cov)
    root = (vectors * values.sqrt()) @ vectors.T
    roots = torch.linalg.eigvalsh(root @ cov @ root).sqrt().sum()
    means = (mean - target_mean).square().sum()
    return (means + target_cov.trace() + cov.trace() - 2 * roots) / len(mean)


def content_cosine(features: Tensor, target: Tensor) -> Tensor:
    """Mean over the positions of 2 (1 - cos) m / C: the angle between F and T at a position, m
    the mean of |T|^2; 1e-6 m is added to squared lengths."""
    lengths = target.square().sum(1)
    epsilon = 1e-6 * lengths.mean()
    product = (features * target).sum(1) / (lengths + epsilon).sqrt()
    cosines = product / (features.square().sum(1) + epsilon).sqrt()
    return 2 * (1 - cosines).mean() * lengths.mean() / features.shape[1]


def tv_absolute(image: Tensor) -> Tensor:
    """sum |dx| + sum |dy| over all channels (neural-style-pt)."""
    return image.diff(dim=3).abs().sum() + image.diff(dim=2).abs().sum()


def tv_squared(image: Tensor) -> Tensor:
    """sum dx^2 + sum dy^2 over all channels."""
    return image.diff(dim=3).square().sum() + image.diff(dim=2).square().sum()


@dataclass(frozen=True)
class Preset:
    """A known program's objective. `variable` is the space in which its optimizer works:
    `network` pixels or `rgb` 0..1. Total variation is always of the network's pixels."""

    content: Callable[[Tensor, Tensor], Tensor]
    style: Callable[[Tensor, Tensor], Tensor]
    content_layers: dict[str, float]
    style_layers: dict[str, float]
    tv_weight: float
    pooling: str
    variable: str


# Gatys' paper takes the layers after their ReLU: `relu4_2` is its conv4_2.
RELU_STYLE = [f"relu{block}_1" for block in range(1, 6)]
TUTORIAL_STYLE = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"]

PRESETS = {
    "neural-style": Preset(
        content_mse, style_mse, {"relu4_2": 5}, dict.fromkeys(RELU_STYLE, 100), 1e-3, "max", "network"
    ),
    "pytorch-tutorial": Preset(
        content_mse, style_mse, {"conv2_2": 1}, dict.fromkeys(TUTORIAL_STYLE, 1e6), 0, "max", "rgb"
    ),
    "gatys": Preset(
        content_half_sum,
        style_gatys,
        {"relu4_2": 1},
        dict.fromkeys(RELU_STYLE, 1e3 / 5),
        0,
        "avg",
        "network",
    ),
}


class Objective:
    """A preset's terms for one content and one style picture (NCHW, RGB 0..1)."""

    def __init__(self, preset: Preset, vgg: Vgg, content: Tensor, style: Tensor) -> None:
        self.preset = preset
        self.vgg = vgg
        self.layers = {*preset.content_layers, *preset.style_layers}
        with torch.no_grad():
            self.content = vgg.features(vgg.to_network(content), preset.content_layers)
            features = vgg.features(vgg.to_network(style), preset.style_layers)
            self.style = {layer: gram(value) for layer, value in features.items()}

    def layer_terms(self, variable: Tensor) -> dict[str, Tensor]:
        """Each term times its weight: `content:LAYER`, `style:LAYER` and `tv`."""
        preset = self.preset
        pixels = variable if preset.variable == "network" else self.vgg.to_network(variable)
        features = self.vgg.features(pixels, self.layers)
        terms = {}
        for layer, weight in preset.content_layers.items():
            loss = preset.content(features[layer], self.content[layer])
            terms[f"content:{layer}"] = weight * loss
        for layer, weight in preset.style_layers.items():
            loss = preset.style(gram(features[layer]), self.style[layer])
            terms[f"style:{layer}"] = weight * loss
        terms["tv"] = preset.tv_weight * tv_absolute(pixels)
        return terms

    def terms(self, variable: Tensor) -> dict[str, Tensor]:
        """The weighted terms added up: `content`, `style`, `tv` and their sum, `total`."""
        added = dict.fromkeys(("content", "style", "tv"), torch.zeros((), dtype=variable.dtype))
        for name, value in self.layer_terms(variable).items():
            kind = name.partition(":")[0]
            added[kind] = added[kind] + value
        added["total"] = added["content"] + added["style"] + added["tv"]
        return added
