"""Where the golden files lie, and how tensors and numbers get into them.

Every picture and feature map is stored NHWC in f32; torch computes in NCHW.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

HERE = Path(__file__).parent
DATA = HERE / "data"
WEIGHTS = HERE.parents[1] / "weights"
VGG16 = WEIGHTS / "vgg16.safetensors"
VGG19_NARROW = DATA / "vgg19_narrow.safetensors"

sys.path.insert(0, str(WEIGHTS))
from safetensors_writer import write_safetensors  # noqa: E402


def nhwc(tensor: Tensor) -> np.ndarray:
    """An NCHW tensor as an NHWC array in f32."""
    return tensor.detach().permute(0, 2, 3, 1).contiguous().to(torch.float32).numpy()


def nchw(array: np.ndarray, dtype: torch.dtype) -> Tensor:
    """An NHWC array as an NCHW tensor."""
    return torch.from_numpy(array).to(dtype).permute(0, 3, 1, 2).contiguous()


def save_tensors(name: str, tensors: dict[str, np.ndarray]) -> None:
    write_safetensors(DATA / name, {key: np.float32(value) for key, value in tensors.items()}, {})


def save_json(name: str, content: object) -> None:
    """JSON with one line per innermost list or record, so that a diff can be read."""
    (DATA / name).write_text(_pretty(content, "") + "\n")


def _pretty(value: object, indent: str) -> str:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not any(isinstance(child, (dict, list)) for child in children):
        return json.dumps(value)
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_pretty(child, inner)}" for key, child in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _pretty(child, inner) for child in value) + f"\n{indent}]"
