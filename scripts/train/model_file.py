"""Radial's own model file: a network, what is known about it, and rows that a server checks itself against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from . import tensor_file
from .calibration import FALSE_REJECT_RATE, Calibration
from .network import Network

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
"""Where the models that ship are kept."""


def write(
    path: Path,
    network: Network,
    self_test_inputs: np.ndarray,
    labels: list[str] | None = None,
    training: dict[str, Any] | None = None,
    calibration: Calibration | None = None,
) -> None:
    """`self_test_inputs` [r, D] are raw rows; the answers stored beside them are those of Keras in float32."""
    metadata = {"format": "radial", "radial.version": "1", "radial.architecture": _json(network.architecture)}
    tensors = dict(network.tensors)
    if labels is not None:
        metadata["radial.labels"] = _json(labels)
    if network.preprocessing is not None:
        metadata["radial.preprocessing"] = _json(network.preprocessing)
    if training is not None:
        metadata["radial.training"] = _json(training)
    if calibration is not None:
        metadata["radial.version"] = "1.2"
        metadata["radial.calibration"] = _json(
            {
                "method": "split_conformal",
                "categories": "predicted",
                "min_rows": 100,
                "false_reject_rate": FALSE_REJECT_RATE,
                "rows": len(calibration.distances),
            }
        )
        tensors["calibration.distances"] = calibration.distances
        tensors["calibration.offsets"] = calibration.offsets
    expected = network.answers32(self_test_inputs)
    tensors["selftest.inputs"] = self_test_inputs.astype(np.float32)
    tensors["selftest.outputs"] = expected.outputs
    tensors["selftest.distances"] = expected.distances
    tensor_file.write(path, tensors, metadata)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
