"""crowsonkb's style-transfer-pytorch on the narrow VGG-19: terms and gradient of the objective, and a run through two
scales with Adam, whose steps are clamped and averaged; in f64.

Matrix roots are by eigen decompositions (the program takes twelve steps of Newton and Schulz), and enlarging is by
the cubic of a = -1/2 (the program's has a = -3/4), as in nst.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import objective
from perturbed import PERTURBATIONS, TOLERANCE, PerturbedVgg
from pictures import Crop
from store import VGG19_NARROW, nchw, nhwc, save_json, save_tensors
from vgg import Vgg

CONTENT = Crop("astronaut", (96, 0, 416, 240), (68, 51))
STYLE = Crop("chelsea", (30, 0, 450, 300), (68, 49))
CONTENT_LAYER, CONTENT_WEIGHT = "relu4_2", 0.015
STYLE_LAYERS = dict(zip(objective.RELU_STYLE, (256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341)))
TV_WEIGHT = 2
LEARNING_RATE, BETAS, DECAY = 0.02, (0.9, 0.99), 0.99
# Longest sides, a factor of 1.41 between them, and iterations.
SCALES = ((48, 6), (68, 5))
NOISE, SEED = 0.05, 3

Trace = list[dict[str, float]]


class EdgeVgg(Vgg):
    """What the first convolution sees around the picture is its edge, repeated."""

    def convolve(self, x: Tensor, position: int) -> Tensor:
        if position > 0:
            return super().convolve(x, position)
        weight, bias = self.weights["features.0.weight"], self.weights["features.0.bias"]
        return F.conv2d(F.pad(x, (1, 1, 1, 1), "replicate"), weight, bias)


class PerturbedEdgeVgg(PerturbedVgg, EdgeVgg):
    """With rounding errors."""


def nine_point(image: Tensor) -> Tensor:
    """The L2 total variation over eight neighbours, the image's edge repeated around it: two thirds of the mean squares of
    horizontal and vertical differences, one sixth of those of diagonal ones, which begin and end one pixel further out."""
    padded = F.pad(image, (1, 1, 1, 1), "replicate")
    inner = padded[..., 1:-1, 1:-1]
    straight = (padded[..., 1:-1, 2:] - inner, padded[..., 2:, 1:-1] - inner)
    diagonal = (
        padded[..., 1:, 1:] - padded[..., :-1, :-1],
        padded[..., 1:, :-1] - padded[..., :-1, 1:],
    )
    mean_squares = [sum(part.square().mean() for part in parts) for parts in (straight, diagonal)]
    return mean_squares[0] * 2 / 3 + mean_squares[1] / 6


class Objective:
    """Its terms for a content and a style picture (NCHW, RGB 0..1). Distances of Gaussians are always in f64."""

    def __init__(self, vgg: Vgg, content: Tensor, style: Tensor) -> None:
        self.vgg = vgg
        with torch.no_grad():
            self.content = vgg.features(vgg.to_network(content), [CONTENT_LAYER])[CONTENT_LAYER]
            self.style = vgg.features(vgg.to_network(style), STYLE_LAYERS)

    def terms(self, image: Tensor) -> dict[str, Tensor]:
        features = self.vgg.features(self.vgg.to_network(image), {CONTENT_LAYER, *STYLE_LAYERS})
        content = objective.content_mse(features[CONTENT_LAYER], self.content)
        terms = {f"content:{CONTENT_LAYER}": CONTENT_WEIGHT * content}
        for layer, weight in STYLE_LAYERS.items():
            distance = objective.wasserstein(features[layer].double(), self.style[layer].double())
            terms[f"style:{layer}"] = weight * distance
        terms["tv"] = TV_WEIGHT * nine_point(image)
        terms["total"] = sum(value.double() for value in terms.values())
        return terms


def softened(crop: Crop) -> np.ndarray:
    """With less contrast, so that resampling never leaves 0..1."""
    return np.float32(0.06 + 0.88 * crop.load())


def fitted(image: np.ndarray, side: int) -> np.ndarray:
    """Resampled to a longest side by Lanczos' filter, NHWC."""
    _, height, width, _ = image.shape
    size = [round(extent * side / max(width, height)) for extent in (width, height)]
    channels = [
        np.asarray(Image.fromarray(image[0, ..., c]).resize(size, Image.Resampling.LANCZOS)) for c in range(3)
    ]
    result = np.stack(channels, -1)[np.newaxis]
    assert 0 <= result.min() and result.max() <= 1
    return result


