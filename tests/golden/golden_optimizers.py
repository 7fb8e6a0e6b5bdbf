"""torch's L-BFGS and Adam and SciPy's L-BFGS-B on standard test functions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from store import save_json

EVALUATIONS = 100
COMPARED = 1e-3
DTYPES = {"f64": torch.float64, "f32": torch.float32}

# A small two-class problem with one outlier: five inputs, twenty samples.
_generator = np.random.default_rng(3)
SAMPLES = np.round(_generator.normal(0, 1, (20, 5)), 3)
LABELS = np.where(SAMPLES @ [1.0, -2.0, 0.5, 0.0, 1.5] + _generator.normal(0, 1, 20) > 0, 1.0, -1.0)
RIDGE = 0.01


def rosenbrock(x: Tensor) -> Tensor:
    return (100 * (x[1] - x[0] ** 2) ** 2) + (1 - x[0]) ** 2


def extended_rosenbrock(x: Tensor) -> Tensor:
    """Pairs of variables, each pair a Rosenbrock function (More, Garbow, Hillstrom 1981, no. 21)."""
    odd, even = x[0::2], x[1::2]
    return (100 * (even - odd**2) ** 2 + (1 - odd) ** 2).sum()


def beale(x: Tensor) -> Tensor:
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def himmelblau(x: Tensor) -> Tensor:
    a, b = x
    return (a**2 + b - 11) ** 2 + (a + b**2 - 7) ** 2


def quadratic(x: Tensor) -> Tensor:
    """1/2 sum d x^2, d rising geometrically from 1 to 1e4."""
    exponents = torch.linspace(0, 4, len(x), dtype=torch.float64)
    return (10**exponents.to(x.dtype) * x**2).sum() / 2


def logistic(x: Tensor) -> Tensor:
    """Mean of ln(1 + exp(-label * sample . x)), plus RIDGE / 2 |x|^2."""
    margins = torch.tensor(LABELS, dtype=x.dtype) * (torch.tensor(SAMPLES, dtype=x.dtype) @ x)
    return torch.nn.functional.softplus(-margins).mean() + RIDGE / 2 * x.square().sum()


@dataclass(frozen=True)
class Problem:
    function: Callable[[Tensor], Tensor]
    start: list[float]


PROBLEMS = {
    "rosenbrock": Problem(rosenbrock, [-1.2, 1.0]),
    "extended_rosenbrock": Problem(extended_rosenbrock, [-1.2, 1.0] * 5),
    "beale": Problem(beale, [1.0, 1.0]),
    "himmelblau": Problem(himmelblau, [1.0, 1.0]),
    "quadratic": Problem(quadratic, [1.0] * 20),
    "logistic": Problem(logistic, [0.0] * 5),
}


def trace(problem: Problem, dtype: torch.dtype, steps: int, make: Callable) -> dict:
    """The loss at every evaluation, and where the optimizer ended."""
    x = torch.tensor(problem.start, dtype=dtype, requires_grad=True)
    optimizer = make([x])
    losses = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = problem.function(x)
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return {"losses": losses, "x": x.tolist()}


def agreement(one: list[float], other: list[float]) -> int:
    """How many evaluations from the first on agree between two precisions."""
    for count, (a, b) in enumerate(zip(one, other)):
        if not abs(a - b) <= COMPARED * abs(b):
            return count
    return min(len(one), len(other))


def both_precisions(settings: dict, problem: Problem, steps: int, make: Callable) -> dict:
    found = {name: trace(problem, dtype, steps, make) for name, dtype in DTYPES.items()}
    count = agreement(found["f32"]["losses"], found["f64"]["losses"])
    return {**settings, "agreeing": count, **found}


def lbfgs(problem: Problem, line_search: str, history: int) -> dict:
    options = {
        "lr": 1,
        "max_iter": EVALUATIONS,
        "max_eval": EVALUATIONS,
        "history_size": history,
        "tolerance_grad": 1e-7,
        "tolerance_change": 1e-9,
        "line_search_fn": None if line_search == "none" else line_search,
    }
    settings = {"optimizer": "lbfgs", "line_search": line_search, "history": history}
    return both_precisions(settings, problem, 1, lambda x: torch.optim.LBFGS(x, **options))


def adam(problem: Problem, betas: tuple[float, float]) -> dict:
    settings = {"optimizer": "adam", "lr": 0.02, "betas": betas, "epsilon": 1e-8}
    make = lambda x: torch.optim.Adam(x, lr=0.02, betas=betas, eps=1e-8)  # noqa: E731
    return both_precisions(settings, problem, 50, make)


def scipy_lbfgsb(problem: Problem) -> dict:
    def function(point: np.ndarray) -> tuple[float, np.ndarray]:
        x = torch.tensor(point, requires_grad=True)
        loss = problem.function(x)
        loss.backward()
        return loss.item(), x.grad.numpy()

    result = minimize(function, problem.start, jac=True, method="L-BFGS-B")
    return {
        "loss": result.fun,
        "x": result.x.tolist(),
        "iterations": int(result.nit),
        "evaluations": int(result.nfev),
    }


def make() -> None:
    found = {}
    for name, problem in PROBLEMS.items():
        runs = [lbfgs(problem, search, 100) for search in ("none", "strong_wolfe")]
        runs.append(lbfgs(problem, "strong_wolfe", 3))
        runs += [adam(problem, betas) for betas in ((0.9, 0.999), (0.9, 0.99))]
        found[name] = {"start": problem.start, "scipy": scipy_lbfgsb(problem), "runs": runs}
    found["logistic"] |= {"samples": SAMPLES.tolist(), "labels": LABELS.tolist(), "ridge": RIDGE}
    save_json("optimizers.json", found)
