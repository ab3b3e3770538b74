"""Posts test rows of MNIST or Fashion-MNIST to a running server; holds every answer to Keras' and to float64's.

Shapes: N rows, C classes. With n the widest layer input, E the largest |Keras - float64| of any score:

    |score - reference|       <= max(4 E, 2e-6 + (4e-6 + 2.5e-8 n) |reference|)
    |distance - reference|    <= (1e-5 + 2.5e-8 n) reference + 1e-6

for two references: Keras in float32, and numpy in float64 from the same float32 weights. A .keras file beside the model
file, as training writes it, is loaded by Keras and held to the same rule. Every class must be Keras'
own, and score, distance, margin, p_value and known must follow from the row's own distances. Exits 1 on a violation.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import keras
import numpy as np

from radial import tensor_file
from radial.calibration import Calibration
from radial.model_file import Answers
from train import idx
from train.network import WEIGHTS, Network


def post(url: str, pixels: np.ndarray) -> list[dict[str, Any]]:
    """The predictions for raw rows [n, 784]."""
    body = json.dumps({"instances": pixels.astype(int).tolist()}, separators=(",", ":")).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}/predict", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            predictions = json.load(answer)["predictions"]
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url} answered {error.code}: {error.read(500).decode(errors='replace')}")
    except urllib.error.URLError as error:
        sys.exit(f"{url}: {error.reason}; start the server, or name it with --url")
    if len(predictions) != len(pixels):
        sys.exit(f"{len(predictions)} predictions for {len(pixels)} rows")
    return predictions


def distance_allowance(reference: np.ndarray, widest: int) -> np.ndarray:
    return (1e-5 + 2.5e-8 * widest) * reference + 1e-6


class Report:
    """Prints one line a check and remembers whether any failed."""

    def __init__(self) -> None:
        self.failed = False

    def count(self, what: str, violations: np.ndarray) -> None:
        rows = np.flatnonzero(violations)
        where = f", first in row {rows[0]}" if len(rows) else ""
        self._line(len(rows) == 0, f"{what}: {len(rows)} violations{where}")

    def ratio(self, what: str, deviation: np.ndarray, allowed: np.ndarray) -> None:
        """Both [N, C]; a deviation that is not a number is a violation."""
        ratios = np.where(np.isfinite(deviation), deviation / allowed, np.inf)
        row, column = np.unravel_index(ratios.argmax(), ratios.shape)
        worst = f"{ratios[row, column]:.3f} of the allowance (row {row}, class {column})"
        self._line(ratios[row, column] <= 1, f"{what}: largest deviation {worst}")

    def _line(self, passed: bool, text: str) -> None:
        self.failed |= not passed
        print(f"{'ok  ' if passed else 'FAIL'} {text}")


def compare(
    predictions: list[dict[str, Any]], keras32: Answers, double: Answers, widest: int, report: Report
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and distances against both references; returns the served distances [N, C] and classes [N]."""
    scores = np.array([row["scores"] for row in predictions], float)
    distances = np.array([row["distances"] for row in predictions], float)
    classes = np.array([row["class"] for row in predictions])
    keras_error = np.abs(keras32.outputs - double.outputs).max()
    for name, reference in (("Keras float32", keras32), ("numpy float64", double)):
        outputs, squared = np.asarray(reference.outputs, float), np.asarray(reference.distances, float)
        allowed = np.maximum(4 * keras_error, 2e-6 + (4e-6 + 2.5e-8 * widest) * np.abs(outputs))
        report.ratio(f"scores against {name}", np.abs(scores - outputs), allowed)
        report.ratio(f"distances against {name}", np.abs(distances - squared), distance_allowance(squared, widest))
    report.count("classes against Keras float32", classes != keras32.distances.argmin(1))

    each = np.arange(len(classes))
    report.count("class is the nearest prototype", classes != distances.argmin(1))
    report.count("score is that class's", np.array([row["score"] for row in predictions]) != scores[each, classes])
    nearest, second = np.sort(distances, axis=1)[:, :2].T
    report.count("distance is that class's", np.array([row["distance"] for row in predictions]) != nearest)
    margins = np.array([row["margin"] for row in predictions])
    # The server subtracts in float32: half a unit in the last place of the difference.
    report.count("margin is the gap to the second", np.abs(margins - (second - nearest)) > 1e-6 * second)
    return distances, classes


def check_verdicts(
    predictions: list[dict[str, Any]],
    distances: np.ndarray,
    classes: np.ndarray,
    calibration: Calibration,
    false_reject_rate: float,
    report: Report,
) -> None:
    """p_value and known of each row, from its own float32 distance [N]."""
    p_values = np.array([row["p_value"] for row in predictions])
    known = np.array([row["known"] for row in predictions])
    expected = calibration.p_values(distances.min(1).astype(np.float32), classes)
    report.count("p_value is the calibration's", np.abs(p_values - expected) > 1e-6)
    report.count(f"known means p >= {false_reject_rate}", known != (expected >= false_reject_rate))
    print(f"     known: {known.mean():.2%} of the rows")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/verify-mnist.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set's gzip'd IDX files")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--model", type=Path, default=WEIGHTS / "digits.safetensors", help="the file served")
    parser.add_argument("--batch", type=int, default=100, help="rows a request")
    arguments = parser.parse_args()

    test = idx.load_test(arguments.data)
    network = Network.read(arguments.model)
    keras32, double = network.answers32(test.pixels), network.answers64(test.pixels)
    predictions = []
    for start in range(0, len(test.labels), arguments.batch):
        predictions += post(arguments.url, test.pixels[start : start + arguments.batch])

    report = Report()
    distances, classes = compare(predictions, keras32, double, network.widest_input, report)
    twin = arguments.model.with_suffix(".keras")
    if twin.exists():
        rows = network.prepared(test.pixels, np.float32)
        loaded = np.asarray(keras.saving.load_model(twin).predict(rows, batch_size=500, verbose=0), float)
        scores = np.array([row["scores"] for row in predictions], float)
        outputs = np.asarray(double.outputs, float)
        allowed = np.maximum(
            4 * np.abs(keras32.outputs - outputs).max(), 2e-6 + (4e-6 + 2.5e-8 * network.widest_input) * np.abs(outputs)
        )
        report.ratio(f"scores against {twin.name}, loaded by Keras", np.abs(scores - loaded), allowed)
        largest = np.abs(scores - loaded).max()
        print(f"     largest difference of a score from {twin.name}: {largest:.2e}")
    tensors, metadata = tensor_file.read(arguments.model)
    if "radial.calibration" in metadata:
        rate = json.loads(metadata["radial.calibration"])["false_reject_rate"]
        calibration = Calibration(tensors["calibration.distances"], tensors["calibration.offsets"])
        check_verdicts(predictions, distances, classes, calibration, rate, report)
    print(f"     error: {np.mean(classes != test.labels):.2%} of {len(classes)} rows")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
