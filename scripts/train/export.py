"""Writes Radial's safetensors: tensors, and the network's description in the header's __metadata__."""

import json
from pathlib import Path

import numpy as np

DTYPES = {"float32": "F32", "int64": "I64"}


def write(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, object]) -> None:
    """``metadata`` values that are not strings are stored as JSON text."""
    texts = {key: value if isinstance(value, str) else json.dumps(value, separators=(",", ":")) for key, value in metadata.items()}
    header: dict[str, object] = {"__metadata__": {"format": "radial", "radial.version": "1", **texts}}
    offset = 0
    for name, tensor in tensors.items():
        header[name] = {
            "dtype": DTYPES[str(tensor.dtype)],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())


def calibration(distances: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """Split conformal: each class's own held-out squared distances, ascending, one class after another."""
    own = [np.sort(distances[labels == c, c]) for c in range(classes)]
    return {
        "calibration.distances": np.concatenate(own).astype(np.float32),
        "calibration.offsets": np.cumsum([0] + [len(d) for d in own]).astype(np.int64),
    }


def p_values(tensors: dict[str, np.ndarray], distances: np.ndarray) -> np.ndarray:
    """The p-value of each row's nearest class: (1 + #{own calibration distances >= d}) / (n + 1)."""
    offsets, sorted_distances = tensors["calibration.offsets"], tensors["calibration.distances"]
    result = np.empty(len(distances))
    for row, (c, d) in enumerate(zip(distances.argmin(1), distances.min(1))):
        own = sorted_distances[offsets[c] : offsets[c + 1]]
        result[row] = (1 + len(own) - np.searchsorted(own, d, "left")) / (len(own) + 1)
    return result
