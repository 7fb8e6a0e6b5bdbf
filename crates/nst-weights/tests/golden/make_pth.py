"""Makes the .pth files of this folder with torch.save, and expected.json with what they hold.

    pip install torch
    python crates/nst-weights/tests/golden/make_pth.py

The networks are narrow: VGG-16 and VGG-19 with 2 to 4 channels. Every value is a multiple of 1/256 below 1/2, exact
in f32, f16 and bf16; expected.json has the multiples.
"""

import json
import os
from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).parent
CONVOLUTIONS = {
    "vgg16": [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
    "vgg19": [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34],
}


def state_dict(architecture):
    """A state dict of the real one's structure: torchvision's names, the classifier after the convolutions."""
    generator = torch.Generator().manual_seed(len(CONVOLUTIONS[architecture]))

    def values(*shape):
        return torch.randint(-127, 128, shape, generator=generator).float() / 256

    tensors, inputs = OrderedDict(), 3
    for i, number in enumerate(CONVOLUTIONS[architecture]):
        outputs = 2 + i % 3
        tensors[f"features.{number}.weight"] = values(outputs, inputs, 3, 3)
        tensors[f"features.{number}.bias"] = values(outputs)
        inputs = outputs
    tensors["classifier.0.weight"] = values(5, inputs)
    tensors["classifier.0.bias"] = values(5)
    return tensors


def save(name, contents, zipped):
    torch.save(contents, HERE / name, _use_new_zipfile_serialization=zipped)


def shared(tensors):
    """The same tensors as views: all in one storage, from an odd offset on, the filters with their axes swapped."""
    swapped = [t.transpose(0, 1).contiguous() if t.dim() == 4 else t for t in tensors.values()]
    storage = torch.cat([torch.zeros(7)] + [t.flatten() for t in swapped])
    views, start = OrderedDict(), 7
    for name, tensor in zip(tensors, swapped):
        view = storage[start : start + tensor.numel()].view(tensor.shape)
        views[name] = view.transpose(0, 1) if view.dim() == 4 else view
        start += tensor.numel()
    assert all(torch.equal(views[name], tensors[name]) for name in tensors)
    assert not views["features.0.weight"].is_contiguous()
    return views


class OldTensor:
    """Pickles as a tensor of torch 0.1 did."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        t = self.tensor
        return torch._utils._rebuild_tensor, (t.storage(), t.storage_offset(), tuple(t.size()), t.stride())


class OldDict(OrderedDict):
    """Pickles as Python 2's OrderedDict did: a call with the list of its items."""

    def __reduce__(self):
        return OrderedDict, ([[key, value] for key, value in self.items()],)


class Hostile:
    """Pickles as a call of os.system, which torch.load with weights_only=False would make."""

    def __reduce__(self):
        return os.system, ("echo this must never run",)


def module():
    """Another network, with integer buffers and module versions in its state dict."""
    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2))


expected = {}
for architecture in CONVOLUTIONS:
    tensors = state_dict(architecture)
    expected[architecture] = {
        name: {"shape": list(tensor.shape), "in_256ths": (tensor * 256).int().flatten().tolist()}
        for name, tensor in tensors.items()
    }
    for zipped, kind in [(True, "zip"), (False, "legacy")]:
        save(f"{architecture}-f32-{kind}.pth", tensors, zipped)
        halves = OrderedDict((name, tensor.half()) for name, tensor in tensors.items())
        save(f"{architecture}-f16-{kind}.pth", halves, zipped)

tensors = state_dict("vgg16")
save("vgg16-bf16-zip.pth", {name: tensor.bfloat16() for name, tensor in tensors.items()}, True)
for zipped, kind in [(True, "zip"), (False, "legacy")]:
    save(f"vgg16-views-{kind}.pth", shared(tensors), zipped)
    save(f"vgg16-parameters-{kind}.pth", {n: torch.nn.Parameter(t) for n, t in tensors.items()}, zipped)
    save(f"hostile-{kind}.pth", {"features.0.weight": Hostile()}, zipped)
    save(f"other-network-{kind}.pth", module().state_dict(), zipped)
save("module-zip.pth", module(), True)
save("vgg16-double-zip.pth", OrderedDict((name, tensor.double()) for name, tensor in tensors.items()), True)
save("vgg16-torch01-legacy.pth", OldDict((n, OldTensor(t)) for n, t in tensors.items()), False)

(HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
