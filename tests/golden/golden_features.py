"""Features of VGG-16 (the real weights) and of a narrow VGG-19 at every layer, in f64."""

import numpy as np
import torch

import pictures
from store import VGG16, VGG19_NARROW, nchw, save_json, save_tensors, write_safetensors
from vgg import BLOCKS, Vgg

NARROW_CHANNELS = (4, 6, 8, 8, 8)
SAMPLES = 8192


def write_narrow_weights() -> None:
    """A VGG-19 with few channels: He's initialisation keeps the activations alive."""
    generator = np.random.default_rng(19)
    tensors = {}
    position, inputs = 0, 3
    for count, outputs in zip(BLOCKS["vgg19"], NARROW_CHANNELS):
        for _ in range(count):
            deviation = np.sqrt(2 / (9 * inputs))
            weight = generator.normal(0, deviation, (outputs, inputs, 3, 3))
            tensors[f"features.{position}.weight"] = np.float32(weight)
            tensors[f"features.{position}.bias"] = np.float32(generator.normal(0, 0.1, outputs))
            position, inputs = position + 2, outputs
        position += 1
    metadata = {
        "architecture": "vgg19",
        "pixels": "rgb01",
        "source": "random numbers, tests/golden/golden_features.py",
        "licence": "MIT OR Apache-2.0",
        "attribution": "the authors of nst",
    }
    write_safetensors(VGG19_NARROW, tensors, metadata)


def sample_stride(size: int) -> int:
    """The smallest odd stride that leaves at most SAMPLES values. Channels come in even numbers,
    so that an odd stride visits every channel and every position's neighbourhood."""
    stride = -(-size // SAMPLES)
    return stride + 1 - stride % 2


def every_layer(vgg: Vgg, image: np.ndarray, layers: list[str], prefix: str) -> tuple[dict, dict]:
    """Samples of each layer as tensors, and what they were taken from as records."""
    tensors, records = {}, {}
    with torch.no_grad():
        features = vgg.features(vgg.to_network(nchw(image, vgg.dtype)), layers)
    for layer, value in features.items():
        flat = value.permute(0, 2, 3, 1).flatten()
        stride = sample_stride(flat.numel())
        tensors[f"{prefix}{layer}"] = flat[::stride].numpy()
        batch, channels, height, width = value.shape
        records[layer] = {
            "shape": [batch, height, width, channels],
            "stride": stride,
            "sum": flat.sum().item(),
            "sum_absolute": flat.abs().sum().item(),
            "sum_squares": flat.square().sum().item(),
        }
        assert flat.abs().max() > 0, f"{layer} is dead"
    return tensors, records


def make() -> None:
    image = pictures.CONTENT.load()
    tensors, records = {"image": image}, {}
    for pooling in ("max", "avg"):
        vgg = Vgg(VGG16, torch.float64, pooling)
        # Before the first pool, both are the same network.
        layers = [n for n in vgg.names if pooling == "max" or not n.startswith(("conv1_", "relu1_"))]
        found, records[pooling] = every_layer(vgg, image, layers, f"{pooling}.")
        tensors |= found
    save_tensors("features_vgg16.safetensors", tensors)
    save_json("features_vgg16.json", records)

    write_narrow_weights()
    image = pictures.ODD.load()
    tensors, records = {"image": image}, {}
    for pooling in ("max", "avg"):
        vgg = Vgg(VGG19_NARROW, torch.float64, pooling)
        layers = vgg.names[:-1]  # conv5_x is 2x1 here: there is nothing left for pool5
        found, records[pooling] = every_layer(vgg, image, layers, f"{pooling}.")
        tensors |= found
    save_tensors("features_vgg19_narrow.safetensors", tensors)
    save_json("features_vgg19_narrow.json", records)
