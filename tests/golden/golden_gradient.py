"""The neural-style objective on the real VGG-16: terms, and the gradient of the image, in f64."""

import dataclasses

import numpy as np
import torch

import pictures
from objective import PRESETS, Objective
from store import VGG16, nchw, nhwc, save_json, save_tensors
from vgg import Vgg

NOISE = 0.05


def check_directional_derivative(objective: Objective, at: torch.Tensor, gradient: torch.Tensor) -> None:
    """Compare with central differences along the gradient (kinks make it inexact)."""
    direction = gradient / gradient.norm()
    step = 1e-6
    with torch.no_grad():
        ahead = objective.terms(at + step * direction)["total"]
        behind = objective.terms(at - step * direction)["total"]
    slope = ((ahead - behind) / (2 * step)).item()
    assert abs(slope / gradient.norm().item() - 1) < 1e-3, (slope, gradient.norm())


def make() -> None:
    content = pictures.CONTENT.load()
    style = pictures.STYLE.load()
    noise = np.random.default_rng(7).normal(0, NOISE, content.shape)
    image = np.float32(content + noise)
    tensors = {"content": content, "style": style, "image": image}
    records = {}
    for pooling in ("max", "avg"):
        preset = dataclasses.replace(PRESETS["neural-style"], pooling=pooling, variable="rgb")
        vgg = Vgg(VGG16, torch.float64, pooling)
        objective = Objective(preset, vgg, nchw(content, vgg.dtype), nchw(style, vgg.dtype))
        variable = nchw(image, vgg.dtype).requires_grad_()
        total = objective.terms(variable)["total"]
        (gradient,) = torch.autograd.grad(total, variable)
        check_directional_derivative(objective, variable.detach(), gradient)
        tensors[f"{pooling}.gradient"] = nhwc(gradient)
        with torch.no_grad():
            layers = objective.layer_terms(variable)
            terms = objective.terms(variable)
        records[pooling] = {name: value.item() for name, value in (terms | layers).items()}
    save_tensors("gradient.safetensors", tensors)
    save_json("gradient.json", records)
