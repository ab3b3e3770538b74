"""Radial's own model file: a network, what is known about it, and rows that a server checks itself against.

The format is the page "The model file" of Radial's documentation. Shapes: N rows, D inputs, C classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from . import tensor_file
from .calibration import FALSE_REJECT_RATE, MINIMUM_ROWS, Calibration
from .sketch import row_sketch

SELF_TEST_ROWS = 16


@dataclass(frozen=True)
class Description:
    """A network as a model file has it; `preprocessing` makes each input x * scale + offset."""

    architecture: dict[str, Any]
    tensors: dict[str, np.ndarray]
    preprocessing: dict[str, float] | None = None


@dataclass(frozen=True)
class Answers:
    """Rows [N, D] as a client sends them, and what the framework answers: outputs [N, ...], squared distances [N, C]."""

    rows: np.ndarray
    outputs: np.ndarray
    distances: np.ndarray | None


def write(
    path: str | Path,
    network: Description,
    self_test: Answers,
    labels: Sequence[str] | None = None,
    training: dict[str, Any] | None = None,
    calibration: Calibration | None = None,
    calibration_rows: np.ndarray | None = None,
    false_reject_rate: float = FALSE_REJECT_RATE,
    samples: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Writes a `.safetensors` file. `calibration_rows` [N, D] are those of the calibration, by which Radial knows them again;
    `samples` are rows [r, D] that the file publishes, and the class of each [r]."""
    names = [layer["name"] for layer in network.architecture["layers"]]
    if len(set(names)) != len(names):
        raise ValueError(f"two layers are called {next(name for name in names if names.count(name) > 1)!r}, expected a name each")
    if not 0 < false_reject_rate < 1:
        raise ValueError(f"false_reject_rate is {false_reject_rate}, expected a number between 0 and 1")
    if labels is not None and not all(isinstance(label, str) and label for label in labels):
        raise ValueError(f"labels are {list(labels)}, expected texts that are not empty")
    version = "1.2" if calibration is not None or _is_of_1_2(network.architecture) else "1"
    metadata = {"format": "radial", "radial.version": version, "radial.architecture": _json(network.architecture)}
    tensors = {name: np.asarray(tensor, np.float32) for name, tensor in network.tensors.items()}
    if labels is not None:
        metadata["radial.labels"] = _json(list(labels))
    if network.preprocessing is not None:
        metadata["radial.preprocessing"] = _json(network.preprocessing)
    if training is not None:
        metadata["radial.training"] = _json(training)
    if calibration is not None:
        metadata["radial.calibration"] = _json(
            {
                "method": "split_conformal",
                "categories": "predicted",
                "min_rows": MINIMUM_ROWS,
                "false_reject_rate": false_reject_rate,
                "rows": len(calibration.distances),
            }
        )
        tensors["calibration.distances"] = calibration.distances
        tensors["calibration.offsets"] = calibration.offsets
        if calibration_rows is not None:
            tensors["calibration.sketch"] = row_sketch(calibration_rows)
    tensors["selftest.inputs"] = np.asarray(self_test.rows, np.float32)
    tensors["selftest.outputs"] = np.asarray(self_test.outputs, np.float32)
    if self_test.distances is not None:
        tensors["selftest.distances"] = np.asarray(self_test.distances, np.float32)
    if samples is not None:
        tensors["samples.inputs"] = np.asarray(samples[0], np.float32)
        tensors["samples.labels"] = np.asarray(samples[1], np.int64)
    tensor_file.write(Path(path), tensors, metadata)


def rows_at_once(inputs: int, units: int) -> int:
    """How many rows' differences to all prototypes fit into a quarter of a gigabyte, up to 1,000."""
    return max(1, min(1000, (1 << 26) // max(inputs * units, 1)))


_TYPES_OF_1_2 = {
    "global_average_pooling2d", "global_max_pooling2d", "zero_padding2d", "cropping2d", "layer_normalization",
    "unit_normalization", "relu", "prelu",
}  # fmt: skip


def _is_of_1_2(architecture: dict[str, Any]) -> bool:
    return any(
        layer["type"] in _TYPES_OF_1_2 or "groups" in layer or "dilation_rate" in layer
        for layer in architecture["layers"]
    )


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
