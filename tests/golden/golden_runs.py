"""The first losses of whole runs with torch.optim.LBFGS, in f64 and in f32.

The known programs begin with a step whose elements add up to one: minute beside
pixels of 0..255. The next step's length rests on how much the gradient changed
over it, and where that change drowns in f32's rounding (or a rounding error
sends a max pool or a ReLU the other way) two correct implementations part at
the second iteration. The pictures here are small, and were searched for, such
that this does not happen: every run is repeated with f32 arithmetic and rounding
errors added to every convolution, and must stay within TOLERANCE of f64.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from objective import PRESETS, Objective
from pictures import Crop
from store import VGG16, VGG19_NARROW, nchw, save_json, save_tensors
from vgg import BGR_MEAN, Vgg

EVALUATIONS = 15
COMPARED = 10
TOLERANCE = 3e-4
# A convolution's rounding errors over its output's root mean square, as measured: torch's are
# 1e-7, and 6e-7 on channels-last inputs, where it takes another algorithm.
ROUNDING = 5e-7
PERTURBATIONS = 8

# neural-style's own settings: nothing stops a run before its last evaluation.
UNSTOPPED = {"lr": 1, "max_iter": EVALUATIONS, "tolerance_change": -1, "tolerance_grad": -1}
# torch's own: 20 iterations a step, tolerances 1e-7 and 1e-9.
TORCH: dict[str, float] = {}

Trace = list[dict[str, float]]


@dataclass(frozen=True)
class Run:
    """A preset on two pictures. `start` is in the network's pixels, BGR; None is the content."""

    preset: str
    content: Crop
    style: Crop
    options: dict[str, float] = field(default_factory=lambda: UNSTOPPED)
    weights: Path = VGG16
    start: np.ndarray | None = None


def normal_noise(seed: int, deviation: float) -> np.ndarray:
    """neural-style's noise, but `deviation` instead of 0.001: on a nearly constant picture every
    max pool is nearly a tie."""
    return np.float32(np.random.default_rng(seed).normal(0, deviation, (1, 16, 24, 3)))


def white_noise(seed: int, amplitude: float) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(-amplitude, amplitude, (1, 16, 24, 3))
    return np.float32(127.5 + values - BGR_MEAN)


GRASS = Crop("grass", (212, 262, 420, 418), (32, 24))
MORE_GRASS = Crop("grass", (3, 117, 500, 465), (40, 28))
CUP = Crop("coffee", (173, 15, 426, 205), (32, 24))
TABLE = Crop("coffee", (154, 26, 470, 247), (40, 28))
FACE = Crop("astronaut", (96, 0, 416, 240), (37, 29))
SUIT = Crop("astronaut", (0, 100, 400, 500), (40, 40))

RUNS = {
    "neural_style_content": Run("neural-style", GRASS, MORE_GRASS),
    "neural_style_noise": Run(
        "neural-style",
        Crop("gravel", (109, 259, 406, 457), (24, 16)),
        Crop("brick", (114, 5, 447, 471), (20, 28)),
        start=normal_noise(100, 20),
    ),
    "pytorch_tutorial_content": Run("pytorch-tutorial", CUP, TABLE, TORCH),
    "pytorch_tutorial_narrow": Run("pytorch-tutorial", FACE, SUIT, TORCH, VGG19_NARROW),
    "gatys_noise": Run(
        "gatys",
        Crop("grass", (18, 270, 324, 474), (24, 16)),
        Crop("grass", (67, 0, 433, 512), (20, 28)),
        start=white_noise(274, 64),
    ),
}


class PerturbedVgg(Vgg):
    """Another implementation's rounding errors."""

    def __init__(self, path: Path, pooling: str, seed: int) -> None:
        super().__init__(path, torch.float32, pooling)
        self.generator = torch.Generator().manual_seed(seed)

    def convolve(self, x: torch.Tensor, position: int) -> torch.Tensor:
        y = super().convolve(x, position)
        errors = torch.randn(y.shape, generator=self.generator)
        return y + ROUNDING * y.detach().square().mean().sqrt() * errors


def trace(run: Run, vgg: Vgg) -> Trace:
    """The weighted terms at each evaluation."""
    preset = PRESETS[run.preset]
    content, style = nchw(run.content.load(), vgg.dtype), nchw(run.style.load(), vgg.dtype)
    objective = Objective(preset, vgg, content, style)
    if run.start is not None:
        variable = nchw(run.start, vgg.dtype)
    else:
        variable = vgg.to_network(content) if preset.variable == "network" else content.clone()
    variable.requires_grad_()
    optimizer = torch.optim.LBFGS([variable], history_size=100, **run.options)
    evaluations: Trace = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        terms = objective.terms(variable)
        terms["total"].backward()
        evaluations.append({name: value.item() for name, value in terms.items()})
        return terms["total"]

    while len(evaluations) < EVALUATIONS:
        optimizer.step(closure)
    return evaluations[:EVALUATIONS]


def largest_difference(found: Trace, truth: Trace) -> float:
    """The largest relative difference of the totals among the evaluations compared."""
    pairs = zip(found[:COMPARED], truth[:COMPARED])
    return max(abs(a["total"] / b["total"] - 1) for a, b in pairs)


def record(run: Run) -> dict:
    preset = PRESETS[run.preset]
    truth = trace(run, Vgg(run.weights, torch.float64, preset.pooling))
    single = trace(run, Vgg(run.weights, torch.float32, preset.pooling))
    perturbed = [
        largest_difference(trace(run, PerturbedVgg(run.weights, preset.pooling, seed)), truth)
        for seed in range(PERTURBATIONS)
    ]
    return {
        "preset": run.preset,
        "weights": run.weights.name,
        "variable": preset.variable,
        "init": "content" if run.start is None else "noise",
        "largest_difference": {"f32": largest_difference(single, truth), "perturbed": max(perturbed)},
        "f64": truth,
        "f32": single,
    }


def rgb(network: np.ndarray) -> np.ndarray:
    """NHWC network pixels (BGR, 0..255 minus the mean) as RGB 0..1."""
    return np.float32((np.float64(network) + BGR_MEAN)[..., ::-1] / 255)


def make() -> None:
    tensors, records = {}, {}
    for name, run in RUNS.items():
        tensors |= {f"{name}.content": run.content.load(), f"{name}.style": run.style.load()}
        if run.start is not None:
            tensors |= {f"{name}.init_network": run.start, f"{name}.init": rgb(run.start)}
        records[name] = record(run)
        differences = records[name]["largest_difference"]
        print(f"  {name}: {differences}", flush=True)
        assert max(differences.values()) < TOLERANCE, name
    save_tensors("runs.safetensors", tensors)
    save_json("runs.json", records)
