"""Every loss, its value and its gradient, on random features; in f64."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

import objective
from store import nchw, nhwc, save_tensors

# Height, width, channels of the generated features and of the style's. Odd sizes, another size
# for the style, and a map one pixel wide, where total variation has no horizontal part.
CASES = {
    "odd": ((5, 7, 6), (9, 4, 6)),
    "column": ((13, 1, 4), (3, 5, 4)),
}


def of_style(
    statistic: Callable[[Tensor], Tensor], loss: Callable[[Tensor, Tensor], Tensor]
) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda features, target: loss(statistic(features), statistic(target))


CONTENT_LOSSES = {
    "content_mse": objective.content_mse,
    "content_half_sum": objective.content_half_sum,
    "content_cosine": objective.content_cosine,
}
STYLE_LOSSES = {
    "gram_neural_style": of_style(objective.gram, objective.style_mse),
    "gram_pytorch_tutorial": of_style(objective.gram, objective.style_mse),
    "gram_gatys": of_style(objective.gram, objective.style_gatys),
    "covariance": of_style(objective.covariance, objective.style_mse),
    "moments": objective.moments,
    "wasserstein": objective.wasserstein,
}
IMAGE_LOSSES = {
    "tv_absolute": objective.tv_absolute,
    "tv_squared": objective.tv_squared,
}


def value_and_gradient(loss: Callable[[Tensor], Tensor], at: Tensor) -> dict[str, np.ndarray]:
    """Checked by finite differences first; |x| is never differentiated at zero here."""
    at = at.clone().requires_grad_()
    torch.autograd.gradcheck(loss, (at,))
    value = loss(at)
    (gradient,) = torch.autograd.grad(value, at)
    return {"value": value.detach().reshape(1).numpy(), "gradient": nhwc(gradient)}


def make() -> None:
    generator = np.random.default_rng(15)
    tensors = {}
    for case, (size, style_size) in CASES.items():

        def random(*shape: int) -> np.ndarray:
            # A mean unlike zero, so that Gram and covariance differ.
            return np.float32(generator.normal(0.5, 1.0, (1, *shape)))

        arrays = {
            "features": random(*size),
            "content_target": random(*size),
            "style_target": random(*style_size),
            "image": np.float32(generator.uniform(0, 1, (1, *size[:2], 3))),
        }
        features, content, style, image = (nchw(a, torch.float64) for a in arrays.values())
        tensors |= {f"{case}.{name}": array for name, array in arrays.items()}
        tensors[f"{case}.gram"] = objective.gram(style).numpy()
        tensors[f"{case}.covariance"] = objective.covariance(style).numpy()
        found = {}
        for name, loss in CONTENT_LOSSES.items():
            found[name] = value_and_gradient(lambda x: loss(x, content), features)
        for name, loss in STYLE_LOSSES.items():
            found[name] = value_and_gradient(lambda x: loss(x, style), features)
        for name, loss in IMAGE_LOSSES.items():
            found[name] = value_and_gradient(loss, image)
        for name, parts in found.items():
            tensors |= {f"{case}.{name}.{part}": array for part, array in parts.items()}
    save_tensors("losses.safetensors", tensors)
