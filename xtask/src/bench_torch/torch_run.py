"""One neural-style transfer in PyTorch, timed like a run of nst.

The method is tests/golden's: the preset neural-style (losses, layers, weights, max pooling, total
variation), begun at the content picture, with torch.optim.LBFGS. Here the network ends at the deepest
layer in use, its ReLUs work in place and, if asked for, its tensors are channels last or the whole
objective is compiled: what a careful user of PyTorch would do. The trace has nst's form: one JSON
object for each evaluation, with the total loss and the seconds since the start.
"""

import argparse
import json
import sys
import time
from collections.abc import Collection
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "golden"))
from objective import PRESETS, Objective, Preset  # noqa: E402
from reference_run import load  # noqa: E402
from vgg import Vgg  # noqa: E402


class TrimmedVgg(Vgg):
    """The network as deep as the preset needs, its tensors in a memory format."""

    def __init__(self, path: Path, preset: Preset, memory_format: torch.memory_format) -> None:
        super().__init__(path, torch.float32, preset.pooling)
        layers = {*preset.content_layers, *preset.style_layers}
        self.memory_format = memory_format
        device = torch.get_default_device()
        self.names = self.names[: 1 + max(map(self.names.index, layers))]
        used = {f"features.{position}.weight" for position in range(len(self.names))}
        self.weights = {
            name: tensor.to(device).contiguous(memory_format=memory_format) if name in used else tensor.to(device)
            for name, tensor in self.weights.items()
            if name.replace("bias", "weight") in used
        }

    def relu(self, x: Tensor) -> Tensor:
        """Overwrites its convolution: no layer before a ReLU can be named."""
        return F.relu(x, inplace=True)

    def features(self, pixels: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        return super().features(pixels.contiguous(memory_format=self.memory_format), layers)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--size", type=int, required=True, help="longest side of both pictures")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--evaluations", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["f32", "tf32"], default="f32", help="of products on a GPU")
    return parser.parse_args()


def main() -> None:
    start = time.perf_counter()
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.set_default_device(args.device)
    products = "tf32" if args.precision == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = products
    torch.backends.cudnn.conv.fp32_precision = products
    torch.backends.cudnn.benchmark = True
    preset = PRESETS["neural-style"]
    network = TrimmedVgg(
        args.weights, preset, torch.channels_last if args.channels_last else torch.contiguous_format
    )
    content, style = (load(path, args.size).to(args.device) for path in (args.content, args.style))
    objective = Objective(preset, network, content, style)
    terms = torch.compile(objective.terms) if args.compile else objective.terms
    variable = network.to_network(content).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [variable],
        max_iter=args.evaluations,
        history_size=100,
        tolerance_change=-1,
        tolerance_grad=-1,
    )
    with args.trace.open("w") as trace:

        def closure() -> Tensor:
            optimizer.zero_grad()
            total = terms(variable)["total"]
            total.backward()
            record = {"total": total.item(), "seconds": time.perf_counter() - start}
            print(json.dumps(record), file=trace)
            return total

        optimizer.step(closure)


if __name__ == "__main__":
    main()
