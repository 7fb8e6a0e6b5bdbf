"""Writes a safetensors file whose bytes depend on its contents alone.

The safetensors package keeps the metadata in a hash map, so that the same
tensors can give different bytes from one run to the next; a file that is
committed and has a published checksum must not. The format: the header's
length as 8 bytes little-endian, the header as JSON, the tensors' bytes.
"""

import json
import struct
from pathlib import Path

import numpy as np

DTYPES = {"float16": "F16", "float32": "F32", "float64": "F64"}


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write `tensors` in the order given, C-contiguous and little-endian."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    end = 0
    for name, array in tensors.items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin on an 8-byte boundary
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