def resized(x: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    return F.interpolate(x, size, mode=mode, antialias=True, align_corners=False)


def moved(optimizer: torch.optim.Adam, image: Tensor) -> torch.optim.Adam:
    """The optimizer of the next scale: moments in its size, the count of steps goes on."""
    result = torch.optim.Adam([image], lr=LEARNING_RATE, betas=BETAS)
    state = optimizer.state_dict()
    size = tuple(image.shape[2:])
    for moments in state["state"].values():
        moments["exp_avg"] = resized(moments["exp_avg"], size, "bicubic")
        moments["exp_avg_sq"] = resized(moments["exp_avg_sq"], size, "bilinear").relu()
    result.load_state_dict(state)
    return result


@dataclass
class Average:
    """An exponential moving average without the bias toward 0."""

    total: Tensor
    weight: float = 0.0

    def add(self, x: Tensor) -> None:
        self.total = DECAY * self.total + (1 - DECAY) * x
        self.weight = DECAY * self.weight + 1 - DECAY

    def value(self) -> Tensor:
        return self.total / self.weight


def run(vgg: Vgg) -> tuple[Trace, Tensor, int]:
    """The terms of each iterate and, at the end of a scale, of the average; the last average; clamped values."""
    evaluations: Trace = []
    clamped = 0
    optimizer = picture = None
    for side, iterations in SCALES:
        content, style = (nchw(fitted(softened(crop), side), vgg.dtype) for crop in (CONTENT, STYLE))
        target = Objective(vgg, content, style)
        image = content if picture is None else resized(picture, content.shape[2:], "bicubic").clamp(0, 1)
        image = image.clone().requires_grad_()
        average = Average(torch.zeros_like(image))
        average.add(image.detach())
        if optimizer is None:
            optimizer = torch.optim.Adam([image], lr=LEARNING_RATE, betas=BETAS)
        else:
            optimizer = moved(optimizer, image)

        def evaluate(x: Tensor) -> Tensor:
            terms = target.terms(x)
            evaluations.append({name: value.item() for name, value in terms.items()})
            return terms["total"]

        total = evaluate(image)
        for _ in range(iterations):
            (image.grad,) = torch.autograd.grad(total, image)
            optimizer.step()
            with torch.no_grad():
                clamped += int(((image < 0) | (image > 1)).sum())
                image.clamp_(0, 1)
            average.add(image.detach())
            total = evaluate(image)
        picture = average.value()
        with torch.no_grad():
            evaluate(picture)
    return evaluations, picture, clamped


def distance(a: Tensor, b: Tensor) -> float:
    return ((a - b).norm() / b.norm()).item()


def totals_differ(found: Trace, truth: Trace) -> float:
    return max(abs(a["total"] / b["total"] - 1) for a, b in zip(found, truth))


def make() -> None:
    content, style = softened(CONTENT), softened(STYLE)
    noise = np.random.default_rng(SEED).normal(0, NOISE, content.shape)
    image = np.float32(content + noise)

    def terms_and_gradient(vgg: Vgg) -> tuple[dict[str, float], Tensor]:
        target = Objective(vgg, nchw(content, vgg.dtype), nchw(style, vgg.dtype))
        variable = nchw(image, vgg.dtype).requires_grad_()
        terms = target.terms(variable)
        (gradient,) = torch.autograd.grad(terms["total"], variable)
        return {name: value.item() for name, value in terms.items()}, gradient

    exact = EdgeVgg(VGG19_NARROW, torch.float64)
    terms, gradient = terms_and_gradient(exact)
    trace, picture, clamped = run(exact)
    assert clamped > 0
    differences = {"gradient": 0.0, "totals": 0.0, "picture": 0.0}
    for seed in range(PERTURBATIONS):
        perturbed = PerturbedEdgeVgg(VGG19_NARROW, "max", seed)
        _, other = terms_and_gradient(perturbed)
        found, other_picture, _ = run(perturbed)
        of_seed = {
            "gradient": distance(other, gradient),
            "totals": totals_differ(found, trace),
            "picture": distance(other_picture, picture),
        }
        differences = {name: max(value, of_seed[name]) for name, value in differences.items()}
    print(f"  {clamped} values clamped; perturbed, it differs by up to {differences}", flush=True)
    assert max(differences.values()) < TOLERANCE
    tensors = {"content": content, "style": style, "image": image}
    tensors |= {"gradient": nhwc(gradient), "picture": nhwc(picture)}
    save_tensors("crowsonkb.safetensors", tensors)
    record = {"objective": terms, "largest_difference": differences, "scales": SCALES, "evaluations": trace}
    save_json("crowsonkb.json", record)
