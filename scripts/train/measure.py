"""What a model file makes of the test rows, and of pictures that belong to no class."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from radial import tensor_file
from radial.calibration import Calibration, area_under_roc

from . import idx, pools
from .network import Network
from .recipes import DIGITS

RATES = (0.01, 0.02, 0.05)
"""False-reject rates that the figures are given at."""


class Verdicts:
    """The smallest squared distances [N], the classes [N] and the p-values [N] of raw rows."""

    def __init__(self, network: Network, calibration: Calibration, pixels: np.ndarray) -> None:
        distances = network.answers32(pixels).distances
        self.nearest, self.classes = distances.min(1), distances.argmin(1)
        self.p_values = calibration.p_values(self.nearest, self.classes)

    def known(self) -> dict[str, float]:
        """The share accepted at each rate."""
        return {f"{rate:g}": round(float(np.mean(self.p_values >= rate)), 6) for rate in RATES}


def figures(
    network: Network, calibration: Calibration, test: idx.Digits, far_set: str, far: np.ndarray | None, digits: bool
) -> tuple[dict[str, Any], dict[str, Verdicts]]:
    """The figures of the card, and the verdicts by the name of what they were made of; `digits` adds pictures that are none."""
    rows = Verdicts(network, calibration, test.pixels)
    wrong = rows.classes != test.labels
    error = float(np.mean(wrong))
    result: dict[str, Any] = {
        "test_rows": len(wrong),
        "test_accuracy": 1 - error,
        "test_error": error,
        "test_error_standard_error": round(math.sqrt(error * (1 - error) / len(wrong)), 6),
        "test_known": rows.known(),
        "test_error_of_known": {f"{rate:g}": round(float(np.mean(wrong[rows.p_values >= rate])), 6) for rate in RATES},
    }
    groups = {"test": rows}
    if far is not None:
        groups[far_set] = Verdicts(network, calibration, far)
        result["ood_data_set"] = far_set
        result["ood_auroc"] = round(area_under_roc(rows.nearest, groups[far_set].nearest), 6)
    if digits:
        for kind, pictures in pools.measuring(test.pixels).items():
            groups[kind] = Verdicts(network, calibration, pictures)
    result["known"] = {name: {"rows": len(group.nearest), **group.known()} for name, group in groups.items() if name != "test"}
    return result, groups


def listed(network: Network, calibration: Calibration) -> str:
    """A line a drawing: its name, the class answered, the p-value, and the verdict at each rate."""
    named = pools.drawings()
    verdicts = Verdicts(network, calibration, np.stack([*named.values()]).astype(np.float32))
    lines = []
    for name, label, p in zip(named, verdicts.classes, verdicts.p_values):
        words = "  ".join(f"{'known' if p >= rate else '-':5}" for rate in RATES)
        lines.append(f"{name:12} {label}  p {p:.4f}  {words}")
    counts = [int(np.sum(verdicts.p_values >= rate)) for rate in RATES]
    lines.append(f"known at {', '.join(f'{rate:g}' for rate in RATES)}: {counts} of {len(named)}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/train.sh measure", description="Print the figures of a model file.")
    parser.add_argument("model", type=Path, help="a .safetensors model file with a calibration")
    parser.add_argument("--data", type=Path, help="folder of the test rows as gzip'd IDX files; without it only the drawings are judged")
    parser.add_argument("--outside", type=Path, help="folder of the far set")
    arguments = parser.parse_args()
    network = Network.read(arguments.model)
    labels = json.loads(tensor_file.read(arguments.model)[1].get("radial.labels", "null"))
    if "calibration.distances" not in network.tensors:
        parser.error(f"{arguments.model} has no calibration: make one with radial calibrate")
    calibration = Calibration(network.tensors["calibration.distances"], network.tensors["calibration.offsets"])
    if arguments.data is None:
        print(listed(network, calibration))
        return
    far = idx.load_test(arguments.outside).pixels if arguments.outside else None
    result, _ = figures(network, calibration, idx.load_test(arguments.data), "far set", far, labels == DIGITS)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
