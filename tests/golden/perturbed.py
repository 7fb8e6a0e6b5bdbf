"""Another implementation's rounding errors, to find out which goldens endure them."""

from collections.abc import Callable
from pathlib import Path

import torch

from vgg import Vgg

# Errors of a convolution's output and of its input's gradient, over their root mean square.
# Measured in VGG-16: nst's Winograd convolutions 1.6e-7 to 4.3e-7, torch's 1e-7, and 6e-7 on
# channels-last inputs, where it takes another algorithm.
ROUNDING = 2e-6
PERTURBATIONS = 20
# What goldens that endure them may differ by from f64.
TOLERANCE = 3e-4


class Perturbation(torch.autograd.Function):
    """Passes values on, and adds errors to the gradient on its way back."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, perturb: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        ctx.perturb = perturb
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.perturb(gradient), None


class PerturbedVgg(Vgg):
    """Adds normal errors to the output of every convolution, and to the gradient of its input."""

    def __init__(self, path: Path, pooling: str, seed: int, rounding: float = ROUNDING) -> None:
        super().__init__(path, torch.float32, pooling)
        self.rounding = rounding
        self.generator = torch.Generator().manual_seed(seed)

    def perturb(self, x: torch.Tensor) -> torch.Tensor:
        errors = torch.randn(x.shape, generator=self.generator)
        return x + self.rounding * x.detach().square().mean().sqrt() * errors

    def convolve(self, x: torch.Tensor, position: int) -> torch.Tensor:
        return self.perturb(super().convolve(Perturbation.apply(x, self.perturb), position))
