"""Makes strong_wolfe.json: torch's line search on functions of one variable, in double precision.

    python crates/nst-optim/tests/golden/strong_wolfe.py

Needs torch (made with 2.15.0). The functions are those of More and Thuente, "Line search algorithms with guaranteed
sufficient decrease" (ACM TOMS 20, 1994), section 5, and some with their own difficulty; the Rust test has them too.
"""

import json
import math
from pathlib import Path

import torch
from torch.optim.lbfgs import _strong_wolfe

TRIALS = 25
FIRST = [1e-3, 0.1, 1.0, 2.8, 10.0, 1000.0]
WIDTHS = [1e-9, 0.5]


def flat(t: float) -> float:
    return -t / (t * t + 2)


def quintic(t: float) -> float:
    return (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4


def oscillating(t: float) -> float:
    beta, waves = 0.01, 39
    if t <= 1 - beta:
        smooth = 1 - t
    elif t >= 1 + beta:
        smooth = t - 1
    else:
        smooth = (t - 1) ** 2 / (2 * beta) + beta / 2
    return smooth + 2 * (1 - beta) / (waves * math.pi) * math.sin(waves * math.pi / 2 * t)


def yanai(t: float, beta1: float, beta2: float) -> float:
    gamma1, gamma2 = (math.sqrt(1 + beta * beta) - beta for beta in (beta1, beta2))
    return gamma1 * math.sqrt((1 - t) ** 2 + beta2**2) + gamma2 * math.sqrt(t * t + beta1**2)


FUNCTIONS = {
    "quadratic": lambda t: (t - 3) ** 2,
    "flat": flat,
    "quintic": quintic,
    "oscillating": oscillating,
    "yanai_even": lambda t: yanai(t, 0.001, 0.001),
    "yanai_left": lambda t: yanai(t, 0.01, 0.001),
    "yanai_right": lambda t: yanai(t, 0.001, 0.01),
    "falling": lambda t: -t,
    "hilly": lambda t: -2 * math.sin(3 * t - 1.2) + 0.02 * t,
    "misleading": lambda t: t,
    "wavy": lambda t: 0.05 * t * t - t + 2 * math.sin(3 * t) - 6 * t * math.exp(-t),
}


def derivative(name: str, t: float) -> float:
    if name == "quadratic":
        return 2 * (t - 3)
    if name == "flat":
        return (t * t - 2) / (t * t + 2) ** 2
    if name == "quintic":
        return 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3
    if name == "oscillating":
        beta, waves = 0.01, 39
        smooth = -1 if t <= 1 - beta else 1 if t >= 1 + beta else (t - 1) / beta
        return smooth + (1 - beta) * math.cos(waves * math.pi / 2 * t)
    if name.startswith("yanai"):
        beta1, beta2 = {"even": (0.001, 0.001), "left": (0.01, 0.001), "right": (0.001, 0.01)}[name[6:]]
        gamma1, gamma2 = (math.sqrt(1 + beta * beta) - beta for beta in (beta1, beta2))
        return gamma1 * (t - 1) / math.sqrt((1 - t) ** 2 + beta2**2) + gamma2 * t / math.sqrt(t * t + beta1**2)
    if name in ("falling", "misleading"):  # which rises, against its slope
        return -1.0
    if name == "hilly":
        return -6 * math.cos(3 * t - 1.2) + 0.02
    return 0.1 * t - 1 + 6 * math.cos(3 * t) - 6 * math.exp(-t) * (1 - t)


def search(name: str, first: float, width: float) -> dict:
    evaluated = []

    def evaluate(x: torch.Tensor, t: float, d: torch.Tensor) -> tuple[float, torch.Tensor]:
        evaluated.append(float(t))
        return FUNCTIONS[name](float(t)), torch.tensor([derivative(name, float(t))], dtype=torch.float64)

    one = torch.ones(1, dtype=torch.float64)
    slope = torch.tensor([derivative(name, 0.0)], dtype=torch.float64)
    start = FUNCTIONS[name](0.0)
    _, _, t, _ = _strong_wolfe(
        evaluate, 0 * one, first, one, start, slope, slope.dot(one), tolerance_change=width, max_ls=TRIALS
    )
    return {
        "function": name,
        "first": first,
        "width": width,
        "evaluated": evaluated,
        "found": float(t),
    }


def main() -> None:
    searches = [search(name, first, width) for name in FUNCTIONS for first in FIRST for width in WIDTHS]
    path = Path(__file__).with_name("strong_wolfe.json")
    path.write_text("[\n" + ",\n".join(json.dumps(found) for found in searches) + "\n]\n")
    print(len(searches), "searches,", sum(len(found["evaluated"]) for found in searches), "evaluations")


if __name__ == "__main__":
    main()
