"""Sends the 10,000 MNIST test rows to a running server and compares every class, score and distance with Keras' own.

The rule (n the widest layer input, E Keras' own largest error): |y - y64| <= max(4 E, 2e-6 + (4e-6 + 2.5e-8 n) |y64|) for scores,
|d - d64| <= (1e-5 + 2.5e-8 n) d64 + 1e-6 for distances, against float64. Exit status 1 on any violation.
"""

import argparse
import json
import sys
import urllib.request
from pathlib import Path

import numpy as np

import mnist
import reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder with the four gzip'd IDX files; without it Keras downloads them")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--model", type=Path, default=Path("weights/digits.safetensors"))
    parser.add_argument("--rows", type=int, default=100, help="rows of one request")
    options = parser.parse_args()

    metadata, tensors = reference.read(options.model)
    _, _, images, labels = mnist.load(options.data)
    pixels = images.reshape(len(images), -1)
    scores64, distances64 = reference.in_float64(metadata, tensors, pixels)
    keras_scores, keras_distances = reference.in_keras(metadata, tensors, pixels)

    predictions = []
    for start in range(0, len(pixels), options.rows):
        body = json.dumps({"instances": pixels[start : start + options.rows].tolist()}).encode()
        with urllib.request.urlopen(urllib.request.Request(options.url + "/predict", data=body)) as answer:
            predictions += json.load(answer)["predictions"]
    classes = np.array([p["class"] for p in predictions])
    scores = np.array([p["scores"] for p in predictions])
    distances = np.array([p["distances"] for p in predictions])

    widest = max(tensor.shape[0] for name, tensor in tensors.items() if name.endswith((".kernel", ".centers")))
    keras_error = np.abs(keras_scores - scores64).max()
    score_bound = np.maximum(4 * keras_error, 2e-6 + (4e-6 + 2.5e-8 * widest) * np.abs(scores64))
    distance_bound = (1e-5 + 2.5e-8 * widest) * distances64 + 1e-6
    score_ratio = (np.abs(scores - scores64) / score_bound).max()
    distance_ratio = (np.abs(distances - distances64) / distance_bound).max()
    mismatches = int((classes != keras_distances.argmin(1)).sum())
    known = np.array([p.get("known", True) for p in predictions])
    print(f"rows {len(labels)}, error {(classes != labels).mean():.4%}, false rejects {1 - known.mean():.4%}")
    print(f"classes that differ from Keras': {mismatches}")
    print(f"largest deviation / allowed: scores {score_ratio:.3f}, distances {distance_ratio:.3f}")
    print(f"largest |difference|: scores {np.abs(scores - scores64).max():.3g} (Keras itself {keras_error:.3g}), ", end="")
    print(f"distances {np.abs(distances - distances64).max():.3g} (Keras itself {np.abs(keras_distances - distances64).max():.3g})")
    sys.exit(0 if len(predictions) == len(labels) and mismatches == 0 and max(score_ratio, distance_ratio) <= 1 else 1)


if __name__ == "__main__":
    main()
