"""The neural-style objective on the real VGG-16: terms, and the gradient of the image, in f64."""

import dataclasses

import numpy as np
import torch

import pictures
from objective import PRESETS, Objective, Preset
from perturbed import PERTURBATIONS, TOLERANCE, PerturbedVgg
from store import VGG16, nchw, nhwc, save_json, save_tensors
from vgg import Vgg

NOISE = 0.05
# Searched for: with most seeds some ReLU or maximum is so near a tie that rounding decides it.
SEED = 21
# What the gradient endures; at 2e-6 it differs by up to 8e-4.
ROUNDING = 1.5e-6


def check_directional_derivative(objective: Objective, at: torch.Tensor, gradient: torch.Tensor) -> None:
    """Compare with central differences along the gradient (kinks make it inexact)."""
    direction = gradient / gradient.norm()
    step = 1e-6
    with torch.no_grad():
        ahead = objective.terms(at + step * direction)["total"]
        behind = objective.terms(at - step * direction)["total"]
    slope = ((ahead - behind) / (2 * step)).item()
    assert abs(slope / gradient.norm().item() - 1) < 1e-3, (slope, gradient.norm())


def image_gradient(vgg: Vgg, preset: Preset, inputs: dict[str, np.ndarray]) -> torch.Tensor:
    content, style, image = (nchw(inputs[name], vgg.dtype) for name in ("content", "style", "image"))
    total = Objective(preset, vgg, content, style).terms(image.requires_grad_())["total"]
    return torch.autograd.grad(total, image)[0]


def check_endurance(preset: Preset, inputs: dict[str, np.ndarray], gradient: torch.Tensor) -> None:
    """Fails where another implementation's rounding errors change the gradient."""
    found = [
        image_gradient(PerturbedVgg(VGG16, preset.pooling, seed, ROUNDING), preset, inputs)
        for seed in range(PERTURBATIONS)
    ]
    largest = max(((x - gradient).norm() / gradient.norm()).item() for x in found)
    print(f"  {preset.pooling}: perturbed gradients differ by up to {largest:.1e}", flush=True)
    assert largest < TOLERANCE, preset.pooling


def make() -> None:
    content = pictures.CONTENT.load()
    style = pictures.STYLE.load()
    noise = np.random.default_rng(SEED).normal(0, NOISE, content.shape)
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
        check_endurance(preset, tensors, gradient)
        tensors[f"{pooling}.gradient"] = nhwc(gradient)
        with torch.no_grad():
            layers = objective.layer_terms(variable)
            terms = objective.terms(variable)
        records[pooling] = {name: value.item() for name, value in (terms | layers).items()}
    save_tensors("gradient.safetensors", tensors)
    save_json("gradient.json", records)
