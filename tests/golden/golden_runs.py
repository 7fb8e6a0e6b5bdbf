"""The first losses of whole runs with torch.optim.LBFGS, in f32 and in f64."""

from pathlib import Path

import numpy as np
import torch

import pictures
from objective import PRESETS, Objective
from store import DATA, VGG16, VGG19_NARROW, nchw, save_json, save_tensors
from vgg import BGR_MEAN, Vgg

EVALUATIONS = 20
COMPARED = 10
# neural-style's own settings: nothing stops a run before its last evaluation.
UNSTOPPED = {"lr": 1, "max_iter": EVALUATIONS, "tolerance_change": -1, "tolerance_grad": -1}


def run(objective: Objective, init: torch.Tensor, options: dict[str, float]) -> list[dict[str, float]]:
    """The weighted terms at each evaluation."""
    variable = init.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([variable], history_size=100, **options)
    trace = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        terms = objective.terms(variable)
        terms["total"].backward()
        trace.append({name: value.item() for name, value in terms.items()})
        return terms["total"]

    while len(trace) < EVALUATIONS:
        optimizer.step(closure)
    return trace[:EVALUATIONS]


def largest_difference(one: list[dict[str, float]], other: list[dict[str, float]]) -> float:
    """The largest relative difference of the totals among the evaluations compared."""
    pairs = zip(one[:COMPARED], other[:COMPARED])
    return max(abs(a["total"] / b["total"] - 1) for a, b in pairs)


def record(preset_name: str, weights: Path, options: dict[str, float], start: np.ndarray | None) -> dict:
    """Run a preset in both precisions, from `start` (its variable's space) or from the content."""
    preset = PRESETS[preset_name]
    content, style = pictures.load(pictures.CONTENT), pictures.load(pictures.STYLE)
    traces = {}
    for precision in ("f32", "f64"):
        vgg = Vgg(weights, {"f32": torch.float32, "f64": torch.float64}[precision], preset.pooling)
        objective = Objective(preset, vgg, nchw(content, vgg.dtype), nchw(style, vgg.dtype))
        init = nchw(content if start is None else start, vgg.dtype)
        if start is None and preset.variable == "network":
            init = vgg.to_network(init)
        traces[precision] = run(objective, init, options)
    return {
        "preset": preset_name,
        "weights": weights.name,
        "variable": preset.variable,
        "pooling": preset.pooling,
        "init": "content" if start is None else "noise",
        "largest_difference": largest_difference(traces["f32"], traces["f64"]),
        **traces,
    }


def rgb(network: np.ndarray) -> np.ndarray:
    """NHWC network pixels (BGR, 0..255 minus the mean) as RGB 0..1."""
    return np.float32((np.float64(network) + BGR_MEAN)[..., ::-1] / 255)


def make() -> None:
    content, style = pictures.load(pictures.CONTENT), pictures.load(pictures.STYLE)
    pictures.save_png(DATA / "content_64x48.png", content)
    pictures.save_png(DATA / "style_56x40.png", style)
    generator = np.random.default_rng(2015)
    faint = np.float32(generator.normal(0, 1e-3, content.shape))
    # Gatys' white noise: colors of the whole range.
    white = np.float32(generator.uniform(0, 255, content.shape) - BGR_MEAN)
    inits = {"neural_style_noise": faint, "gatys_noise": white}
    tensors = {"content": content, "style": style}
    for name, init in inits.items():
        tensors |= {f"{name}.init_network": init, f"{name}.init": rgb(init)}
    save_tensors("runs.safetensors", tensors)

    tutorial: dict[str, float] = {}  # torch's defaults: 20 iterations a step
    save_json(
        "runs.json",
        {
            "neural_style_content": record("neural-style", VGG16, UNSTOPPED, None),
            "neural_style_noise": record("neural-style", VGG16, UNSTOPPED, faint),
            "pytorch_tutorial_content": record("pytorch-tutorial", VGG16, tutorial, None),
            "pytorch_tutorial_narrow": record("pytorch-tutorial", VGG19_NARROW, tutorial, None),
            "gatys_noise": record("gatys", VGG16, UNSTOPPED, white),
        },
    )
